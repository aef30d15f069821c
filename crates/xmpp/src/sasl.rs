//! SASL on the wire (RFC 6120 section 6): the elements, not the mechanisms.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{Element, ns};

/// What a client sends to log in.
#[derive(Clone, PartialEq, Eq)]
pub enum Request {
    /// Begins, perhaps with an initial response.
    Auth {
        /// The mechanism's name.
        mechanism: String,
        /// The initial response, if one was sent.
        initial: Option<Vec<u8>>,
    },
    /// Answers a challenge.
    Response(Vec<u8>),
    /// Gives up.
    Abort,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The data may be a password.
        f.write_str(match self {
            Self::Auth { .. } => "Auth",
            Self::Response(_) => "Response",
            Self::Abort => "Abort",
        })
    }
}

/// Why a login failed (RFC 6120 section 6.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The client gave up.
    Aborted,
    /// Not base64.
    IncorrectEncoding,
    /// Another identity than one's own.
    InvalidAuthzid,
    /// No such mechanism here.
    InvalidMechanism,
    /// The exchange broke the mechanism's rules.
    MalformedRequest,
    /// Wrong name or password: which of them is not told.
    NotAuthorized,
    /// We cannot say now.
    TemporaryAuthFailure,
}

impl Failure {
    /// The element's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::IncorrectEncoding => "incorrect-encoding",
            Self::InvalidAuthzid => "invalid-authzid",
            Self::InvalidMechanism => "invalid-mechanism",
            Self::MalformedRequest => "malformed-request",
            Self::NotAuthorized => "not-authorized",
            Self::TemporaryAuthFailure => "temporary-auth-failure",
        }
    }

    /// The `<failure/>` element.
    pub fn element(self) -> Element {
        Element::new(ns::SASL, "failure").with_child(Element::new(ns::SASL, self.name()))
    }
}

impl Request {
    /// Reads a first-level element; none, if it has nothing to do with SASL.
    pub fn parse(element: &Element) -> Option<Result<Self, Failure>> {
        if element.namespace() != ns::SASL {
            return None;
        }
        let data = decode(&element.text());
        Some(match element.name() {
            "auth" => data.map(|initial| Self::Auth {
                mechanism: element.attribute("mechanism").unwrap_or_default().to_owned(),
                initial,
            }),
            "response" => data.map(|data| Self::Response(data.unwrap_or_default())),
            "abort" => Ok(Self::Abort),
            _ => Err(Failure::MalformedRequest),
        })
    }
}

/// Nothing is "not sent", a lone `=` is "sent, and empty" (RFC 6120 section 6.4.2).
fn decode(text: &str) -> Result<Option<Vec<u8>>, Failure> {
    match text.trim() {
        "" => Ok(None),
        "=" => Ok(Some(Vec::new())),
        text => STANDARD.decode(text).map(Some).map_err(|_| Failure::IncorrectEncoding),
    }
}

/// The `<mechanisms/>` feature, the best first.
pub fn mechanisms(names: &[&str]) -> Element {
    let each = |name: &&str| Element::new(ns::SASL, "mechanism").with_text(*name);
    Element::new(ns::SASL, "mechanisms").with_children(names.iter().map(each))
}

/// A `<challenge/>`.
pub fn challenge(data: &[u8]) -> Element {
    Element::new(ns::SASL, "challenge").with_text(STANDARD.encode(data))
}

/// A `<success/>`, with the mechanism's last words if it has some.
pub fn success(data: Option<&[u8]>) -> Element {
    let element = Element::new(ns::SASL, "success");
    match data {
        None => element,
        Some([]) => element.with_text("="),
        Some(data) => element.with_text(STANDARD.encode(data)),
    }
}
