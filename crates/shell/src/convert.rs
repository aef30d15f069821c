//! Values made into what a parameter takes, and the changes a list modifier stands for.

use crate::bytes::Bytes;
use crate::cmdlet::{Parameter, Type};
use crate::error::Failure;
use crate::limits::MAX_BYTES;
use crate::read;
use crate::value::{Object, Value};

/// `value` as `parameter` takes it.
pub(crate) fn convert(parameter: &Parameter, value: Value) -> Result<Value, Failure> {
    refuse_placeholder(parameter, &value)?;
    let wanted = parameter.takes;
    let given = if wanted == Type::Secret { "what was given".to_owned() } else { brief(&value) };
    if let Value::Bytes(it) = &value
        && it.as_slice().len() > MAX_BYTES
    {
        let message = format!("-{} cannot be {it}", parameter.name);
        return Err(Failure::new("too-much", message, format!("at most {MAX_BYTES} are taken")));
    }
    let converted = match (wanted, value) {
        (Type::Any, value) => Some(value),
        (Type::Text | Type::File | Type::Secret, value) => text(value),
        (Type::Int(low, high), value) => {
            int(&value).filter(|it| (low..=high).contains(it)).map(Value::Int)
        }
        (Type::Bool | Type::Switch, value) => truth(&value).map(Value::Bool),
        (Type::DateTime, Value::Time(it)) => Some(Value::Time(it)),
        (Type::DateTime, Value::Text(it)) => read::time(&it).map(Value::Time),
        (Type::TimeSpan, Value::Span(it)) => Some(Value::Span(it)),
        (Type::TimeSpan, Value::Text(it)) => read::span(&it).map(Value::Span),
        (Type::List, value) => list(value),
        (Type::ListModifier, value) => return modifier(parameter, value),
        (Type::Enum(words), Value::Text(it)) => {
            words.iter().find(|word| word.eq_ignore_ascii_case(it.trim())).map(|it| (*it).into())
        }
        (Type::FileContent, Value::Object(file)) => (file.get("Name").is_some()
            && file.get("Text").is_some())
        .then_some(Value::Object(file)),
        (Type::Upload, Value::Object(file)) => ["Name", "Token", "Bytes", "Sha256"]
            .iter()
            .all(|it| file.get(it).is_some())
            .then_some(Value::Object(file)),
        (Type::Bytes, Value::Bytes(it)) => Some(Value::Bytes(it)),
        (Type::Bytes, Value::List(items)) => octets(&items).map(Value::Bytes),
        (Type::Object, Value::Object(it)) => Some(Value::Object(it)),
        (Type::Objects, Value::Object(it)) => Some(Value::List(vec![Value::Object(it)])),
        (Type::Objects, Value::List(items)) => {
            items.iter().all(|it| matches!(it, Value::Object(_))).then_some(Value::List(items))
        }
        _ => None,
    };
    converted.ok_or_else(|| {
        let message = format!("-{} cannot be {given}", parameter.name);
        Failure::new("bad-value", message, format!("it takes {}", wanted.in_words()))
    })
}

/// A value as an error shows it.
fn brief(value: &Value) -> String {
    const SHOWN: usize = 40;
    match value {
        Value::Null | Value::List(_) | Value::Object(_) => value.kind().to_owned(),
        simple => {
            let text = simple.to_string();
            let mut shown: String = text.chars().take(SHOWN).collect();
            shown.push_str(if shown.len() < text.len() { "..." } else { "" });
            format!("`{shown}`")
        }
    }
}

fn text(value: Value) -> Option<Value> {
    match value {
        Value::Null | Value::List(_) | Value::Object(_) | Value::Bytes(_) => None,
        Value::Text(it) => Some(Value::Text(it)),
        other => Some(Value::Text(other.to_string())),
    }
}

/// A list of numbers from 0 to 255 as the bytes that they are.
fn octets(items: &[Value]) -> Option<Bytes> {
    let octet = |it: &Value| int(it).and_then(|it| u8::try_from(it).ok());
    items.iter().map(octet).collect::<Option<Vec<u8>>>().map(Bytes::from)
}

fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(it) => Some(*it),
        Value::Text(it) => read::number(it).and_then(|it| int(&it)),
        _ => None,
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(it) => Some(*it),
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        Value::Text(it) if it.eq_ignore_ascii_case("true") => Some(true),
        Value::Text(it) if it.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn list(value: Value) -> Option<Value> {
    let items: Option<Vec<Value>> = match value {
        Value::Null => None,
        other => other.into_objects().into_iter().map(text).collect(),
    };
    items.map(Value::List)
}

/// The list itself for a replacement, or an object with `Add` and `Remove`.
fn modifier(parameter: &Parameter, value: Value) -> Result<Value, Failure> {
    let wrong = |message: String| {
        let hint = format!("it takes {}", Type::ListModifier.in_words());
        Failure::new("bad-value", message, hint)
    };
    let Value::Object(object) = value else {
        if value == Value::Null {
            return Ok(Value::List(Vec::new()));
        }
        return list(value)
            .ok_or_else(|| wrong(format!("-{} cannot be what was given", parameter.name)));
    };
    let mut change = Object::default();
    for (name, value) in object.properties {
        let Some(verb) =
            ["Add", "Remove", "Replace"].into_iter().find(|it| it.eq_ignore_ascii_case(&name))
        else {
            return Err(wrong(format!("-{} does not know `{name}`", parameter.name)));
        };
        let items = list(value)
            .ok_or_else(|| wrong(format!("{verb} of -{} has no value", parameter.name)))?;
        if verb == "Replace" {
            return Ok(items);
        }
        change = change.with(verb, items);
    }
    if change.properties.is_empty() {
        return Err(wrong(format!("-{} says neither Add nor Remove", parameter.name)));
    }
    Ok(Value::Object(change))
}

/// Refuses text that still holds what the documents put in `<...>` for the reader to fill in.
pub(crate) fn refuse_placeholder(parameter: &Parameter, value: &Value) -> Result<(), Failure> {
    if parameter.prose {
        return Ok(());
    }
    match value {
        Value::Text(text) => placeholder_in(text)
            .map_or(Ok(()), |found| Err(placeholder(found, &format!("-{}", parameter.name)))),
        Value::List(items) => items.iter().try_for_each(|it| refuse_placeholder(parameter, it)),
        Value::Object(object) if parameter.takes == Type::ListModifier => {
            object.properties.iter().try_for_each(|(_, it)| refuse_placeholder(parameter, it))
        }
        _ => Ok(()),
    }
}

/// The failure that names a placeholder.
pub(crate) fn placeholder(found: &str, place: &str) -> Failure {
    let message = format!("`<{found}>` in {place} is a placeholder");
    Failure::new("placeholder", message, "put your own value in its place, without the < >")
}

/// The words of a `<...>` in `text` that looks like something to fill in.
pub(crate) fn placeholder_in(text: &str) -> Option<&str> {
    text.match_indices('<').find_map(|(start, _)| {
        let inside = &text[start + 1..];
        let inside =
            &inside[..inside.find(['<', '>']).filter(|it| inside[*it..].starts_with('>'))?];
        let word = |it: char| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_' | '\'');
        let looks = inside.starts_with(char::is_alphabetic) && inside.chars().all(word);
        looks.then_some(inside)
    })
}

/// A change of a list of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListChange {
    /// The list becomes this.
    Replace(Vec<String>),
    /// Some names come in, some go.
    Change {
        /// What comes in.
        add: Vec<String>,
        /// What goes.
        remove: Vec<String>,
    },
}

impl ListChange {
    /// The change that a bound [`Type::ListModifier`] stands for.
    pub fn of(value: &Value) -> Self {
        let texts = |it: Option<&Value>| -> Vec<String> {
            let objects = it.cloned().unwrap_or_default().into_objects();
            objects.iter().map(ToString::to_string).collect()
        };
        match value {
            Value::Object(object) => {
                Self::Change { add: texts(object.get("Add")), remove: texts(object.get("Remove")) }
            }
            other => Self::Replace(texts(Some(other))),
        }
    }

    /// The list after the change, in its order, every name once, whatever its case.
    pub fn apply(&self, current: &[String]) -> Vec<String> {
        let mut list: Vec<String> = Vec::new();
        let (kept, added) = match self {
            Self::Replace(new) => (Vec::new(), new),
            Self::Change { add, remove } => {
                let stays = |it: &&String| remove.iter().all(|gone| !gone.eq_ignore_ascii_case(it));
                (current.iter().filter(stays).collect(), add)
            }
        };
        for name in kept.into_iter().chain(added) {
            if list.iter().all(|it| !it.eq_ignore_ascii_case(name)) {
                list.push(name.clone());
            }
        }
        list
    }
}
