//! Words, quotes, here-strings, `$` and placeholders: everything that becomes text.

use super::reader::{Parsed, Parser};
use crate::ast::{Expression, Kind, Part};
use crate::error::ParseErrorKind;
use crate::lexer::{
    begins_name, ends_word, is_blank, is_double_quote, is_name, is_quote, is_single_quote,
    number_length,
};
use crate::source::Span;

/// The parts of a text being read; neighbouring literals are one.
#[derive(Default)]
pub(super) struct Parts(Vec<Part>);

impl Parts {
    fn push_char(&mut self, it: char) {
        if let Some(Part::Literal(text)) = self.0.last_mut() {
            text.push(it);
        } else {
            self.0.push(Part::Literal(it.to_string()));
        }
    }

    fn push(&mut self, part: Part) {
        self.0.push(part);
    }

    /// The parts of a word that begins with a variable or `$( ... )`.
    pub(super) fn begun(value: Expression) -> Self {
        Self(match value.kind {
            Kind::Variable(name) => vec![Part::Variable(name, value.span)],
            Kind::Sub(statements) => vec![Part::Sub(statements)],
            _ => Vec::new(),
        })
    }

    pub(super) fn into_expression(self, span: Span) -> Expression {
        Expression { kind: Kind::Text(self.0), span }
    }
}

impl Parser<'_> {
    /// A bare word, a quoted text, or several of them without a blank between: one argument.
    pub(super) fn word(&mut self, mut parts: Parts) -> Parsed<Expression> {
        let start = self.cursor.at;
        let began_quoted = self.cursor.peek().is_some_and(is_quote);
        let mut quoted_end = None;
        while let Some(next) = self.cursor.peek() {
            match next {
                _ if ends_word(next) => break,
                _ if is_quote(next) => {
                    self.quoted(&mut parts)?;
                    quoted_end.get_or_insert(self.cursor.at);
                }
                '$' => self.dollar(&mut parts)?,
                '<' | '>' => self.placeholder(&mut parts)?,
                '`' if self.cursor.at_continuation() => break,
                '`' => self.escape(&mut parts)?,
                _ => {
                    parts.push_char(next);
                    self.cursor.bump();
                }
            }
        }
        let span = self.span(start);
        if began_quoted && quoted_end.is_some_and(|it| it < self.cursor.at) {
            let message = "a quote closes within this word; it is read as one argument";
            self.note(span, message.to_owned());
        }
        if parts.0.is_empty() && start == self.cursor.at {
            return Err(self.wrong(start, "a value is missing", "put a value here"));
        }
        Ok(parts.into_expression(span))
    }

    /// A number if the whole bare word is one, otherwise the word.
    pub(super) fn number_or_word(&mut self) -> Parsed<Expression> {
        let start = self.cursor.at;
        let length = number_length(self.cursor.rest());
        let after = self.cursor.rest()[length..].chars().next();
        if length > 0 && after.is_none_or(ends_word) {
            self.cursor.at += length;
            let kind = Kind::Number(self.cursor.since(start).to_owned());
            return Ok(Expression { kind, span: self.span(start) });
        }
        self.word(Parts::default())
    }

    /// One quoted text, onto `parts`.
    pub(super) fn quoted(&mut self, parts: &mut Parts) -> Parsed<()> {
        let open = self.cursor.at;
        let expands = self.cursor.bump().is_some_and(is_double_quote);
        let closes = if expands { is_double_quote } else { is_single_quote };
        loop {
            match self.cursor.peek() {
                None => return self.unclosed(open),
                Some(next) if closes(next) => {
                    self.cursor.bump();
                    if !self.cursor.peek().is_some_and(closes) {
                        return Ok(());
                    }
                    self.cursor.bump();
                    parts.push_char(next);
                }
                Some('`') if expands => self.escape(parts)?,
                Some('$') if expands => self.dollar(parts)?,
                Some(next) => {
                    parts.push_char(next);
                    self.cursor.bump();
                }
            }
        }
    }

    /// The end of the text within quotes: forgiven in a single line that asks a `Get-Cs...`.
    fn unclosed(&mut self, open: usize) -> Parsed<()> {
        if self.one_line && self.depth == 0 && self.in_cs_question {
            let message = "this quote is never closed; it is read up to the end of the line";
            self.note(self.span(open), message.to_owned());
            return Ok(());
        }
        self.cursor.at = open;
        self.cursor.bump();
        Err(self.incomplete(open, "this quote is never closed", "close it, or take it out"))
    }

    /// A whole quoted text, as a value.
    pub(super) fn quoted_text(&mut self) -> Parsed<Expression> {
        let start = self.cursor.at;
        let mut parts = Parts::default();
        self.quoted(&mut parts)?;
        Ok(parts.into_expression(self.span(start)))
    }

    /// `@"` and `@'`: lines up to the closing mark at the beginning of a line.
    pub(super) fn here_string(&mut self) -> Parsed<Expression> {
        let start = self.cursor.at;
        self.cursor.bump();
        let quote = self.cursor.bump().unwrap_or_default();
        let expands = is_double_quote(quote);
        let closes = if expands { is_double_quote } else { is_single_quote };
        self.cursor.take_while(is_blank);
        if !self.cursor.take("\n") {
            let advice = "begin the text on the next line";
            if self.cursor.peek().is_none() {
                return Err(self.incomplete(start, "a here-string needs lines", advice));
            }
            return Err(self.wrong(start, "a here-string cannot begin on its first line", advice));
        }
        let mut parts = Parts::default();
        let mut line_break = Some(0);
        loop {
            if let Some(length) = line_break
                && self.cursor.peek_at(length).is_some_and(closes)
                && self.cursor.peek_at(length + 1) == Some('@')
            {
                for _ in 0..length + 2 {
                    self.cursor.bump();
                }
                return Ok(parts.into_expression(self.span(start)));
            }
            match self.cursor.peek() {
                None => {
                    self.cursor.at = start + 1 + quote.len_utf8();
                    let advice = "close it with the quote and @ at the beginning of a line";
                    return Err(self.incomplete(start, "this here-string never ends", advice));
                }
                Some('`') if expands => self.escape(&mut parts)?,
                Some('$') if expands => self.dollar(&mut parts)?,
                Some(next) => {
                    parts.push_char(next);
                    self.cursor.bump();
                }
            }
            line_break = match self.cursor.rest().as_bytes() {
                [b'\r', b'\n', ..] => Some(2),
                [b'\n', ..] => Some(1),
                _ => None,
            };
        }
    }

    /// A backtick and what it gives.
    fn escape(&mut self, parts: &mut Parts) -> Parsed<()> {
        let start = self.cursor.at;
        self.cursor.bump();
        let Some(next) = self.cursor.bump() else {
            let advice = "take it out, or go on with the line";
            return Err(self.incomplete(start, "nothing follows the backtick", advice));
        };
        parts.push_char(match next {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            'u' if self.cursor.take("{") => {
                let digits = self.cursor.take_while(|it| it.is_ascii_hexdigit());
                let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                let Some(found) = code.filter(|_| self.cursor.take("}")) else {
                    let advice = "write the code point in hexadecimal: `u{e9}";
                    return Err(self.wrong(start, "this names no character", advice));
                };
                found
            }
            other => other,
        });
        Ok(())
    }

    /// `$name`, `${name}`, `$( ... )`, or a dollar sign that stands for itself.
    fn dollar(&mut self, parts: &mut Parts) -> Parsed<()> {
        let start = self.cursor.at;
        let Some(next) = self.cursor.peek_at(1) else {
            self.cursor.bump();
            parts.push_char('$');
            return Ok(());
        };
        if next == '(' {
            self.cursor.bump();
            self.cursor.bump();
            let statements = self.nested(|it| it.statements(Some(')')))?;
            parts.push(Part::Sub(statements));
        } else if next == '{' || begins_name(next) {
            let name = self.variable_name()?;
            parts.push(Part::Variable(name, self.span(start)));
        } else {
            self.cursor.bump();
            parts.push_char('$');
        }
        Ok(())
    }

    /// The name of the variable at the cursor, which stands on its `$`.
    pub(super) fn variable_name(&mut self) -> Parsed<String> {
        let start = self.cursor.at;
        self.cursor.bump();
        let braced = self.cursor.take("{");
        let name = self.cursor.take_while(is_name).to_owned();
        let scoped = self.cursor.starts_with(":")
            && self.cursor.peek_at(1).is_some_and(|it| braced || is_name(it));
        if scoped && !name.is_empty() {
            self.cursor.take_while(|it| is_name(it) || it == ':');
            let advice = "use plain variables; to put a colon after one, write ${name}:";
            return Err(self.unsupported(start, "a variable with a scope", advice));
        }
        if name.is_empty() || (braced && !self.cursor.take("}")) {
            let advice = "name a variable with letters, digits and _, such as $pool";
            let kind = if self.cursor.peek().is_none() {
                ParseErrorKind::Incomplete
            } else {
                ParseErrorKind::Wrong
            };
            return Err(self.error(kind, start, "this names no variable", advice));
        }
        Ok(canonical_variable(&name))
    }

    /// `<what to fill in>`; any other `<` or `>` is a redirection.
    pub(super) fn placeholder(&mut self, parts: &mut Parts) -> Parsed<()> {
        let start = self.cursor.at;
        let inside = self.cursor.rest().strip_prefix('<').and_then(|rest| {
            let end = rest.find(|it: char| is_quote(it) || "<>\n|;$`#".contains(it))?;
            rest[end..].starts_with('>').then(|| &rest[..end])
        });
        match inside {
            Some(name) if !name.trim().is_empty() && !name.starts_with(is_blank) => {
                self.cursor.at += name.len() + 2;
                let span = self.span(start);
                parts.push(Part::Placeholder(name.trim_end().to_owned(), span));
                Ok(())
            }
            _ => Err(self.redirection(start)),
        }
    }
}

/// Variables that the language itself knows have one spelling.
pub(super) fn canonical_variable(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "null" | "true" | "false" => lower,
        "psitem" => "_".to_owned(),
        _ => name.to_owned(),
    }
}
