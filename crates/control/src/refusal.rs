//! A refusal: the answer of a host that was asked and will not, or cannot, do it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happened, in words for people, and a code for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Refusal {
    /// What programs tell refusals apart by.
    pub code: String,
    /// What happened and what it means.
    pub message: String,
    /// What to do next. May be empty.
    pub hint: String,
}

impl Refusal {
    pub fn new(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "; {}", self.hint) }
    }
}
