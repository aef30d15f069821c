//! What a run needs from its caller, and what it is answered.

use std::collections::BTreeMap;

use crate::bytes::Bytes;
use crate::cmdlet::Cmdlet;
use crate::error::Failure;
use crate::source::Span;
use crate::value::Value;

/// What outlives a script: variables, and how wide tables may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Environment {
    /// The variables, by name in lower case.
    pub variables: BTreeMap<String, Value>,
    /// How many characters fit into a line.
    pub width: usize,
}

impl Default for Environment {
    fn default() -> Self {
        Self { variables: BTreeMap::new(), width: 120 }
    }
}

/// What a run needs from its caller.
#[derive(Debug, PartialEq)]
pub enum Need {
    /// Run a product cmdlet; answer with its objects.
    Invoke(Call),
    /// Read a file on the shell's machine; answer with its text, or with its bytes.
    Read(FileRead),
    /// Send a file on the shell's machine to the host; answer with one object: `Name`, `Token`,
    /// `Bytes`, `Sha256`.
    Upload(String),
    /// Write a file on the shell's machine.
    Write(FileWrite),
    /// Ask for a secret without showing it; answer with the text.
    Secret(Question),
    /// Ask whether to go on; answer with a consent.
    Confirm(Question),
    /// Print objects.
    Emit(Vec<Value>),
    /// Nothing more: the environment as it is now, and how it ended.
    Done(Environment, Result<(), Failure>),
}

/// A product cmdlet to be run.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its row.
    pub cmdlet: &'static Cmdlet,
    /// What is given to it, by the parameters' own names: common parameters too, secrets too.
    pub parameters: Vec<(String, Value)>,
    /// The normalised line, without secrets.
    pub line: String,
    /// Where it stands in the text.
    pub span: Span,
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.cmdlet.name() == other.cmdlet.name() && self.parameters == other.parameters
    }
}

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRead {
    /// Its name, as given.
    pub name: String,
    /// What of it is wanted.
    pub form: Form,
}

/// What of a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Its text.
    Text,
    /// Its bytes, at most [`MAX_BYTES`](crate::limits::MAX_BYTES).
    Bytes,
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileWrite {
    /// Its name, as given.
    pub name: String,
    /// What it is to hold, or to hold in addition.
    pub text: String,
    /// What to do if there is such a file.
    pub existing: Existing,
}

/// What to do with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Write over it.
    Replace,
    /// Go on at its end.
    Append,
    /// Leave it and fail.
    Refuse,
}

/// A question to the person at the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// The cmdlet that asks.
    pub cmdlet: String,
}

/// An answer to a [`Need`].
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To begin with, and after something was written or printed.
    Go,
    /// What the cmdlet returned.
    Objects(Vec<Value>),
    /// What the file or the person says.
    Text(String),
    /// What the file holds.
    Bytes(Bytes),
    /// What the person decided.
    Consent(Consent),
    /// It could not be done.
    Failed(Failure),
}

/// What a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Go on with this one.
    Yes,
    /// Go on with this and all that follow in the same statement.
    YesToAll,
    /// Leave this one out.
    No,
    /// End here.
    NoToAll,
}

/// The choices, as the original prints them.
pub const CHOICES: &str =
    "[Y] Yes  [A] Yes to All  [N] No  [L] No to All  [?] Help (default is \"N\"): ";

impl Consent {
    /// What an answer typed at [`CHOICES`] means; nothing typed means no.
    pub fn read(typed: &str) -> Option<Self> {
        match typed.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Some(Self::Yes),
            "a" | "yes to all" => Some(Self::YesToAll),
            "" | "n" | "no" => Some(Self::No),
            "l" | "no to all" => Some(Self::NoToAll),
            _ => None,
        }
    }
}
