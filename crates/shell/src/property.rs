//! Properties of values: of objects, and of lists through their elements.

use crate::error::Failure;
use crate::nearest::nearest;
use crate::value::Value;

/// The property `name` of `value`; of a list, that of each element that has it.
pub(crate) fn property(value: &Value, name: &str) -> Result<Value, Failure> {
    let count = name.eq_ignore_ascii_case("Count") || name.eq_ignore_ascii_case("Length");
    let known: Vec<&str> = match value {
        Value::Object(object) => match object.get(name) {
            Some(found) => return Ok(found.clone()),
            None => object.properties.iter().map(|(name, _)| name.as_str()).collect(),
        },
        Value::List(items) if count => return Ok(items.len().into()),
        Value::List(items) => {
            let found: Vec<Value> = items.iter().filter_map(|it| property(it, name).ok()).collect();
            if !found.is_empty() || items.is_empty() {
                return Ok(Value::List(found));
            }
            return require(items, name).map(|()| Value::Null);
        }
        Value::Bytes(it) if count => return Ok(it.as_slice().len().into()),
        Value::Text(text) if name.eq_ignore_ascii_case("Length") => {
            return Ok(text.chars().count().into());
        }
        _ => Vec::new(),
    };
    if name.eq_ignore_ascii_case("Count") {
        return Ok(Value::Int(i64::from(*value != Value::Null)));
    }
    Err(no_property(value, name, &known))
}

pub(crate) fn no_property(value: &Value, name: &str, known: &[&str]) -> Failure {
    let what = match value {
        Value::Object(object) if !object.kind.is_empty() => object.kind.clone(),
        other => other.kind().to_owned(),
    };
    let near = nearest(name, known.iter().map(|it| (*it).to_owned()));
    let hint = match (near, known) {
        (Some(near), _) => format!("did you mean {near}?"),
        (None, []) => "look at what the cmdlet before returns".to_owned(),
        (None, known) => format!("it has {}", known.join(", ")),
    };
    Failure::new("unknown-property", format!("{what} has no property {name}"), hint)
}

/// Refuses a property that none of `objects` has: it is misspelt.
pub(crate) fn require(objects: &[Value], name: &str) -> Result<(), Failure> {
    let mut first = None;
    for object in objects {
        match property(object, name) {
            Ok(_) => return Ok(()),
            Err(failure) => {
                first.get_or_insert(failure);
            }
        }
    }
    first.map_or(Ok(()), Err)
}
