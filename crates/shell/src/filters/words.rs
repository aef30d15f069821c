//! Objects into text: tables, lists, JSON and CSV.

use super::objects::names_in;
use crate::bind::Bound;
use crate::error::Failure;
use crate::format::{self, Heading};
use crate::json::{self, Layout};
use crate::value::{Object, Value};

/// How deep JSON goes if it is not told.
const JSON_DEPTH: i64 = 100;

/// The columns asked for, or all there are.
fn columns(bound: &Bound, input: &[Value]) -> Result<Vec<String>, Failure> {
    names_in(input, &bound.list("Property").unwrap_or_else(|| vec!["*".to_owned()]))
}

/// `Format-Table`
pub(super) fn table(bound: &Bound, input: &[Value], width: usize) -> Result<Vec<Value>, Failure> {
    let names = columns(bound, input)?;
    let objects = objects(input);
    if names.is_empty() || objects.len() < input.len() {
        return Ok(input.to_vec());
    }
    let heading = if bound.on("HideTableHeaders") { Heading::Hidden } else { Heading::Shown };
    Ok(vec![format::table(&objects, &names, heading, width).into()])
}

/// `Format-List`
pub(super) fn list(bound: &Bound, input: Vec<Value>, width: usize) -> Result<Vec<Value>, Failure> {
    let names = columns(bound, &input)?;
    let narrowed = input.into_iter().map(|it| match it {
        Value::Object(object) => {
            let kept =
                names.iter().filter_map(|name| Some((name.clone(), object.get(name)?.clone())));
            Value::Object(Object { properties: kept.collect(), ..Object::new(&object.kind) })
        }
        other => other,
    });
    let narrowed: Vec<Value> = narrowed.collect();
    let shown = format::shown(&narrowed, width);
    Ok(if shown.is_empty() { Vec::new() } else { vec![shown.into()] })
}

/// `ConvertTo-Json`
pub(super) fn json(bound: &Bound, input: Vec<Value>) -> Vec<Value> {
    let depth = usize::try_from(bound.int("Depth").unwrap_or(JSON_DEPTH)).unwrap_or(usize::MAX);
    let layout = if bound.on("Compress") { Layout::Compact } else { Layout::Readable };
    let value = if bound.on("AsArray") { Value::List(input) } else { Value::from_objects(input) };
    vec![json::write(&value, depth, layout).into()]
}

/// `ConvertTo-Csv`, and what `Export-Csv` writes: a line each.
pub(super) fn csv(bound: &Bound, input: &[Value]) -> Result<Vec<Value>, Failure> {
    let objects = objects(input);
    if objects.len() < input.len() {
        let message = "only objects with properties can become comma-separated lines";
        return Err(Failure::new("bad-input", message, "write text with Out-File"));
    }
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    let names = names_in(input, &["*".to_owned()])?;
    let delimiter = match bound.text("Delimiter").map(|it| it.chars().collect::<Vec<char>>()) {
        None => ',',
        Some(one) if one.len() == 1 => one[0],
        Some(_) => {
            let message = "-Delimiter takes one character";
            return Err(Failure::new("bad-value", message, "use \",\" or \";\" or \"`t\""));
        }
    };
    Ok(format::csv(&objects, &names, delimiter).into_iter().map(Value::Text).collect())
}

fn objects(input: &[Value]) -> Vec<Object> {
    let object = |it: &Value| if let Value::Object(it) = it { Some(it.clone()) } else { None };
    input.iter().filter_map(object).collect()
}
