//! Stanza errors (RFC 6120 section 8.3): what went wrong with one stanza.

use std::fmt;

use crate::{Element, ns, stanza};

/// What the sender may do about an error (RFC 6120 section 8.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorType {
    /// Retry after providing credentials.
    Auth,
    /// Do not retry.
    Cancel,
    /// Retry after changing the data.
    Modify,
    /// Retry after waiting.
    Wait,
}

impl ErrorType {
    /// The value of the `type` attribute.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Cancel => "cancel",
            Self::Modify => "modify",
            Self::Wait => "wait",
        }
    }
}

macro_rules! conditions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $usual:ident;)*) => {
        /// The conditions (RFC 6120 section 8.3.3).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Condition {
            $($(#[$doc])* $variant,)*
        }

        impl Condition {
            /// The element's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The type that usually goes with it.
            pub fn usual_type(self) -> ErrorType {
                match self { $(Self::$variant => ErrorType::$usual,)* }
            }
        }
    };
}

conditions! {
    /// XML that we can read but not understand.
    BadRequest = "bad-request", Modify;
    /// Somebody else has that name.
    Conflict = "conflict", Cancel;
    /// Not implemented here.
    FeatureNotImplemented = "feature-not-implemented", Cancel;
    /// Not allowed to this account.
    Forbidden = "forbidden", Auth;
    /// Our own fault.
    InternalServerError = "internal-server-error", Cancel;
    /// No such thing.
    ItemNotFound = "item-not-found", Cancel;
    /// An address that is none.
    JidMalformed = "jid-malformed", Modify;
    /// Breaks a rule of ours.
    NotAcceptable = "not-acceptable", Modify;
    /// Allowed to nobody.
    NotAllowed = "not-allowed", Cancel;
    /// Passes a limit.
    PolicyViolation = "policy-violation", Modify;
    /// Only members may.
    RegistrationRequired = "registration-required", Auth;
    /// The other side is not there.
    RemoteServerNotFound = "remote-server-not-found", Cancel;
    /// We lack room or the database: wait.
    ResourceConstraint = "resource-constraint", Wait;
    /// No such service.
    ServiceUnavailable = "service-unavailable", Cancel;
    /// None of the others.
    UndefinedCondition = "undefined-condition", Cancel;
    /// Not now.
    UnexpectedRequest = "unexpected-request", Wait;
}

/// An error to answer a stanza with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct StanzaError {
    /// What the sender may do.
    pub kind: ErrorType,
    /// What is wrong.
    pub condition: Condition,
    /// A sentence for people.
    pub text: String,
}

impl fmt::Display for StanzaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.condition.name(), self.text)
    }
}

impl StanzaError {
    /// An error with its usual type.
    pub fn new(condition: Condition, text: impl Into<String>) -> Self {
        Self { kind: condition.usual_type(), condition, text: text.into() }
    }

    /// The same with another type.
    #[must_use]
    pub fn of_type(self, kind: ErrorType) -> Self {
        Self { kind, ..self }
    }

    /// The `<error/>` element.
    pub fn element(&self) -> Element {
        let mut error = Element::new(ns::CLIENT, "error")
            .with_attribute("type", self.kind.name())
            .with_child(Element::new(ns::STANZA_ERRORS, self.condition.name()));
        if !self.text.is_empty() {
            let mut text = Element::new(ns::STANZA_ERRORS, "text").with_text(self.text.clone());
            text.set_attribute_in(ns::XML, "lang", "en");
            error.push(text);
        }
        error
    }

    /// The whole answer to `stanza`. Errors and results must not be answered: see [`answerable`].
    pub fn answer(&self, stanza: &Element) -> Element {
        stanza::answer(stanza, "error").with_child(self.element())
    }
}

/// May `stanza` be answered with an error? Answering an error could go on for ever.
pub fn answerable(stanza: &Element) -> bool {
    match stanza.attribute("type") {
        Some("error") => false,
        Some("result") => stanza.name() != "iq",
        Some(_) | None => true,
    }
}
