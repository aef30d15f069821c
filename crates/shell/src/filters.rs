//! The language's own cmdlets: choosing, sorting, measuring and printing objects, and help.

mod objects;
mod rows;
mod words;

use std::sync::LazyLock;

use crate::ast::{Case, Operator, WORD_OPERATORS};
use crate::bind::Bound;
use crate::catalogue::{Catalogue, nearest};
use crate::cmdlet::Cmdlet;
use crate::error::Failure;
use crate::help;
use crate::operators::{self, Patterns};
use crate::source::Span;
use crate::value::Value;

/// The language's own cmdlets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    Where,
    ForEach,
    Select,
    Sort,
    Measure,
    FormatTable,
    FormatList,
    ToJson,
    ToCsv,
    ExportCsv,
    OutFile,
    OutString,
    GetContent,
    Help,
}

/// What filters see besides objects.
pub(crate) struct Surroundings<'c> {
    /// How many characters fit into a line.
    pub(crate) width: usize,
    /// All cmdlets.
    pub(crate) catalogue: &'c Catalogue,
}

static BY_NAME: LazyLock<Vec<(String, Filter)>> =
    LazyLock::new(|| rows::FILTERS.iter().map(|(filter, row)| (row.name(), *filter)).collect());

/// Their rows.
pub(crate) fn rows() -> impl Iterator<Item = &'static Cmdlet> {
    rows::FILTERS.iter().map(|(_, row)| row)
}

/// Which filter `cmdlet` is, if it is one.
pub(crate) fn of(cmdlet: &Cmdlet) -> Option<Filter> {
    let name = cmdlet.name();
    BY_NAME.iter().find(|(known, _)| *known == name).map(|(_, filter)| *filter)
}

/// What a filter without a script block makes of `input`.
pub(crate) fn apply(
    filter: Filter,
    bound: &Bound,
    input: Vec<Value>,
    around: &Surroundings<'_>,
) -> Result<Vec<Value>, Failure> {
    match filter {
        Filter::Select => objects::select(bound, input),
        Filter::Sort => objects::sort(bound, input),
        Filter::Measure => objects::measure(bound, &input),
        Filter::ForEach => {
            let name = bound.text("MemberName").unwrap_or_default();
            require(&input, name)?;
            input.iter().map(|it| property(it, name)).collect()
        }
        Filter::FormatTable => words::table(bound, &input, around.width),
        Filter::FormatList => words::list(bound, input, around.width),
        Filter::ToJson => Ok(words::json(bound, input)),
        Filter::ToCsv => words::csv(bound, &input),
        Filter::OutString => Ok(vec![crate::format::shown(&input, around.width).into()]),
        Filter::Help => help::answer(bound, around.catalogue),
        Filter::Where | Filter::ExportCsv | Filter::OutFile | Filter::GetContent => {
            Err(Failure::new("internal", "this filter is run elsewhere", "report this line"))
        }
    }
}

/// The text that a filter writes to a file.
pub(crate) fn written(
    filter: Filter,
    bound: &Bound,
    input: &[Value],
    width: usize,
) -> Result<String, Failure> {
    if filter == Filter::OutFile {
        return Ok(crate::format::shown(input, width));
    }
    let lines = words::csv(bound, input)?;
    let skipped = usize::from(bound.on("Append"));
    Ok(lines.iter().skip(skipped).fold(String::new(), |text, line| text + &line.to_string() + "\n"))
}

/// `Where-Object Property -Operator Value`
pub(crate) fn select_where(
    bound: &Bound,
    input: Vec<Value>,
    patterns: &mut Patterns,
) -> Result<Vec<Value>, Failure> {
    let name = bound.text("Property").unwrap_or_default();
    require(&input, name)?;
    let wanted = bound.get("Value").cloned().unwrap_or_default();
    let operator = WORD_OPERATORS.iter().find(|(word, _)| bound.on(&word.to_uppercase()));
    let mut kept = Vec::new();
    for object in input {
        let found = property(&object, name).unwrap_or_default();
        let verdict = match operator {
            Some((_, verb)) => {
                let operator = Operator { verb: *verb, case: Case::Ignored, span: Span::default() };
                operators::test(operator, &found, &wanted, patterns).map_err(|mut it| {
                    it.complaint.span = None;
                    it
                })?
            }
            None => found.is_true(),
        };
        if verdict {
            kept.push(object);
        }
    }
    Ok(kept)
}

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
        Value::Object(object) if !object.kind.is_empty() => format!("a {}", object.kind),
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
