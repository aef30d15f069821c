//! Choosing, sorting and measuring objects.

use crate::ast::Case;
use crate::bind::Bound;
use crate::error::Failure;
use crate::operators::{like, order};
use crate::property::{property, require};
use crate::value::{Object, Value};

/// The properties of `input` that `names` mean, each once; `*` and `?` stand for others.
pub(super) fn names_in(input: &[Value], names: &[String]) -> Result<Vec<String>, Failure> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if found.iter().all(|it| !it.eq_ignore_ascii_case(name)) {
            found.push(name.to_owned());
        }
    };
    let all = || {
        input.iter().flat_map(|it| match it {
            Value::Object(object) => object.properties.as_slice(),
            _ => &[],
        })
    };
    for name in names {
        if name.contains(['*', '?']) {
            all().filter(|(it, _)| like(it, name, Case::Ignored)).for_each(|(it, _)| add(it));
        } else {
            require(input, name)?;
            let own = all().find(|(it, _)| it.eq_ignore_ascii_case(name));
            add(own.map_or(name, |(it, _)| it));
        }
    }
    Ok(found)
}

/// `Select-Object`
pub(super) fn select(bound: &Bound, input: Vec<Value>) -> Result<Vec<Value>, Failure> {
    let mut chosen = input;
    let count = |name: &str| bound.int(name).and_then(|it| usize::try_from(it).ok());
    if let Some(skip) = count("Skip") {
        chosen.drain(..skip.min(chosen.len()));
    }
    let (first, last) = (count("First"), count("Last"));
    if first.is_some() || last.is_some() {
        let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
        let total = chosen.len();
        let keep = |at: usize| at < first || at >= total.saturating_sub(last);
        chosen =
            chosen.into_iter().enumerate().filter(|(at, _)| keep(*at)).map(|it| it.1).collect();
    }
    if let Some(wanted) = bound.list("Property") {
        let names = names_in(&chosen, &wanted)?;
        chosen = chosen.iter().map(|it| Value::Object(narrowed(it, &names))).collect();
    }
    if let Some(name) = bound.text("ExpandProperty") {
        require(&chosen, name)?;
        let expand = |it: &Value| property(it, name).unwrap_or_default().into_objects();
        chosen = chosen.iter().flat_map(expand).collect();
    }
    if bound.on("Unique") {
        chosen = unique(chosen);
    }
    Ok(chosen)
}

fn narrowed(value: &Value, names: &[String]) -> Object {
    let kind = if let Value::Object(object) = value { object.kind.as_str() } else { "" };
    names.iter().fold(Object::new(kind), |object, name| {
        object.with(name, property(value, name).unwrap_or_default())
    })
}

/// The values without those that stood before, in their order.
fn unique(values: Vec<Value>) -> Vec<Value> {
    let mut seen = std::collections::HashSet::new();
    values.into_iter().filter(|it| seen.insert(format!("{it:?}").to_lowercase())).collect()
}

/// `Sort-Object`
pub(super) fn sort(bound: &Bound, input: Vec<Value>) -> Result<Vec<Value>, Failure> {
    let names = bound.list("Property").unwrap_or_default();
    names.iter().try_for_each(|name| require(&input, name))?;
    let keys = |value: &Value| -> Vec<Value> {
        if names.is_empty() {
            return vec![value.clone()];
        }
        names.iter().map(|name| property(value, name).unwrap_or_default()).collect()
    };
    let mut keyed: Vec<(Vec<Value>, Value)> = input.into_iter().map(|it| (keys(&it), it)).collect();
    let compare = |a: &[Value], b: &[Value]| {
        a.iter()
            .zip(b)
            .map(|(a, b)| order(a, b))
            .find(|it| it.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    };
    // Mixed kinds need not form a total order by `order` alone; the sort must not fail on them.
    if bound.on("Descending") {
        stable_sort(&mut keyed, |a, b| compare(&b.0, &a.0));
    } else {
        stable_sort(&mut keyed, |a, b| compare(&a.0, &b.0));
    }
    if bound.on("Unique") {
        keyed.dedup_by(|a, b| compare(&a.0, &b.0).is_eq());
    }
    Ok(keyed.into_iter().map(|(_, value)| value).collect())
}

/// A merge sort that takes any comparison, also one that is no total order.
fn stable_sort<T>(items: &mut Vec<T>, compare: impl Fn(&T, &T) -> std::cmp::Ordering + Copy) {
    if items.len() < 2 {
        return;
    }
    let mut right = items.split_off(items.len() / 2);
    stable_sort(items, compare);
    stable_sort(&mut right, compare);
    let mut merged = Vec::with_capacity(items.len() + right.len());
    let mut left = items.drain(..).peekable();
    let mut right = right.into_iter().peekable();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        merged.extend(if compare(b, a).is_lt() { right.next() } else { left.next() });
    }
    merged.extend(left.by_ref());
    merged.extend(right);
    drop(left);
    *items = merged;
}

/// `Measure-Object`
pub(super) fn measure(bound: &Bound, input: &[Value]) -> Result<Vec<Value>, Failure> {
    let name = bound.text("Property");
    if let Some(name) = name {
        require(input, name)?;
    }
    let values: Vec<Value> = input
        .iter()
        .filter_map(|it| name.map_or(Some(it.clone()), |name| property(it, name).ok()))
        .filter(|it| *it != Value::Null)
        .collect();
    let mut result = Object::new("Measure").with("Count", values.len());
    let numbers = || -> Result<Vec<f64>, Failure> {
        values
            .iter()
            .map(|it| {
                it.as_float().ok_or_else(|| {
                    let message = format!("{} cannot be added up", it.kind());
                    Failure::new("bad-operand", message, "name a property that is a number")
                })
            })
            .collect()
    };
    if bound.on("Average") {
        let numbers = numbers()?;
        let count = Value::from(numbers.len()).as_float().unwrap_or_default();
        let average = if numbers.is_empty() {
            Value::Null
        } else {
            tidy(numbers.iter().sum::<f64>() / count)
        };
        result = result.with("Average", average);
    }
    if bound.on("Sum") {
        result = result.with("Sum", tidy(numbers()?.iter().sum()));
    }
    if bound.on("Maximum") {
        result = result.with("Maximum", values.iter().cloned().max_by(order));
    }
    if bound.on("Minimum") {
        result = result.with("Minimum", values.iter().cloned().min_by(order));
    }
    Ok(vec![Value::Object(result.with("Property", name.unwrap_or_default()))])
}

/// A whole number where it is one.
#[expect(clippy::cast_possible_truncation, reason = "within the range where floats are exact")]
fn tidy(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        return Value::Int(number as i64);
    }
    Value::Float(number)
}
