//! What stands before `=`: a variable, or the way to something within one.

use super::reader::{Parsed, Parser};
use super::text::canonical_variable;
use crate::ast::{Case, Expression, Kind, Operator, Step, Verb};
use crate::error::{Complaint, ParseError, ParseErrorKind};
use crate::lexer::{begins_name, is_name};

/// Signs that set something, longest first, with what they do to what was there.
const SIGNS: &[(&str, Option<Verb>)] = &[
    ("+=", Some(Verb::Plus)),
    ("-=", Some(Verb::Minus)),
    ("*=", Some(Verb::Times)),
    ("/=", Some(Verb::Divide)),
    ("%=", Some(Verb::Remainder)),
    ("=", None),
];

/// What is set: the variable, the way within it, and the operator of `+=`.
type Target = (String, Vec<Step>, Option<Operator>);

impl Parser<'_> {
    /// What is set in `$name =` or `$name.Property +=`, with the sign taken; otherwise nothing is
    /// taken.
    pub(super) fn assigned(&mut self) -> Parsed<Option<Target>> {
        let start = self.cursor.at;
        let target = self.target()?;
        if target.is_none() {
            self.cursor.at = start;
        }
        Ok(target)
    }

    fn target(&mut self) -> Parsed<Option<Target>> {
        let start = self.cursor.at;
        if !self.cursor.take("$") {
            return Ok(None);
        }
        let braced = self.cursor.take("{");
        let name = self.cursor.take_while(is_name).to_owned();
        if name.is_empty() || (braced && !self.cursor.take("}")) {
            return Ok(None);
        }
        let Some(steps) = self.plain_steps() else { return Ok(None) };
        let whole = self.span(start);
        self.skip_blank()?;
        let here = self.cursor.at;
        for sign in ["++", "--"] {
            if self.cursor.take(sign) {
                let advice = format!("write it out: {}= 1", &sign[1..]);
                return Err(self.unsupported(here, format!("`{sign}`"), &advice));
            }
        }
        let found = SIGNS.iter().find(|(sign, _)| self.cursor.starts_with(sign));
        let Some((sign, verb)) = found else { return Ok(None) };
        if *sign == "=" && self.cursor.starts_with("==") {
            return Ok(None);
        }
        self.cursor.take(sign);
        let name = canonical_variable(&name);
        let fixed = matches!(name.as_str(), "null" | "true" | "false");
        if fixed || (name == "_" && steps.is_empty()) {
            let complaint = Complaint {
                message: format!("${name} cannot be assigned to"),
                hint: "choose another name".to_owned(),
                span: Some(whole),
            };
            return Err(ParseError { kind: ParseErrorKind::Wrong, complaint });
        }
        let span = self.span(here);
        let operator = verb.map(|verb| Operator { verb, case: Case::Ignored, span });
        Ok(Some((name, steps, operator)))
    }

    /// `.Name`, `[0]`, `[$at]`; none if there is anything else, which can be read and not set.
    fn plain_steps(&mut self) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            let here = self.cursor.at;
            if self.cursor.starts_with(".") && self.cursor.peek_at(1).is_some_and(begins_name) {
                self.cursor.bump();
                let name = self.cursor.take_while(is_name).to_owned();
                steps.push(Step::Member(name, self.span(here)));
            } else if self.cursor.take("[") {
                let inside = self.cursor.at;
                let variable = self.cursor.take("$");
                let text = self.cursor.take_while(|it| is_name(it) || it == '-').to_owned();
                let span = self.span(inside);
                let kind = if variable && text.chars().all(is_name) && !text.is_empty() {
                    Kind::Variable(canonical_variable(&text))
                } else if text.parse::<i64>().is_ok() && !variable {
                    Kind::Number(text)
                } else {
                    return None;
                };
                if !self.cursor.take("]") {
                    return None;
                }
                steps.push(Step::Index(Expression { kind, span }));
            } else {
                return Some(steps);
            }
        }
    }
}
