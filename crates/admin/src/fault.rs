//! What went wrong, for whoever asked: what happened, what it means, what to do next.

use serde::{Deserialize, Serialize};

/// Why something asked for was not done, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}{}{hint}", if hint.is_empty() { "" } else { "; " })]
pub struct Fault {
    /// A short stable name, for programs.
    pub code: String,
    /// What may be done about it.
    pub kind: FaultKind,
    /// What happened.
    pub message: String,
    /// What to do next; empty where the message says it all.
    pub hint: String,
}

/// What may be done about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// It was asked wrongly; nothing was done.
    Misspoken,
    /// Whoever asked may not do this; nothing was done.
    Forbidden,
    /// What it is about does not exist; nothing was done.
    Missing,
    /// Something else is in its way, or has changed meanwhile; nothing was done.
    Conflict,
    /// What must hold before it does not hold; nothing more was done.
    Unsafe,
    /// Something needed is not there now; nothing was done, and it may work later.
    Unavailable,
    /// It was begun and failed; the message says how far it came.
    Failed,
    /// Nobody knows whether it was done.
    Unknown,
}

impl Fault {
    /// A fault.
    pub fn new(
        kind: FaultKind,
        code: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { code: code.to_owned(), kind, message: message.into(), hint: hint.into() }
    }

    /// It was asked wrongly.
    pub fn misspoken(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(FaultKind::Misspoken, "bad-parameter", message, hint)
    }

    /// What it is about does not exist.
    pub fn missing(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(FaultKind::Missing, "not-found", message, hint)
    }
}

/// What the language refuses was asked wrongly.
impl From<shell::Failure> for Fault {
    fn from(it: shell::Failure) -> Self {
        Self::new(FaultKind::Misspoken, &it.code, it.complaint.message, it.complaint.hint)
    }
}

/// As the shell shows it, at the cmdlet that failed.
impl From<Fault> for shell::Failure {
    fn from(it: Fault) -> Self {
        Self::new(&it.code, it.message, it.hint)
    }
}
