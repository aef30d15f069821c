//! Stream errors (RFC 6120 section 4.9): what ends one stream and touches no other.

use std::fmt;

use crate::element::Element;
use crate::ns;

/// Why a stream ends. Printed inside `<stream:error/>`, it tells the client, too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{condition}: {text}")]
pub struct StreamError {
    /// The condition of the standard.
    pub condition: StreamCondition,
    /// A sentence for whoever reads the client's log.
    pub text: String,
    /// Where to go instead, with `see-other-host` (`host`, `host:port`, `[address]:port`).
    pub other_host: Option<String>,
    /// What a specification has to say beside the condition (RFC 6120 section 4.9.4).
    pub particular: Option<Box<Element>>,
}

macro_rules! conditions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The conditions that we send (RFC 6120 section 4.9.3).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum StreamCondition {
            $($(#[$doc])* $variant,)*
        }

        impl StreamCondition {
            /// The element's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

conditions! {
    /// XML that we can read but not understand, such as text between stanzas.
    BadFormat = "bad-format",
    /// Another stream took this full address.
    Conflict = "conflict",
    /// The client took too long, or answers no more.
    ConnectionTimeout = "connection-timeout",
    /// No host of that name here.
    HostUnknown = "host-unknown",
    /// A `to` or `from` is missing or wrong.
    ImproperAddressing = "improper-addressing",
    /// Our own fault.
    InternalServerError = "internal-server-error",
    /// A `from` that is not the client's own.
    InvalidFrom = "invalid-from",
    /// The stream's namespace or the content's namespace is wrong.
    InvalidNamespace = "invalid-namespace",
    /// A stanza before login.
    NotAuthorized = "not-authorized",
    /// XML that is not well-formed.
    NotWellFormed = "not-well-formed",
    /// A limit was passed.
    PolicyViolation = "policy-violation",
    /// We lack room for this client.
    ResourceConstraint = "resource-constraint",
    /// Comments, processing instructions, document types, entities.
    RestrictedXml = "restricted-xml",
    /// Another server serves this client.
    SeeOtherHost = "see-other-host",
    /// We are going down.
    SystemShutdown = "system-shutdown",
    /// None of the others.
    UndefinedCondition = "undefined-condition",
    /// Not UTF-8.
    UnsupportedEncoding = "unsupported-encoding",
    /// A first-level element that is no stanza.
    UnsupportedStanzaType = "unsupported-stanza-type",
    /// A version of XMPP that is not 1.
    UnsupportedVersion = "unsupported-version",
}

impl fmt::Display for StreamCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl StreamError {
    /// An error with a sentence.
    pub fn new(condition: StreamCondition, text: impl Into<String>) -> Self {
        Self { condition, text: text.into(), other_host: None, particular: None }
    }

    /// With what a specification has to say beside the condition.
    #[must_use]
    pub fn with_particular(mut self, particular: Element) -> Self {
        self.particular = Some(Box::new(particular));
        self
    }

    /// Sends the client to another server, `host:port` (RFC 6120 section 4.9.3.19).
    pub fn see_other_host(other: impl Into<String>) -> Self {
        Self {
            condition: StreamCondition::SeeOtherHost,
            text: "this server is not active: go on at the other one".to_owned(),
            other_host: Some(other.into()),
            particular: None,
        }
    }

    /// The content of `<stream:error/>`.
    pub fn element(&self) -> Element {
        let mut condition = Element::new(ns::STREAM_ERRORS, self.condition.name());
        if let Some(other) = &self.other_host {
            condition.push_text(other.clone());
        }
        let mut text = Element::new(ns::STREAM_ERRORS, "text").with_text(self.text.clone());
        text.set_attribute_in(ns::XML, "lang", "en");
        let particular = self.particular.as_deref().cloned();
        Element::new(ns::STREAM, "error")
            .with_children([condition, text].into_iter().chain(particular))
    }
}
