//! The management shell's language: lexer, parser, objects, pipeline, formatting.
//!
//! It promises that any text is either read or refused with the place and the next step, within
//! the limits of [`limits`], and that running it touches nothing: a [`Run`] asks its caller for
//! every effect, one [`Need`] at a time. It knows no product cmdlet, no socket and no file.
//!
//! Text goes [`parse`] → [`Script`] → [`Run::new`], which looks the whole script over with
//! [`check`] before anything happens, then works it out statement by statement. A cmdlet's
//! arguments are put to the parameters of its row ([`Cmdlet`]) and converted; the caller that
//! runs it calls [`bind`] again on what arrives, because it trusts no shell.

mod ast;
mod bind;
mod bytes;
mod catalogue;
mod check;
mod cmdlet;
mod complete;
mod convert;
mod documented;
mod error;
mod filters;
pub mod format;
pub mod help;
pub mod json;
mod lexer;
pub mod limits;
mod nearest;
mod normal;
mod operators;
mod parser;
mod property;
mod read;
mod run;
mod source;
mod unsupported;
mod value;

pub use ast::{Note, Script};
pub use bind::{Bound, bind, find_parameter, line_as_given};
pub use bytes::Bytes;
pub use catalogue::Catalogue;
pub use check::{check, writes_secret};
pub use cmdlet::{
    CONFIRM, Cmdlet, Effect, Example, FromPipeline, Output, Parameter, Type, VERBOSE, WHAT_IF,
};
pub use complete::{Candidate, Completion, complete};
pub use convert::ListChange;
pub use error::{Complaint, Failure, ParseError, ParseErrorKind};
pub use normal::argument;
pub use parser::{Origin, parse};
pub use read::civil_time;
pub use run::{
    Answer, CHOICES, Call, Consent, Environment, Existing, FileRead, FileWrite, Form, Need,
    Question, Run,
};
pub use source::Span;
pub use value::{Object, Value, View};

/// Whether `text` is like `pattern`, whatever the case: `*` any characters, `?` one, `[a-c]` some.
pub fn is_like(text: &str, pattern: &str) -> bool {
    operators::like(text, pattern, ast::Case::Ignored)
}
