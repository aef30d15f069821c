//! Tree to text: the one form in which everything that was understood is written.
//!
//! Parsing the normalised form gives the same tree again.

use std::fmt::Write as _;

use crate::ast::{
    Argument, Command, Element, Expression, Kind, Part, Pipeline, Script, Statement, Step, Unary,
};
use crate::lexer::{is_double_quote, is_name};

/// Why writing to text does not fail.
const STRING: &str = "a string takes whatever is written to it";

impl Script {
    /// The text as it was understood: plain hyphens and quotes, one statement in each line.
    pub fn normalised(&self) -> String {
        let lines: Vec<String> = self.statements.iter().map(statement).collect();
        lines.join("\n")
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn statement(it: &Statement) -> String {
    match it {
        Statement::Assign(it) => {
            let target = with_steps(format!("${}", it.name), &it.steps);
            let sign = it.operator.map_or(String::new(), |it| it.verb.symbol(it.case));
            format!("{target} {sign}= {}", pipeline(&it.value))
        }
        Statement::Pipeline(it) => pipeline(it),
    }
}

fn statements(list: &[Statement]) -> String {
    let parts: Vec<String> = list.iter().map(statement).collect();
    parts.join("; ")
}

fn pipeline(it: &Pipeline) -> String {
    let mut text = match &it.first {
        Element::Expression(value) => expression(value),
        Element::Command(it) => command(it),
    };
    for next in &it.rest {
        text.push_str(" | ");
        text.push_str(&command(next));
    }
    text
}

fn command(it: &Command) -> String {
    let mut text = it.name.clone();
    for argument in &it.arguments {
        text.push(' ');
        match argument {
            Argument::Value(value) => text.push_str(&argument_value(value)),
            Argument::Parameter(named) => {
                text.push('-');
                text.push_str(&named.name);
                if let Some(value) = &named.value {
                    text.push(':');
                    text.push_str(&argument_value(value));
                }
            }
        }
    }
    text
}

/// A value where bare words are text and operators are not understood.
fn argument_value(it: &Expression) -> String {
    match &it.kind {
        Kind::List(items) => items.iter().map(argument_value).collect::<Vec<String>>().join(", "),
        Kind::Text(parts) => match parts.as_slice() {
            [Part::Literal(text)] if is_plain(text) => text.clone(),
            parts => quoted(parts),
        },
        _ => expression(it),
    }
}

/// A value where operators are understood.
fn expression(it: &Expression) -> String {
    match &it.kind {
        Kind::Text(parts) => quoted(parts),
        Kind::Number(text) => text.clone(),
        Kind::Variable(name) => format!("${name}"),
        Kind::List(items) => items.iter().map(expression).collect::<Vec<String>>().join(", "),
        Kind::Array(list) => format!("@({})", statements(list)),
        Kind::Sub(list) => format!("$({})", statements(list)),
        Kind::Block(list) if list.is_empty() => "{ }".to_owned(),
        Kind::Block(list) => format!("{{ {} }}", statements(list)),
        Kind::Group(inner) => format!("({})", pipeline(inner)),
        Kind::Hash(entries) => {
            let parts: Vec<String> = entries
                .iter()
                .map(|(name, value)| format!("{} = {}", key(name), pipeline(value)))
                .collect();
            format!("@{{{}}}", parts.join("; "))
        }
        Kind::Path(base, steps) => with_steps(expression(base), steps),
        Kind::Unary(operators, operand) => {
            let mut text = String::new();
            for operator in operators {
                text.push_str(match operator {
                    Unary::Not => "-not ",
                    Unary::Minus => "- ",
                });
            }
            text.push_str(&expression(operand));
            text
        }
        Kind::Chain(first, rest) => {
            rest.iter().fold(expression(first), |mut text, (operator, operand)| {
                let symbol = operator.verb.symbol(operator.case);
                write!(text, " {symbol} {}", expression(operand)).expect(STRING);
                text
            })
        }
    }
}

/// `text` with the way into what it stands for.
fn with_steps(text: String, steps: &[Step]) -> String {
    steps.iter().fold(text, |mut text, step| {
        match step {
            Step::Member(name, _) => {
                text.push('.');
                text.push_str(name);
            }
            Step::Index(index) => {
                text.push('[');
                text.push_str(&expression(index));
                text.push(']');
            }
        }
        text
    })
}

fn key(name: &str) -> String {
    let plain = name.starts_with(crate::lexer::begins_name) && name.chars().all(is_name);
    if plain { name.to_owned() } else { quote(name) }
}

/// Whether `text` may stand without quotes and still be read as itself, by people too.
fn is_plain(text: &str) -> bool {
    text.starts_with(|it: char| it.is_ascii_alphabetic() || matches!(it, '*' | '?' | '_'))
        && text
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_' | '*' | '?'))
}

/// `text` as a quoted literal.
pub(crate) fn quote(text: &str) -> String {
    quoted(&[Part::Literal(text.to_owned())])
}

/// `text` as an argument: bare where that is plain to see, quoted otherwise.
pub fn argument(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quote(text) }
}

fn quoted(parts: &[Part]) -> String {
    let mut text = String::new();
    let mut open = false;
    let mut set = |text: &mut String, wanted: bool| {
        if open != wanted {
            text.push('"');
            open = wanted;
        }
    };
    for (at, part) in parts.iter().enumerate() {
        if let Part::Placeholder(name, _) = part {
            set(&mut text, false);
            write!(text, "<{name}>").expect(STRING);
            continue;
        }
        set(&mut text, true);
        match part {
            Part::Literal(literal) => literal.chars().for_each(|it| escape(&mut text, it)),
            Part::Variable(name, _) if goes_on(parts.get(at + 1)) => {
                write!(text, "${{{name}}}").expect(STRING);
            }
            Part::Variable(name, _) => {
                write!(text, "${name}").expect(STRING);
            }
            Part::Sub(list) => {
                write!(text, "$({})", statements(list)).expect(STRING);
            }
            Part::Placeholder(..) => {}
        }
    }
    set(&mut text, false);
    if text.is_empty() { "\"\"".to_owned() } else { text }
}

/// Whether what follows a variable would be read as part of its name.
fn goes_on(next: Option<&Part>) -> bool {
    matches!(next, Some(Part::Literal(text))
        if text.starts_with(|it: char| is_name(it) || it == ':'))
}

fn escape(text: &mut String, it: char) {
    match it {
        '`' | '$' => {
            text.push('`');
            text.push(it);
        }
        _ if is_double_quote(it) => {
            text.push('`');
            text.push(it);
        }
        '\n' => text.push_str("`n"),
        '\r' => text.push_str("`r"),
        '\t' => text.push_str("`t"),
        '\0' => text.push_str("`0"),
        _ if it.is_control() => {
            write!(text, "`u{{{:x}}}", u32::from(it)).expect(STRING);
        }
        _ => text.push(it),
    }
}
