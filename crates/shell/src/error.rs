//! What went wrong, where, and what to do next: every error of the language.

use std::fmt;

use crate::source::{Span, excerpt};

/// Something to tell: what is wrong, what to do next, and where in the text it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong: a clause that begins in lower case or with the text complained of.
    pub message: String,
    /// What to do next; empty where the message says it all.
    pub hint: String,
    /// Where, if the text is known.
    pub span: Option<Span>,
}

impl Complaint {
    /// The complaint with the place shown in `text`: line, column, the line itself and carets.
    pub fn shown(&self, text: &str) -> String {
        let Some(span) = self.span else { return self.to_string() };
        let (line, column) = span.position(text);
        format!("line {line}, column {column}: {self}\n{}", excerpt(text, span))
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.hint.is_empty() {
            write!(f, "; {}", self.hint)?;
        }
        Ok(())
    }
}

/// Why text could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// More lines may complete it: an open bracket, quote or here-string, a trailing `|`.
    Incomplete,
    /// PowerShell has this, the management shell does not.
    Unsupported,
    /// It is no correct text.
    Wrong,
    /// It passes a limit.
    TooLarge,
}

/// Text that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// What may be done about it.
    pub kind: ParseErrorKind,
    /// What to tell.
    pub complaint: Complaint,
}

impl ParseError {
    /// The error with the place shown in `text`.
    pub fn shown(&self, text: &str) -> String {
        self.complaint.shown(text)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.complaint.fmt(f)
    }
}

impl std::error::Error for ParseError {}

/// A script that was read but could not be run to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A short stable name, for programs: `bad-parameter`, `unknown-cmdlet`, or a cmdlet's own.
    pub code: String,
    /// What to tell.
    pub complaint: Complaint,
}

impl Failure {
    /// A failure without a place yet.
    pub fn new(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let complaint = Complaint { message: message.into(), hint: hint.into(), span: None };
        Self { code: code.to_owned(), complaint }
    }

    /// The same failure at `span`, unless it already has a place.
    pub fn at(mut self, span: Span) -> Self {
        self.complaint.span.get_or_insert(span);
        self
    }

    /// The failure with the place shown in `text`.
    pub fn shown(&self, text: &str) -> String {
        self.complaint.shown(text)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.complaint.fmt(f)
    }
}

impl std::error::Error for Failure {}
