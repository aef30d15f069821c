//! Values: what variables hold, cmdlets take and return, and pipelines carry.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;

/// What variables hold, cmdlets take and return, and pipelines carry.
///
/// Serialised with its types and the order of its properties kept; for JSON that people and other
/// programs read see [`crate::json`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Value {
    /// `$null`
    #[default]
    Null,
    /// `$true`, `$false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A point in time.
    Time(Timestamp),
    /// A length of time.
    Span(SignedDuration),
    /// What a file holds; printed as its length.
    Bytes(Bytes),
    /// Several values.
    List(Vec<Value>),
    /// Named values.
    Object(Object),
}

/// Named values in a fixed order; names are found whatever their case.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Object {
    /// What it is, such as `PersistentChatState`; empty for `@{ ... }`.
    pub kind: String,
    /// How it is printed when nothing else is said.
    #[serde(default)]
    pub view: View,
    /// Its properties, in the order they are printed.
    pub properties: Vec<(String, Value)>,
}

/// How objects are printed when nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum View {
    /// A line for each property, as the original prints everything.
    #[default]
    List,
    /// A line for each object, for many small ones.
    Table,
}

impl Object {
    /// An object without properties yet.
    pub fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..Self::default() }
    }

    /// The object, printed as a line of a table.
    pub fn in_table(mut self) -> Self {
        self.view = View::Table;
        self
    }

    /// The object with one more property.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.properties.push((name.to_owned(), value.into()));
        self
    }

    /// The property `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self.properties.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }
}

impl Value {
    /// What it is, in a word an administrator knows.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "$null",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::Time(_) => "a time",
            Self::Span(_) => "a length of time",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// Whether a condition holds: nothing, no, zero and empty do not.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(it) => *it,
            Self::Int(it) => *it != 0,
            Self::Float(it) => *it != 0.0,
            Self::Text(it) => !it.is_empty(),
            Self::Bytes(it) => !it.as_slice().is_empty(),
            Self::Time(_) | Self::Span(_) | Self::Object(_) => true,
            Self::List(items) => match items.as_slice() {
                [] => false,
                [only] => only.is_true(),
                _ => true,
            },
        }
    }

    /// The objects a pipeline gets from this value: none, one, or a list's own.
    pub fn into_objects(self) -> Vec<Self> {
        match self {
            Self::Null => Vec::new(),
            Self::List(items) => items,
            other => vec![other],
        }
    }

    /// The value of a pipeline's objects: none is null, one is itself.
    pub fn from_objects(mut objects: Vec<Self>) -> Self {
        match objects.len() {
            0 => Self::Null,
            1 => objects.remove(0),
            _ => Self::List(objects),
        }
    }

    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(it) => Some(it),
            _ => None,
        }
    }

    /// The number, if it is a number.
    #[expect(clippy::cast_precision_loss, reason = "comparing and averaging, not counting")]
    pub(crate) fn as_float(&self) -> Option<f64> {
        match self {
            Self::Int(it) => Some(*it as f64),
            Self::Float(it) => Some(*it),
            _ => None,
        }
    }

    /// How large it is in memory, roughly, and how deep lists and objects stand in each other.
    pub(crate) fn measure(&self) -> (usize, usize) {
        const PART: usize = 32;
        let all = |values: &mut dyn Iterator<Item = &Self>| {
            values.fold((PART, 1), |(size, depth), it| {
                let (more, deeper) = it.measure();
                (size + more, depth.max(deeper + 1))
            })
        };
        match self {
            Self::Text(it) => (PART + it.len(), 0),
            Self::Bytes(it) => (PART + it.as_slice().len(), 0),
            Self::List(items) => all(&mut items.iter()),
            Self::Object(it) => all(&mut it.properties.iter().map(|(_, value)| value)),
            _ => (PART, 0),
        }
    }
}

/// As it stands in a text or a property's line.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(it) => it.fmt(f),
            Self::Float(it) => it.fmt(f),
            Self::Text(it) => f.write_str(it),
            Self::Time(it) => it.fmt(f),
            Self::Span(it) => f.write_str(&span_text(*it)),
            Self::Bytes(it) => it.fmt(f),
            Self::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { " " })?;
                    item.fmt(f)?;
                }
                Ok(())
            }
            Self::Object(object) => {
                f.write_str("@{")?;
                for (at, (name, value)) in object.properties.iter().enumerate() {
                    write!(f, "{}{name}={value}", if at == 0 { "" } else { "; " })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// `[-][days.]hh:mm:ss[.fraction]`, as the original writes it.
fn span_text(span: SignedDuration) -> String {
    let sign = if span.is_negative() { "-" } else { "" };
    let span = span.unsigned_abs();
    let seconds = span.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let fraction = match span.subsec_micros() {
        0 => String::new(),
        micros => format!(".{micros:06}"),
    };
    format!("{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}

impl From<bool> for Value {
    fn from(it: bool) -> Self {
        Self::Bool(it)
    }
}

impl From<i64> for Value {
    fn from(it: i64) -> Self {
        Self::Int(it)
    }
}

/// What does not fit is as good as endless.
impl From<u64> for Value {
    fn from(it: u64) -> Self {
        Self::Int(i64::try_from(it).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Value {
    fn from(it: usize) -> Self {
        Self::Int(i64::try_from(it).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Value {
    fn from(it: f64) -> Self {
        Self::Float(it)
    }
}

impl From<&str> for Value {
    fn from(it: &str) -> Self {
        Self::Text(it.to_owned())
    }
}

impl From<String> for Value {
    fn from(it: String) -> Self {
        Self::Text(it)
    }
}

impl From<Timestamp> for Value {
    fn from(it: Timestamp) -> Self {
        Self::Time(it)
    }
}

impl From<SignedDuration> for Value {
    fn from(it: SignedDuration) -> Self {
        Self::Span(it)
    }
}

impl From<Bytes> for Value {
    fn from(it: Bytes) -> Self {
        Self::Bytes(it)
    }
}

impl From<Object> for Value {
    fn from(it: Object) -> Self {
        Self::Object(it)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(it: Vec<T>) -> Self {
        Self::List(it.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(it: Option<T>) -> Self {
        it.map_or(Self::Null, Into::into)
    }
}
