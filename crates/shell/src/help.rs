//! Help, derived from the rows and from nothing else: for the terminal and as a reference page.

use std::fmt::Write as _;

use crate::ast::Case;
use crate::bind::{Bound, find_parameter};
use crate::catalogue::Catalogue;
use crate::cmdlet::{CONFIRM, Cmdlet, Effect, FromPipeline, Parameter, Type, WHAT_IF};
use crate::error::Failure;
use crate::operators::like;
use crate::value::{Object, Value};

/// Why writing to text does not fail.
const STRING: &str = "a string takes whatever is written to it";

/// How wide help is printed, in characters.
const WIDTH: usize = 96;

/// What `Get-Help` returns.
pub(crate) fn answer(bound: &Bound, catalogue: &Catalogue) -> Result<Vec<Value>, Failure> {
    let Some(name) = bound.text("Name") else {
        return Ok(catalogue.rows().map(entry).collect());
    };
    if name.contains(['*', '?']) && name != "?" {
        let rows = catalogue.rows().filter(|it| like(&it.name(), name, Case::Ignored));
        return Ok(rows.map(entry).collect());
    }
    let cmdlet = catalogue.find(name)?;
    let text = if let Some(wanted) = bound.text("Parameter") {
        parameters(cmdlet, wanted)?
    } else if bound.on("Examples") {
        examples(cmdlet)
    } else if bound.on("Full") || bound.on("Detailed") {
        full(cmdlet)
    } else {
        brief(cmdlet)
    };
    Ok(vec![text.trim_end().to_owned().into()])
}

fn entry(cmdlet: &'static Cmdlet) -> Value {
    let object = Object::new("Help")
        .with("Name", cmdlet.name())
        .with("Verb", cmdlet.verb)
        .with("Noun", cmdlet.noun)
        .with("Summary", cmdlet.summary);
    Value::Object(object)
}

/// The lines that show how a cmdlet is written, one for each parameter set.
pub fn syntax(cmdlet: &Cmdlet) -> Vec<String> {
    let mut sets = cmdlet.sets();
    if sets.is_empty() {
        sets.push("");
    }
    let line = |set: &str| {
        let mut shown: Vec<&Parameter> = cmdlet
            .parameters
            .iter()
            .filter(|it| it.refused.is_none())
            .filter(|it| it.sets.is_empty() || it.sets.contains(&set))
            .collect();
        shown.sort_by_key(|it| (it.position.unwrap_or(u8::MAX), !it.mandatory));
        let mut parts = vec![cmdlet.name()];
        parts.extend(shown.iter().map(|it| usage(it)));
        if cmdlet.supports_what_if() {
            parts.extend([usage(&WHAT_IF), usage(&CONFIRM)]);
        }
        parts.join(" ")
    };
    sets.into_iter().map(line).collect()
}

fn usage(it: &Parameter) -> String {
    let name =
        if it.position.is_some() { format!("[-{}]", it.name) } else { format!("-{}", it.name) };
    let whole = match it.takes {
        Type::Switch => name,
        takes => format!("{name} <{}>", type_name(takes)),
    };
    if it.mandatory { whole } else { format!("[{whole}]") }
}

fn type_name(takes: Type) -> String {
    match takes {
        Type::Text => "text".to_owned(),
        Type::Int(..) => "number".to_owned(),
        Type::Bool => "$true|$false".to_owned(),
        Type::Switch => "switch".to_owned(),
        Type::DateTime => "time".to_owned(),
        Type::TimeSpan => "hh:mm:ss".to_owned(),
        Type::List => "text[]".to_owned(),
        Type::ListModifier => "list change".to_owned(),
        Type::Enum(words) => words.join("|"),
        Type::File | Type::FileContent | Type::Upload => "file".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Secret => "secret".to_owned(),
        Type::Object => "object".to_owned(),
        Type::Objects => "object[]".to_owned(),
        Type::Any => "value".to_owned(),
        Type::Block => "{ ... }".to_owned(),
    }
}

fn brief(cmdlet: &Cmdlet) -> String {
    let mut text = format!("{}\n\n{}\n\nSyntax\n", cmdlet.name(), wrapped(cmdlet.summary, 0));
    for line in syntax(cmdlet) {
        writeln!(text, "{}", wrapped(&line, 4)).expect(STRING);
    }
    if !cmdlet.aliases.is_empty() {
        writeln!(text, "\nAlso called {}", cmdlet.aliases.join(", ")).expect(STRING);
    }
    write!(text, "\nMore: Get-Help {0} -Full, Get-Help {0} -Examples", cmdlet.name())
        .expect(STRING);
    text
}

fn full(cmdlet: &Cmdlet) -> String {
    let mut text = format!("{}\n\n{}\n", cmdlet.name(), wrapped(cmdlet.summary, 0));
    for paragraph in cmdlet.description.split("\n\n").filter(|it| !it.is_empty()) {
        writeln!(text, "\n{}", wrapped(paragraph, 0)).expect(STRING);
    }
    text.push_str("\nSyntax\n");
    for line in syntax(cmdlet) {
        writeln!(text, "{}", wrapped(&line, 4)).expect(STRING);
    }
    text.push_str("\nParameters\n");
    for parameter in cmdlet.all_parameters() {
        text.push_str(&one_parameter(parameter));
    }
    if let Some(output) = cmdlet.output {
        let list = output.properties.join(", ");
        write!(text, "\nReturns\n{}\n", wrapped(&format!("{}: {list}", output.kind), 4))
            .expect(STRING);
    }
    if !cmdlet.roles.is_empty() {
        write!(text, "\nMay be run by\n{}\n", wrapped(&cmdlet.roles.join(", "), 4)).expect(STRING);
    }
    write!(text, "\nExamples\n{}", examples(cmdlet)).expect(STRING);
    text
}

fn examples(cmdlet: &Cmdlet) -> String {
    let mut text = String::new();
    for example in cmdlet.examples {
        writeln!(text, "    {}\n{}\n", example.line, wrapped(example.means, 8)).expect(STRING);
    }
    text
}

fn parameters(cmdlet: &Cmdlet, wanted: &str) -> Result<String, Failure> {
    if wanted.contains(['*', '?']) {
        let found = cmdlet.all_parameters().filter(|it| like(it.name, wanted, Case::Ignored));
        return Ok(found.map(one_parameter).collect());
    }
    find_parameter(cmdlet, wanted.trim_start_matches('-')).map(one_parameter)
}

fn one_parameter(it: &Parameter) -> String {
    let mut text =
        format!("    -{} <{}>\n{}\n", it.name, type_name(it.takes), wrapped(it.about, 8));
    if let Some(why) = it.refused {
        return format!("    -{}\n{}\n", it.name, wrapped(&format!("Not taken yet: {why}."), 8));
    }
    for fact in facts(it) {
        writeln!(text, "{}", wrapped(&fact, 8)).expect(STRING);
    }
    text
}

fn facts(it: &Parameter) -> Vec<String> {
    let mut facts = Vec::new();
    if it.mandatory {
        facts.push("Must be given.".to_owned());
    }
    if let Some(position) = it.position {
        facts.push(format!("May stand without its name at place {}.", position + 1));
    }
    if !matches!(it.takes, Type::Switch | Type::Text | Type::Enum(_)) {
        facts.push(format!("Takes {}.", it.takes.in_words()));
    }
    if !it.aliases.is_empty() {
        facts.push(format!("Also called -{}.", it.aliases.join(", -")));
    }
    if it.from_pipeline != FromPipeline::No {
        facts.push("Taken from the objects of a pipeline.".to_owned());
    }
    facts
}

/// `text` in lines of at most [`WIDTH`] characters, each `indent` to the right.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        let begins = line.is_empty();
        if !begins && indent + line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(word.to_owned());
        } else {
            line.push_str(if begins { "" } else { " " });
            line.push_str(word);
        }
    }
    let margin = " ".repeat(indent);
    lines.iter().map(|it| format!("{margin}{it}")).collect::<Vec<String>>().join("\n")
}

/// A cmdlet's section of the reference page, in Markdown.
pub fn reference(cmdlet: &Cmdlet) -> String {
    let mut text = format!("## {}\n\n{}\n", cmdlet.name(), cmdlet.summary);
    for paragraph in cmdlet.description.split("\n\n").filter(|it| !it.is_empty()) {
        write!(text, "\n{paragraph}\n").expect(STRING);
    }
    write!(text, "\n```powershell\n{}\n```\n", syntax(cmdlet).join("\n")).expect(STRING);
    let mut rows = String::new();
    for it in cmdlet.parameters {
        let about = match it.refused {
            Some(why) => format!("Not taken yet: {why}."),
            None => [vec![it.about.to_owned()], facts(it)].concat().join(" "),
        };
        let takes = if it.refused.is_some() { String::new() } else { type_name(it.takes) };
        let takes = takes.replace('|', "\\|");
        writeln!(rows, "| `-{}` | {takes} | {} |", it.name, about.replace('|', "\\|"))
            .expect(STRING);
    }
    if !rows.is_empty() {
        write!(text, "\n| parameter | takes | |\n|---|---|---|\n{rows}").expect(STRING);
    }
    let effect = match cmdlet.effect {
        Effect::Reads => "Changes nothing.".to_owned(),
        Effect::Changes => "Takes `-WhatIf` and `-Confirm`.".to_owned(),
        Effect::Grave => "Shows what it would do and asks first, unless `-Confirm:$false` or \
                          `-Force` is given; takes `-WhatIf`."
            .to_owned(),
        Effect::GraveWhile(property) => format!(
            "Where `{property}` is true, shows what it would do and asks first, unless \
             `-Confirm:$false` or `-Force` is given; takes `-WhatIf` and `-Confirm`."
        ),
    };
    write!(text, "\n{effect}").expect(STRING);
    if !cmdlet.roles.is_empty() {
        write!(text, " May be run by {}.", cmdlet.roles.join(", ")).expect(STRING);
    }
    text.push('\n');
    if let Some(output) = cmdlet.output {
        let list = output.properties.join("`, `");
        write!(text, "\nReturns `{}` objects: `{list}`.\n", output.kind).expect(STRING);
    }
    for example in cmdlet.examples {
        write!(text, "\n```powershell\n{}\n```\n\n{}\n", example.line, example.means)
            .expect(STRING);
    }
    text
}
