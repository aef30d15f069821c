//! One table of a TOML file: takes values of the right type out of it, with the line of each.
//!
//! Every key that is asked for becomes a known key. What was never asked for is unknown, and is
//! told with the known key that was probably meant.

use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::findings::Findings;
use crate::names::nearest;

/// What was said, and on which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said<T> {
    pub(crate) line: usize,
    pub(crate) value: T,
}

/// Whether a table is complete without a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
}

type Value<'t> = Spanned<DeValue<'t>>;

pub(crate) struct Table<'t> {
    /// How people call it: `[[site]]`, `stores of [[pool]]`.
    title: &'static str,
    line: usize,
    entries: &'t DeTable<'t>,
    known: Vec<&'static str>,
}

impl<'t> Table<'t> {
    pub(crate) fn new(title: &'static str, line: usize, entries: &'t DeTable<'t>) -> Self {
        Self { title, line, entries, known: Vec::new() }
    }

    pub(crate) fn line(&self) -> usize {
        self.line
    }

    pub(crate) fn text(
        &mut self,
        key: &'static str,
        need: Need,
        findings: &mut Findings,
    ) -> Option<Said<String>> {
        let value = self.take(key, need, findings)?;
        let line = findings.line(value.span().start);
        if let DeValue::String(text) = value.get_ref() {
            return Some(Said { line, value: text.to_string() });
        }
        self.wrong_type(key, value, "a text in quotes", findings);
        None
    }

    pub(crate) fn texts(
        &mut self,
        key: &'static str,
        need: Need,
        findings: &mut Findings,
    ) -> Option<Vec<Said<String>>> {
        let value = self.take(key, need, findings)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, value, "a list of texts: [\"one\", \"two\"]", findings);
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            if let DeValue::String(text) = item.get_ref() {
                let line = findings.line(item.span().start);
                texts.push(Said { line, value: text.to_string() });
            } else {
                self.wrong_type(key, item, "a list of texts only", findings);
            }
        }
        Some(texts)
    }

    pub(crate) fn port(&mut self, key: &'static str, findings: &mut Findings) -> Option<Said<u16>> {
        let said = self.number(key, 1..=usize::from(u16::MAX), findings)?;
        let value = u16::try_from(said.value).expect("the range is that of ports");
        Some(Said { line: said.line, value })
    }

    pub(crate) fn number(
        &mut self,
        key: &'static str,
        allowed: RangeInclusive<usize>,
        findings: &mut Findings,
    ) -> Option<Said<usize>> {
        let value = self.take(key, Need::Optional, findings)?;
        let line = findings.line(value.span().start);
        let DeValue::Integer(digits) = value.get_ref() else {
            self.wrong_type(key, value, "a whole number without quotes", findings);
            return None;
        };
        match usize::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(number) if allowed.contains(&number) => Some(Said { line, value: number }),
            Ok(_) | Err(_) => {
                let what = format!("`{key}` of {} cannot be {digits}", self.title);
                let (least, most) = (allowed.start(), allowed.end());
                findings.error(line, what, format!("write a number from {least} to {most}"));
                None
            }
        }
    }

    pub(crate) fn flag(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<Said<bool>> {
        let value = self.take(key, Need::Optional, findings)?;
        let line = findings.line(value.span().start);
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(Said { line, value: *flag });
        }
        self.wrong_type(key, value, "`true` or `false` without quotes", findings);
        None
    }

    /// The table under `key`, to be read under its own `title`.
    pub(crate) fn table(
        &mut self,
        key: &'static str,
        need: Need,
        title: &'static str,
        findings: &mut Findings,
    ) -> Option<Table<'t>> {
        let value = self.take(key, need, findings)?;
        if let DeValue::Table(entries) = value.get_ref() {
            return Some(Table::new(title, findings.line(value.span().start), entries));
        }
        self.wrong_type(key, value, "a table: { key = \"value\" }", findings);
        None
    }

    /// Every table under `[[key]]`.
    pub(crate) fn tables(
        &mut self,
        key: &'static str,
        title: &'static str,
        findings: &mut Findings,
    ) -> Vec<Table<'t>> {
        let Some(value) = self.take(key, Need::Optional, findings) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            let wanted = format!("one or more tables, each under its own line {title}");
            self.wrong_type(key, value, &wanted, findings);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items {
            if let DeValue::Table(entries) = item.get_ref() {
                tables.push(Table::new(title, findings.line(item.span().start), entries));
            } else {
                self.wrong_type(key, item, "a list of tables only", findings);
            }
        }
        tables
    }

    /// Tells every key that nobody asked for.
    pub(crate) fn finish(self, findings: &mut Findings) {
        for (key, _) in self.entries {
            let name: &str = key.get_ref();
            if self.known.contains(&name) {
                continue;
            }
            let known = self.known.join("`, `");
            let to_do = match nearest(name, self.known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("remove it, or write one of `{known}`"),
            };
            let what = format!("{} has no key `{name}`", self.title);
            findings.error(findings.line(key.span().start), what, to_do);
        }
    }

    fn take(
        &mut self,
        key: &'static str,
        need: Need,
        findings: &mut Findings,
    ) -> Option<&'t Value<'t>> {
        self.known.push(key);
        let found = self.find(key);
        if found.is_none() && need == Need::Required {
            let what = format!("{} has no `{key}`", self.title);
            findings.error(self.line, what, format!("add a line `{key} = ...`"));
        }
        found
    }

    fn find(&self, key: &str) -> Option<&'t Value<'t>> {
        let is_key = |(name, _): &(&Spanned<DeString<'t>>, _)| name.get_ref() == key;
        self.entries.iter().find(is_key).map(|(_, value)| value)
    }

    fn wrong_type(&self, key: &str, value: &Value<'_>, wanted: &str, findings: &mut Findings) {
        let is = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let what = format!("`{key}` of {} has {is} where it cannot be", self.title);
        findings.error(findings.line(value.span().start), what, format!("write {wanted}"));
    }
}
