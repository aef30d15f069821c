//! What the operators do: comparing, matching, looking into lists, arithmetic.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};

use crate::ast::{Case, Operator, Verb};
use crate::error::Failure;
use crate::limits::MAX_PATTERN;
use crate::read;
use crate::value::Value;

/// The pattern compiled last: a pipeline uses the same one for each of its objects.
#[derive(Debug, Default)]
pub(crate) struct Patterns(Option<(String, Case, Regex)>);

impl Patterns {
    fn get(&mut self, pattern: &str, case: Case) -> Result<&Regex, Failure> {
        if !matches!(&self.0, Some((known, how, _)) if known == pattern && *how == case) {
            let compiled = RegexBuilder::new(pattern)
                .case_insensitive(case == Case::Ignored)
                .size_limit(MAX_PATTERN)
                .dfa_size_limit(MAX_PATTERN)
                .build()
                .map_err(|_| {
                    let message =
                        "the right side of -match is no regular expression this shell knows";
                    Failure::new("bad-pattern", message, "for * and ? use -like")
                })?;
            self.0 = Some((pattern.to_owned(), case, compiled));
        }
        let (_, _, compiled) = self.0.as_ref().expect("it was set just above");
        Ok(compiled)
    }
}

/// `left operator right`, logical operators aside.
pub(crate) fn apply(
    operator: Operator,
    left: Value,
    right: Value,
    patterns: &mut Patterns,
) -> Result<Value, Failure> {
    let case = operator.case;
    match operator.verb {
        Verb::Plus | Verb::Minus | Verb::Times | Verb::Divide | Verb::Remainder => {
            return arithmetic(operator.verb, left, right);
        }
        Verb::Contains => return Ok(holds(&left, &right, case).into()),
        Verb::NotContains => return Ok((!holds(&left, &right, case)).into()),
        Verb::In => return Ok(holds(&right, &left, case).into()),
        Verb::NotIn => return Ok((!holds(&right, &left, case)).into()),
        _ => {}
    }
    if let Value::List(items) = left {
        let mut kept = Vec::new();
        for item in items {
            if test(operator, &item, &right, patterns)? {
                kept.push(item);
            }
        }
        return Ok(Value::List(kept));
    }
    test(operator, &left, &right, patterns).map(Value::Bool)
}

/// Whether one value stands to another as the operator says.
pub(crate) fn test(
    operator: Operator,
    left: &Value,
    right: &Value,
    patterns: &mut Patterns,
) -> Result<bool, Failure> {
    let case = operator.case;
    let ordered = |wanted: fn(Ordering) -> bool| {
        if *left == Value::Null || *right == Value::Null {
            return Ok(false);
        }
        compare(left, right, case).map(wanted).ok_or_else(|| {
            let message = format!("{} cannot be compared with {}", left.kind(), right.kind());
            Failure::new("bad-operand", message, "compare values of the same kind")
        })
    };
    match operator.verb {
        Verb::Equal => Ok(equal(left, right, case)),
        Verb::NotEqual => Ok(!equal(left, right, case)),
        Verb::Greater => ordered(Ordering::is_gt),
        Verb::GreaterOrEqual => ordered(Ordering::is_ge),
        Verb::Less => ordered(Ordering::is_lt),
        Verb::LessOrEqual => ordered(Ordering::is_le),
        Verb::Like => Ok(like(&left.to_string(), &right.to_string(), case)),
        Verb::NotLike => Ok(!like(&left.to_string(), &right.to_string(), case)),
        Verb::Match => Ok(patterns.get(&right.to_string(), case)?.is_match(&left.to_string())),
        Verb::NotMatch => Ok(!patterns.get(&right.to_string(), case)?.is_match(&left.to_string())),
        Verb::Contains => Ok(holds(left, right, case)),
        Verb::NotContains => Ok(!holds(left, right, case)),
        Verb::In => Ok(holds(right, left, case)),
        Verb::NotIn => Ok(!holds(right, left, case)),
        Verb::And
        | Verb::Or
        | Verb::Xor
        | Verb::Plus
        | Verb::Minus
        | Verb::Times
        | Verb::Divide
        | Verb::Remainder => {
            let message = format!("{} is no comparison", operator.verb.symbol(case));
            Err(Failure::new("bad-operator", message, "compare with -eq, -like, -gt, ..."))
        }
    }
}

fn holds(list: &Value, wanted: &Value, case: Case) -> bool {
    match list {
        Value::List(items) => items.iter().any(|it| equal(it, wanted, case)),
        single => equal(single, wanted, case),
    }
}

fn equal(left: &Value, right: &Value, case: Case) -> bool {
    match (left, right) {
        (Value::Null, _)
        | (_, Value::Null)
        | (Value::Object(_), Value::Object(_))
        | (Value::Bytes(_), Value::Bytes(_)) => left == right,
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b, case))
        }
        _ => compare(left, right, case).is_some_and(Ordering::is_eq),
    }
}

/// How two values stand to each other, if they are of kinds that can be compared.
fn compare(left: &Value, right: &Value, case: Case) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            left.as_float()?.partial_cmp(&right.as_float()?)
        }
        (Value::Text(a), Value::Text(b)) => Some(compare_text(a, b, case)),
        (Value::Bool(a), Value::Text(b)) => {
            Some(compare_text(&Value::Bool(*a).to_string(), b, case))
        }
        (Value::Text(a), Value::Bool(b)) => {
            Some(compare_text(a, &Value::Bool(*b).to_string(), case))
        }
        (Value::Bool(a), b) => Some(a.cmp(&b.is_true())),
        (Value::Int(_) | Value::Float(_), Value::Text(b)) => compare(left, &read::number(b)?, case),
        (Value::Text(a), Value::Int(_) | Value::Float(_)) => match read::number(a) {
            Some(number) => compare(&number, right, case),
            None => Some(compare_text(a, &right.to_string(), case)),
        },
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Text(b)) => Some(a.cmp(&read::time(b)?)),
        (Value::Text(a), Value::Time(b)) => Some(read::time(a)?.cmp(b)),
        (Value::Span(a), Value::Span(b)) => Some(a.cmp(b)),
        (Value::Span(a), Value::Text(b)) => Some(a.cmp(&read::span(b)?)),
        (Value::Text(a), Value::Span(b)) => Some(read::span(a)?.cmp(b)),
        _ => None,
    }
}

fn compare_text(a: &str, b: &str, case: Case) -> Ordering {
    match case {
        Case::Minded => a.cmp(b),
        Case::Ignored => {
            a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase))
        }
    }
}

/// An order of all values, for sorting: what cannot be compared goes by kind, then by text.
pub(crate) fn order(left: &Value, right: &Value) -> Ordering {
    compare(left, right, Case::Ignored).unwrap_or_else(|| {
        let rank = |it: &Value| match it {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Int(_) | Value::Float(_) => 2,
            Value::Time(_) => 3,
            Value::Span(_) => 4,
            Value::Text(_) => 5,
            Value::Bytes(_) => 6,
            Value::List(_) => 7,
            Value::Object(_) => 8,
        };
        rank(left).cmp(&rank(right)).then_with(|| left.to_string().cmp(&right.to_string()))
    })
}

/// Whether `text` is like `pattern`: `*` any characters, `?` one, `[a-c]` one of some.
pub(crate) fn like(text: &str, pattern: &str, case: Case) -> bool {
    let fold = |it: &str| -> Vec<char> {
        match case {
            Case::Minded => it.chars().collect(),
            Case::Ignored => it.chars().flat_map(char::to_lowercase).collect(),
        }
    };
    let (text, pattern) = (fold(text), fold(pattern));
    let (mut at, mut wanted) = (0, 0);
    let mut retry = None;
    while at < text.len() {
        let step = if pattern.get(wanted) == Some(&'*') {
            retry = Some((wanted + 1, at));
            wanted += 1;
            continue;
        } else {
            one(&pattern[wanted..], text[at])
        };
        match (step, retry) {
            (Some(length), _) => {
                at += 1;
                wanted += length;
            }
            (None, Some((after_star, from))) => {
                retry = Some((after_star, from + 1));
                at = from + 1;
                wanted = after_star;
            }
            (None, None) => return false,
        }
    }
    pattern[wanted..].iter().all(|it| *it == '*')
}

/// The length of the element `pattern` begins with, if `it` fits it.
fn one(pattern: &[char], it: char) -> Option<usize> {
    match *pattern.first()? {
        '?' => Some(1),
        '`' if pattern.len() > 1 => (pattern[1] == it).then_some(2),
        '[' => {
            let Some(end) = pattern.iter().skip(2).position(|it| *it == ']').map(|it| it + 2)
            else {
                return (it == '[').then_some(1);
            };
            let set = &pattern[1..end];
            let in_range =
                set.windows(3).any(|it3| it3[1] == '-' && (it3[0]..=it3[2]).contains(&it));
            (in_range || set.contains(&it)).then_some(end + 1)
        }
        plain => (plain == it).then_some(1),
    }
}

fn arithmetic(verb: Verb, left: Value, right: Value) -> Result<Value, Failure> {
    let wrong = |left: &Value, right: &Value| {
        let symbol = verb.symbol(Case::Ignored);
        let message = format!("`{symbol}` does not work with {} and {}", left.kind(), right.kind());
        Failure::new("bad-operand", message, "use numbers, times, or text with +")
    };
    match (verb, left, right) {
        (Verb::Plus, Value::List(mut items), right) => {
            items.extend(right.into_objects());
            Ok(Value::List(items))
        }
        (Verb::Plus, Value::Null, right) => Ok(right),
        (Verb::Plus, left @ Value::Object(_), right) => {
            let mut it = wrong(&left, &right);
            "put the object into a list first: @($name) + ...".clone_into(&mut it.complaint.hint);
            Err(it)
        }
        (Verb::Plus, Value::Text(left), right) => Ok(Value::Text(format!("{left}{right}"))),
        (Verb::Minus, Value::Time(a), Value::Time(b)) => Ok(Value::Span(a.duration_since(b))),
        (Verb::Plus, Value::Time(a), Value::Span(b)) => {
            a.checked_add(b).map(Value::Time).map_err(|_| too_far())
        }
        (Verb::Minus, Value::Time(a), Value::Span(b)) => {
            a.checked_sub(b).map(Value::Time).map_err(|_| too_far())
        }
        (Verb::Plus, Value::Span(a), Value::Span(b)) => {
            a.checked_add(b).map(Value::Span).ok_or_else(too_far)
        }
        (Verb::Minus, Value::Span(a), Value::Span(b)) => {
            a.checked_sub(b).map(Value::Span).ok_or_else(too_far)
        }
        (verb, left, right) => {
            let (Some(a), Some(b)) = (numeric(&left), numeric(&right)) else {
                return Err(wrong(&left, &right));
            };
            numbers(verb, &a, &b).ok_or_else(|| wrong(&left, &right))?
        }
    }
}

fn too_far() -> Failure {
    Failure::new("bad-operand", "this time lies outside what can be reckoned with", "")
}

fn numeric(value: &Value) -> Option<Value> {
    match value {
        Value::Int(_) | Value::Float(_) => Some(value.clone()),
        Value::Text(text) => read::number(text),
        Value::Null => Some(Value::Int(0)),
        _ => None,
    }
}

fn numbers(verb: Verb, left: &Value, right: &Value) -> Option<Result<Value, Failure>> {
    if let (Value::Int(a), Value::Int(b)) = (left, right) {
        let exact = match verb {
            Verb::Plus => a.checked_add(*b),
            Verb::Minus => a.checked_sub(*b),
            Verb::Times => a.checked_mul(*b),
            Verb::Divide => a.checked_rem(*b).filter(|it| *it == 0).and_then(|_| a.checked_div(*b)),
            Verb::Remainder => a.checked_rem(*b),
            _ => None,
        };
        if let Some(exact) = exact {
            return Some(Ok(Value::Int(exact)));
        }
    }
    let (a, b) = (left.as_float()?, right.as_float()?);
    if b == 0.0 && matches!(verb, Verb::Divide | Verb::Remainder) {
        let hint = "look at what is on the right side";
        return Some(Err(Failure::new("bad-operand", "this divides by zero", hint)));
    }
    Some(Ok(Value::Float(match verb {
        Verb::Plus => a + b,
        Verb::Minus => a - b,
        Verb::Times => a * b,
        Verb::Divide => a / b,
        Verb::Remainder => a % b,
        _ => return None,
    })))
}
