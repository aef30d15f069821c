//! Objects as text: lists as the original prints them, tables, and CSV.
//!
//! Control characters that come from outside never reach a terminal.

use crate::value::{Object, Value, View};

/// The narrowest a table's column is cut to.
const MIN_COLUMN: usize = 6;

/// Objects as they are printed: `Property : value` with a blank line between objects, a table of
/// those that say so, anything else in lines of its own. Empty if there are none.
pub fn shown(values: &[Value], width: usize) -> String {
    let same = |a: &Value, b: &Value| match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.view == View::Table && b.view == View::Table && a.kind == b.kind
        }
        (Value::Object(_), _) | (_, Value::Object(_)) => false,
        _ => true,
    };
    let parts: Vec<String> = values.chunk_by(same).map(|it| together(it, width)).collect();
    parts.join("\n")
}

/// What is printed without a blank line in between.
fn together(values: &[Value], width: usize) -> String {
    let mut text = String::new();
    match values {
        [Value::Object(first), ..] if first.view == View::Table => {
            let objects: Vec<Object> = values
                .iter()
                .filter_map(|it| if let Value::Object(it) = it { Some(it.clone()) } else { None })
                .collect();
            let names: Vec<String> =
                first.properties.iter().map(|(name, _)| name.clone()).collect();
            text = table(&objects, &names, Heading::Shown, width);
        }
        _ => {
            for value in values {
                match value {
                    Value::Object(it) => text.push_str(&list(it)),
                    Value::List(items) => {
                        for item in items {
                            line(&mut text, &within(item));
                        }
                    }
                    other => line(&mut text, &other.to_string()),
                }
            }
        }
    }
    text
}

fn line(text: &mut String, content: &str) {
    text.push_str(&visible(content));
    if !content.ends_with('\n') {
        text.push('\n');
    }
}

/// One object, a line for each property.
fn list(object: &Object) -> String {
    let width = object.properties.iter().map(|(name, _)| columns(name)).max().unwrap_or_default();
    let mut text = String::new();
    for (name, value) in &object.properties {
        let indent = format!("\n{}", " ".repeat(width + 3));
        let shown = visible(&within(value)).trim_end_matches('\n').replace('\n', &indent);
        let pad = " ".repeat(width - columns(name));
        let entry = format!("{name}{pad} : {shown}");
        text.push_str(entry.trim_end());
        text.push('\n');
    }
    text
}

/// A value within an object: lists in braces.
fn within(value: &Value) -> String {
    match value {
        Value::List(items) => {
            let parts: Vec<String> = items.iter().map(within).collect();
            format!("{{{}}}", parts.join(", "))
        }
        other => other.to_string(),
    }
}

/// Objects as a table with a heading, no wider than `width` characters where that can be.
pub fn table(objects: &[Object], names: &[String], heading: Heading, width: usize) -> String {
    let cells: Vec<Vec<String>> = objects
        .iter()
        .map(|object| {
            names
                .iter()
                .map(|name| {
                    visible(&within(object.get(name).unwrap_or(&Value::Null))).replace('\n', " ")
                })
                .collect()
        })
        .collect();
    let wanted = |at: usize, name: &String| {
        let widest = cells.iter().map(|row| columns(&row[at])).max().unwrap_or_default();
        widest.max(columns(name))
    };
    let mut widths: Vec<usize> =
        names.iter().enumerate().map(|(at, name)| wanted(at, name)).collect();
    let room = width.saturating_sub(names.len().saturating_sub(1)).max(1);
    while widths.iter().sum::<usize>() > room {
        let Some(widest) = widths.iter_mut().max().filter(|it| **it > MIN_COLUMN) else { break };
        *widest -= 1;
    }
    let numbers: Vec<bool> = names.iter().map(|name| all_numbers(objects, name)).collect();
    let row = |cells: &[String]| {
        let parts = cells.iter().zip(&widths).zip(&numbers).map(|((cell, width), number)| {
            let cell = cut(cell, *width);
            let pad = " ".repeat(width - columns(&cell));
            if *number { format!("{pad}{cell}") } else { format!("{cell}{pad}") }
        });
        let line = parts.collect::<Vec<String>>().join(" ");
        format!("{}\n", line.trim_end())
    };
    let mut text = String::new();
    if heading == Heading::Shown {
        text.push_str(&row(names));
        let rules: Vec<String> = names.iter().map(|it| "-".repeat(columns(it))).collect();
        text.push_str(&row(&rules));
    }
    for cells in &cells {
        text.push_str(&row(cells));
    }
    text
}

/// Whether a table has its heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heading {
    /// It has.
    Shown,
    /// It has not.
    Hidden,
}

fn all_numbers(objects: &[Object], name: &str) -> bool {
    !objects.is_empty()
        && objects.iter().all(|it| matches!(it.get(name), Some(Value::Int(_) | Value::Float(_))))
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Objects as comma-separated lines, the names first, everything quoted.
pub fn csv(objects: &[Object], names: &[String], delimiter: char) -> Vec<String> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let join = |cells: Vec<String>| cells.join(&delimiter.to_string());
    let mut lines = vec![join(names.iter().map(|it| quoted(it)).collect())];
    for object in objects {
        let cell = |name: &String| match object.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(value) => quoted(&value.to_string()),
        };
        lines.push(join(names.iter().map(cell).collect()));
    }
    lines
}

/// `text` without characters that would steer a terminal.
pub fn visible(text: &str) -> String {
    let safe = |it: char| !it.is_control() || it == '\n' || it == '\t';
    if text.chars().all(safe) {
        return text.to_owned();
    }
    text.chars().filter(|it| *it != '\r').map(|it| if safe(it) { it } else { '\u{fffd}' }).collect()
}
