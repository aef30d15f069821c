//! What was given to a cmdlet, put to its parameters: by name, prefix, alias and position.

use crate::ast::{Argument, Expression, Kind};
use crate::cmdlet::{CONFIRM, Cmdlet, Effect, Parameter, Type, VERBOSE, WHAT_IF};
use crate::convert::convert;
use crate::error::Failure;
use crate::nearest::nearest;
use crate::normal;
use crate::source::Span;
use crate::unsupported::{COMMON_PARAMETERS, instead};
use crate::value::Value;

/// How many characters are shown of a parameter that is perhaps not bound.
const SHOWN_MAX: usize = 300;

/// What was given to one cmdlet, complete and of the right types.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    values: Vec<(&'static Parameter, Value)>,
}

/// What a text gives for one parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Given<'a> {
    /// A switch without a value.
    Present,
    /// A value that is still to be worked out.
    Expression(&'a Expression),
}

/// The parameter `name` means: exactly, or as the beginning of just one.
pub fn find_parameter(cmdlet: &Cmdlet, name: &str) -> Result<&'static Parameter, Failure> {
    if let Some(exact) = cmdlet.parameter(name) {
        return Ok(exact);
    }
    let begins =
        |full: &str| full.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name));
    let found: Vec<&Parameter> =
        cmdlet.all_parameters().filter(|it| it.names().any(begins)).collect();
    match found.as_slice() {
        [only] => Ok(only),
        [] => Err(unknown_parameter(cmdlet, name)),
        several => {
            let names: Vec<String> = several.iter().map(|it| format!("-{}", it.name)).collect();
            Err(Failure::new(
                "ambiguous-parameter",
                format!("-{name} may mean {}", names.join(" or ")),
                "write more of it",
            ))
        }
    }
}

fn unknown_parameter(cmdlet: &Cmdlet, name: &str) -> Failure {
    let shown = cmdlet.name();
    if let Some(advice) = instead(COMMON_PARAMETERS, name) {
        let message = format!("-{name} is not supported in this shell");
        return Failure::new("unsupported-parameter", message, advice);
    }
    let near = nearest(name, cmdlet.all_parameters().map(|it| it.name.to_owned()));
    let hint = near.map_or_else(
        || format!("`Get-Help {shown}` tells what it takes"),
        |it| format!("did you mean -{it}? `Get-Help {shown}` tells what it takes"),
    );
    Failure::new("unknown-parameter", format!("{shown} has no parameter -{name}"), hint)
}

/// Puts the arguments of a text to the parameters of `cmdlet`, without working anything out.
pub(crate) fn arrange<'a>(
    cmdlet: &'static Cmdlet,
    arguments: &'a [Argument],
) -> Result<Vec<(&'static Parameter, Given<'a>, Span)>, Failure> {
    let mut arranged: Vec<(&'static Parameter, Given<'a>, Span)> = Vec::new();
    let mut positional = Vec::new();
    let mut rest = arguments.iter().peekable();
    while let Some(argument) = rest.next() {
        let Argument::Parameter(named) = argument else {
            positional.extend(as_value(argument));
            continue;
        };
        let parameter = find_parameter(cmdlet, &named.name).map_err(|it| it.at(named.span))?;
        if let Some(why) = parameter.refused {
            return Err(refused(cmdlet, parameter, why).at(named.span));
        }
        if arranged.iter().any(|(known, _, _)| known.name == parameter.name) {
            let message = format!("-{} is given twice", parameter.name);
            return Err(Failure::new("repeated-parameter", message, "give it once").at(named.span));
        }
        let given = match (&named.value, parameter.takes) {
            (Some(value), _) => Given::Expression(value),
            (None, Type::Switch) => Given::Present,
            (None, takes) => {
                let Some(value) = rest.next_if(|it| as_value(it).is_some()).and_then(as_value)
                else {
                    let message = format!("-{} needs a value", parameter.name);
                    let hint = format!("it takes {}", takes.in_words());
                    return Err(Failure::new("missing-value", message, hint).at(named.span));
                };
                Given::Expression(value)
            }
        };
        arranged.push((parameter, given, named.span));
    }
    for value in positional {
        let taker = next_position(cmdlet, &arranged, value);
        let Some(parameter) = taker else {
            let message = format!("{} does not know what to do with this value", cmdlet.name());
            let hint = format!("put the parameter before it; see `Get-Help {}`", cmdlet.name());
            return Err(Failure::new("surplus-value", message, hint).at(value.span));
        };
        arranged.push((parameter, Given::Expression(value), value.span));
    }
    Ok(arranged)
}

fn as_value(argument: &Argument) -> Option<&Expression> {
    if let Argument::Value(value) = argument { Some(value) } else { None }
}

/// The first parameter with a position that is still free and can take `value`.
fn next_position(
    cmdlet: &'static Cmdlet,
    arranged: &[(&'static Parameter, Given<'_>, Span)],
    value: &Expression,
) -> Option<&'static Parameter> {
    let is_block = matches!(value.kind, Kind::Block(_));
    let given: Vec<&Parameter> = arranged.iter().map(|(it, _, _)| *it).collect();
    let mut free: Vec<&'static Parameter> = cmdlet
        .all_parameters()
        .filter(|it| it.position.is_some() && it.refused.is_none())
        .filter(|it| given.iter().all(|known| known.name != it.name))
        .filter(|it| (it.takes == Type::Block) == is_block)
        .filter(|it| {
            let mut all = given.clone();
            all.push(it);
            !open_sets(cmdlet, &all).is_empty()
        })
        .collect();
    free.sort_by_key(|it| it.position);
    free.first().copied()
}

/// The parameter sets to which all of `given` belong; a cmdlet without sets has one without name.
fn open_sets(cmdlet: &Cmdlet, given: &[&Parameter]) -> Vec<&'static str> {
    let mut sets = cmdlet.sets();
    if sets.is_empty() {
        sets.push("");
    }
    sets.retain(|set| given.iter().all(|it| it.sets.is_empty() || it.sets.contains(set)));
    sets
}

/// Checks that `given` exclude nothing of each other and that nothing mandatory is missing.
pub(crate) fn check_sets(cmdlet: &Cmdlet, given: &[&Parameter]) -> Result<(), Failure> {
    let sets = open_sets(cmdlet, given);
    if sets.is_empty() {
        let names: Vec<String> = given
            .iter()
            .filter(|it| !it.sets.is_empty())
            .map(|it| format!("-{}", it.name))
            .collect();
        let message = format!("{} exclude each other", names.join(", "));
        return Err(Failure::new("exclusive-parameters", message, "give one of them"));
    }
    let missing_of = |set: &str| -> Vec<String> {
        cmdlet
            .parameters
            .iter()
            .filter(|it| it.mandatory && (it.sets.is_empty() || it.sets.contains(&set)))
            .filter(|it| given.iter().all(|known| known.name != it.name))
            .map(|it| format!("-{}", it.name))
            .collect()
    };
    let mut missing: Vec<Vec<String>> = sets.iter().map(|set| missing_of(set)).collect();
    if missing.iter().any(Vec::is_empty) {
        return Ok(());
    }
    missing.dedup();
    let ways: Vec<String> = missing.iter().map(|it| it.join(" and ")).collect();
    let message = format!("{} needs {}", cmdlet.name(), ways.join(", or "));
    let hint = format!("`Get-Help {} -Examples` shows how", cmdlet.name());
    Err(Failure::new("missing-parameter", message, hint))
}

/// Puts `given` to the parameters of `cmdlet`: names resolved, values converted, nothing missing.
pub fn bind(cmdlet: &'static Cmdlet, given: Vec<(String, Value)>) -> Result<Bound, Failure> {
    let mut values: Vec<(&'static Parameter, Value)> = Vec::with_capacity(given.len());
    for (name, value) in given {
        let parameter = find_parameter(cmdlet, &name)?;
        if let Some(why) = parameter.refused {
            return Err(refused(cmdlet, parameter, why));
        }
        if values.iter().any(|(known, _)| known.name == parameter.name) {
            let message = format!("-{} is given twice", parameter.name);
            return Err(Failure::new("repeated-parameter", message, "give it once"));
        }
        values.push((parameter, convert(parameter, value)?));
    }
    Bound::complete(cmdlet, values)
}

fn refused(cmdlet: &Cmdlet, parameter: &Parameter, why: &str) -> Failure {
    let message = format!("{} does not take -{} yet", cmdlet.name(), parameter.name);
    Failure::new("unsupported-parameter", message, why)
}

impl Bound {
    /// Converted values, if none is missing and none excludes another.
    pub(crate) fn complete(
        cmdlet: &Cmdlet,
        values: Vec<(&'static Parameter, Value)>,
    ) -> Result<Self, Failure> {
        let given: Vec<&Parameter> = values.iter().map(|(it, _)| *it).collect();
        check_sets(cmdlet, &given)?;
        let mut values = values;
        let place =
            |wanted: &Parameter| cmdlet.all_parameters().position(|it| it.name == wanted.name);
        values.sort_by_key(|(parameter, _)| place(parameter));
        Ok(Self { values })
    }

    /// The value of `name`, if it was given.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(it, _)| it.name == name).map(|(_, value)| value)
    }

    /// The text of `name`, if it was given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_text)
    }

    /// The number of `name`, if it was given.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Value::Int(it)) => Some(*it),
            _ => None,
        }
    }

    /// Whether the switch or truth value `name` is on.
    pub fn on(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Bool(true))
    }

    /// The texts of `name`, if it was given.
    pub fn list(&self, name: &str) -> Option<Vec<String>> {
        self.get(name).map(|it| it.clone().into_objects().iter().map(ToString::to_string).collect())
    }

    /// Whether nothing is to be done.
    pub fn what_if(&self) -> bool {
        self.on(WHAT_IF.name)
    }

    /// Whether to ask first: told so, told not to, or not told.
    pub fn confirm(&self) -> Option<bool> {
        self.get(CONFIRM.name).map(Value::is_true)
    }

    /// Whether this call of `cmdlet` changes what is hard to change back.
    pub fn is_grave(&self, cmdlet: &Cmdlet) -> bool {
        let has = |value: &Value, property| match value {
            Value::Object(it) => it.get(property).is_some_and(Value::is_true),
            _ => false,
        };
        match cmdlet.effect {
            Effect::Reads | Effect::Changes => false,
            Effect::Grave => true,
            Effect::GraveWhile(property) => self.values.iter().any(|(_, value)| match value {
                Value::List(values) => values.iter().any(|value| has(value, property)),
                value => has(value, property),
            }),
        }
    }

    /// Whether more is to be told.
    pub fn verbose(&self) -> bool {
        self.on(VERBOSE.name)
    }

    /// Everything that was given, by the parameters' own names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Parameter, &Value)> {
        self.values.iter().map(|(parameter, value)| (*parameter, value))
    }

    /// The same, to be bound again elsewhere.
    pub fn into_given(self) -> Vec<(String, Value)> {
        self.values.into_iter().map(|(it, value)| (it.name.to_owned(), value)).collect()
    }

    /// The same without `parameter`.
    pub(crate) fn without(mut self, parameter: &Parameter) -> Self {
        self.values.retain(|(it, _)| it.name != parameter.name);
        self
    }

    pub(crate) fn set(&mut self, parameter: &'static Parameter, value: Value) {
        self.values.retain(|(it, _)| it.name != parameter.name);
        self.values.push((parameter, value));
    }

    /// The line that gives the same: full names, plain quotes, no secrets.
    pub fn line(&self, cmdlet: &Cmdlet) -> String {
        self.iter().fold(cmdlet.name(), |line, (it, value)| line + &written(it, value))
    }
}

impl Bound {
    /// The same for a question: an object that has a name is not written out.
    pub(crate) fn brief(&self, cmdlet: &Cmdlet) -> String {
        self.iter().fold(cmdlet.name(), |line, (it, value)| match named(value) {
            Some(named) => format!("{line} -{} ({named})", it.name),
            None => line + &written(it, value),
        })
    }
}

/// What an object of the product is called.
fn named(value: &Value) -> Option<String> {
    let Value::Object(object) = value else { return None };
    let name = object.get("Name").and_then(Value::as_text)?;
    (!object.kind.is_empty()).then(|| format!("{} {}", object.kind, normal::quote(name)))
}

/// The line of what was given and perhaps cannot be bound, without secrets: of a parameter that
/// `cmdlet` does not have only the name, because its value may be one; and of long values the
/// beginning.
pub fn line_as_given(cmdlet: &Cmdlet, given: &[(String, Value)]) -> String {
    given.iter().fold(cmdlet.name(), |line, (name, value)| match find_parameter(cmdlet, name) {
        Ok(parameter) => line + &shortened(&written(parameter, value)),
        Err(_) => line + " -" + name,
    })
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// A parameter and its value, as they would be written behind a cmdlet.
fn written(parameter: &Parameter, value: &Value) -> String {
    let name = parameter.name;
    match (parameter.takes, value) {
        (Type::Switch, Value::Bool(true)) => format!(" -{name}"),
        (Type::Switch, _) => format!(" -{name}:$false"),
        (Type::Secret, _) => format!(" -{name} ********"),
        (Type::FileContent | Type::Upload, Value::Object(file)) => {
            let file = file.get("Name").map(ToString::to_string).unwrap_or_default();
            format!(" -{name} {}", normal::argument(&file))
        }
        _ => format!(" -{name} {}", literal(value)),
    }
}

/// `value` as it would be written in a line.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "$null".to_owned(),
        Value::Bool(true) => "$true".to_owned(),
        Value::Bool(false) => "$false".to_owned(),
        Value::Int(_) | Value::Float(_) => value.to_string(),
        Value::Text(text) => normal::argument(text),
        Value::Time(_) | Value::Span(_) => normal::quote(&value.to_string()),
        Value::Bytes(it) => format!("({it})"),
        Value::List(items) if items.len() > 1 => {
            items.iter().map(literal).collect::<Vec<String>>().join(", ")
        }
        Value::List(items) => {
            format!("@({})", items.iter().map(literal).collect::<String>())
        }
        Value::Object(object) => {
            let parts: Vec<String> = object
                .properties
                .iter()
                .map(|(name, value)| format!("{name} = {}", quoted_literal(value)))
                .collect();
            format!("@{{{}}}", parts.join("; "))
        }
    }
}

/// `value` as it would be written where bare words are not text.
fn quoted_literal(value: &Value) -> String {
    match value {
        Value::Text(text) => normal::quote(text),
        Value::List(items) if items.len() > 1 => {
            items.iter().map(quoted_literal).collect::<Vec<String>>().join(", ")
        }
        Value::List(items) => {
            format!("@({})", items.iter().map(quoted_literal).collect::<String>())
        }
        other => literal(other),
    }
}
