//! Setting a property or an element within a value.

use crate::error::Failure;
use crate::property::no_property;
use crate::source::Span;
use crate::value::{Object, Value};

/// `root` with `value` at the end of `way`: texts are properties, whole numbers are elements.
pub(super) fn put(root: Value, way: &[(Value, Span)], value: Value) -> Result<Value, Failure> {
    let Some(((step, span), rest)) = way.split_first() else { return Ok(value) };
    let at = |it: Failure| it.at(*span);
    match (root, step) {
        (Value::Object(object), Value::Text(name)) => {
            property(object, name, |old| put(old, rest, value)).map_err(at)
        }
        (Value::List(items), Value::Int(wanted)) => {
            element(items, *wanted, |old| put(old, rest, value)).map_err(at)
        }
        (Value::List(_), Value::Text(name)) => {
            let message = format!("a list has no property {name} that could be set");
            Err(at(Failure::new(
                "bad-target",
                message,
                "choose an element: [0], or ForEach-Object",
            )))
        }
        (Value::Null, _) => {
            let hint = "look at what was assigned before";
            Err(at(Failure::new("bad-target", "there is nothing in which this could be set", hint)))
        }
        (other, _) => {
            let message = format!("nothing can be set within {}", other.kind());
            Err(at(Failure::new("bad-target", message, "assign the whole value: $name = ...")))
        }
    }
}

/// The object with another value of one property. Only `@{ ... }` takes new properties.
fn property(
    mut object: Object,
    name: &str,
    become_new: impl FnOnce(Value) -> Result<Value, Failure>,
) -> Result<Value, Failure> {
    let found = object.properties.iter_mut().find(|(it, _)| it.eq_ignore_ascii_case(name));
    match found {
        Some((_, slot)) => *slot = become_new(std::mem::take(slot))?,
        None if object.kind.is_empty() => {
            let new = become_new(Value::Null)?;
            object.properties.push((name.to_owned(), new));
        }
        None => {
            let known: Vec<String> = object.properties.iter().map(|(it, _)| it.clone()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            return Err(no_property(&Value::Object(object), name, &known));
        }
    }
    Ok(Value::Object(object))
}

/// The list with another element at `wanted`, which counts from the end if negative.
fn element(
    mut items: Vec<Value>,
    wanted: i64,
    become_new: impl FnOnce(Value) -> Result<Value, Failure>,
) -> Result<Value, Failure> {
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let from_start = if wanted < 0 { count.saturating_add(wanted) } else { wanted };
    let slot = usize::try_from(from_start).ok().and_then(|it| items.get_mut(it));
    let Some(slot) = slot else {
        let message = format!("the list has {count} elements and none at {wanted}");
        return Err(Failure::new("bad-index", message, "add one with += instead"));
    };
    *slot = become_new(std::mem::take(slot))?;
    Ok(Value::List(items))
}
