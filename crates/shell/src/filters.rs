//! The language's own cmdlets: choosing, sorting, measuring and printing objects, and help.

mod objects;
pub(crate) mod rows;
mod words;

use std::sync::LazyLock;

use crate::ast::{Case, Operator, WORD_OPERATORS};
use crate::bind::Bound;
use crate::catalogue::Catalogue;
use crate::cmdlet::Cmdlet;
use crate::error::Failure;
use crate::help;
use crate::operators::{self, Patterns};
use crate::property::{property, require};
use crate::source::Span;
use crate::value::Value;
pub(crate) use rows::Filter;

/// What filters see besides objects.
pub(crate) struct Surroundings<'c> {
    /// How many characters fit into a line.
    pub(crate) width: usize,
    /// All cmdlets.
    pub(crate) catalogue: &'c Catalogue,
}

static BY_NAME: LazyLock<Vec<(String, Filter)>> =
    LazyLock::new(|| rows::FILTERS.iter().map(|(filter, row)| (row.name(), *filter)).collect());

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
