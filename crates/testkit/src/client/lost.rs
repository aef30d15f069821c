//! How a stream ends, or a request fails, as the client sees it.

use xmpp::stream_error::StreamError;
use xmpp::{Element, ns};

/// Why a client could not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The name server knows no server for the domain, or does not answer.
    #[error("cannot find a server: {0}")]
    Nowhere(String),
    /// The connection could not be made, or broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] std::io::Error),
    /// The server ended the stream without an error.
    #[error("the server ended the stream")]
    Closed,
    /// The server sent us to another one (`see-other-host`).
    #[error("the server sent us to {0}")]
    Moved(String),
    /// The server ended the stream with an error: condition and text.
    #[error("the server ended the stream: {condition}: {text}")]
    Ended { condition: String, text: String },
    /// What the server sent breaks a rule.
    #[error("the server breaks a rule: {0}")]
    Wrong(StreamError),
    /// The server does not offer what we need.
    #[error("the server does not offer {0}")]
    NotOffered(&'static str),
    /// Login failed with this condition.
    #[error("login failed: {0}")]
    NotAuthorized(String),
    /// The request was answered with a stanza error.
    #[error("refused: {0}")]
    Refused(StanzaRefusal),
    /// Nothing came in time.
    #[error("nothing came in time: {0}")]
    Silent(String),
}

/// A stanza error as received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StanzaRefusal {
    /// `auth`, `cancel`, `modify` or `wait`.
    pub kind: String,
    pub condition: String,
    pub text: String,
}

impl std::fmt::Display for StanzaRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): {}", self.condition, self.kind, self.text)
    }
}

impl StanzaRefusal {
    /// Reads the error that `stanza` carries, if it is of type `error`.
    pub fn read(stanza: &Element) -> Option<Self> {
        if stanza.attribute("type") != Some("error") {
            return None;
        }
        let error = stanza.child(ns::CLIENT, "error")?;
        let (condition, text) = condition_and_text(error, ns::STANZA_ERRORS);
        let kind = error.attribute("type").unwrap_or_default().to_owned();
        Some(Self { kind, condition, text })
    }

    /// The same may succeed later.
    pub fn may_pass(&self) -> bool {
        self.kind == "wait"
    }
}

/// Reads `<stream:error/>`.
pub(super) fn stream_error(error: &Element) -> Lost {
    if let Some(other) = error.child_text(ns::STREAM_ERRORS, "see-other-host") {
        return Lost::Moved(other);
    }
    let (condition, text) = condition_and_text(error, ns::STREAM_ERRORS);
    Lost::Ended { condition, text }
}

fn condition_and_text(error: &Element, namespace: &str) -> (String, String) {
    let ours = |it: &&Element| it.namespace() == namespace && it.name() != "text";
    let condition = error.children().find(ours).map_or("", Element::name).to_owned();
    (condition, error.child_text(namespace, "text").unwrap_or_default())
}
