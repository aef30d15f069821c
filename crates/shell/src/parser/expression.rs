//! Values: operands, paths into them, lists, and operators by rank.

use super::reader::{Parsed, Parser};
use super::text::Parts;
use crate::ast::{
    Argument, Case, Command, Element, Expression, Kind, Named, Operator, Part, Pipeline, Rank,
    Statement, Step, Unary, Verb, WORD_OPERATORS,
};
use crate::lexer::{begins_name, ends_word, is_dash, is_name, is_quote, number_length};
use crate::unsupported::{METHODS, OPERATORS, instead};

impl Parser<'_> {
    /// A value where operators are understood: at the start of a statement and in brackets.
    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.chain(Rank::Logical)
    }

    fn chain(&mut self, rank: Rank) -> Parsed<Expression> {
        let start = self.cursor.at;
        let first = self.below(rank)?;
        let mut rest = Vec::new();
        loop {
            let before = self.cursor.at;
            self.skip_blank()?;
            let Some(operator) = self.operator(rank)? else {
                self.cursor.at = before;
                break;
            };
            self.skip_lines()?;
            rest.push((operator, self.below(rank)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let span = self.span(start);
        Ok(Expression { kind: Kind::Chain(Box::new(first), rest), span })
    }

    fn below(&mut self, rank: Rank) -> Parsed<Expression> {
        match rank {
            Rank::Logical => self.chain(Rank::Comparison),
            Rank::Comparison => self.chain(Rank::Sum),
            Rank::Sum => self.chain(Rank::Product),
            Rank::Product => self.unary(),
        }
    }

    /// Takes the operator at the cursor if it is of `rank`.
    fn operator(&mut self, rank: Rank) -> Parsed<Option<Operator>> {
        let start = self.cursor.at;
        let Some(sign) = self.cursor.bump() else { return Ok(None) };
        let mut case = Case::Ignored;
        let verb = match sign {
            '+' => Verb::Plus,
            '*' => Verb::Times,
            '/' => Verb::Divide,
            '%' => Verb::Remainder,
            _ if !is_dash(sign) => {
                self.cursor.at = start;
                return Ok(None);
            }
            _ => {
                let word = self.cursor.take_while(char::is_alphabetic).to_ascii_lowercase();
                if word.is_empty() {
                    Verb::Minus
                } else if let Some(found) = word_operator(&word) {
                    case = found.1;
                    found.0
                } else if let Some(advice) = instead(OPERATORS, &word) {
                    return Err(self.unsupported(start, format!("the operator `-{word}`"), advice));
                } else {
                    let advice = "use -eq, -ne, -gt, -ge, -lt, -le, -like, -match, -contains, -in";
                    return Err(self.wrong(start, format!("-{word} is no operator"), advice));
                }
            }
        };
        let span = self.span(start);
        if verb.rank() != rank {
            self.cursor.at = start;
            return Ok(None);
        }
        if is_dash(sign) && sign != '-' {
            self.note(span, format!("`{sign}` is read as a hyphen"));
        }
        Ok(Some(Operator { verb, case, span }))
    }

    fn unary(&mut self) -> Parsed<Expression> {
        let start = self.cursor.at;
        let mut operators = Vec::new();
        loop {
            self.skip_blank()?;
            let here = self.cursor.at;
            let Some(next) = self.cursor.peek() else { break };
            if next == '!' {
                self.cursor.bump();
                operators.push(Unary::Not);
                continue;
            }
            if !is_dash(next) || self.at_number() {
                break;
            }
            self.cursor.bump();
            let word = self.cursor.take_while(char::is_alphabetic).to_owned();
            if word.is_empty() {
                operators.push(Unary::Minus);
            } else if word.eq_ignore_ascii_case("not") {
                operators.push(Unary::Not);
            } else if let Some(advice) = instead(OPERATORS, &word) {
                return Err(self.unsupported(here, format!("the operator `-{word}`"), advice));
            } else {
                let advice = "name the cmdlet before its parameters, or put a value before it";
                return Err(self.wrong(here, format!("`-{word}` has nothing before it"), advice));
            }
        }
        let operand = self.list()?;
        if operators.is_empty() {
            return Ok(operand);
        }
        let span = self.span(start);
        Ok(Expression { kind: Kind::Unary(operators, Box::new(operand)), span })
    }

    fn list(&mut self) -> Parsed<Expression> {
        let start = self.cursor.at;
        let first = self.operand()?;
        self.listed(start, first, |parser, _| parser.operand())
    }

    fn at_number(&self) -> bool {
        let rest = self.cursor.rest();
        let unsigned = rest.strip_prefix(is_dash).unwrap_or(rest);
        unsigned.starts_with(|it: char| it.is_ascii_digit() || it == '.')
            && number_length(unsigned) > 0
    }

    fn operand(&mut self) -> Parsed<Expression> {
        let start = self.cursor.at;
        if self.at_number() {
            return self.number();
        }
        match self.cursor.peek() {
            None => Err(self.incomplete(start, "a value is missing", "go on with the line")),
            Some('$' | '(' | '@' | '{') => self.bracketed(),
            Some(next) if is_quote(next) => {
                let text = self.quoted_text()?;
                self.path(text)
            }
            Some('<') => {
                let mut parts = Parts::default();
                self.placeholder(&mut parts)?;
                Ok(parts.into_expression(self.span(start)))
            }
            Some('[') => self.type_in_brackets(),
            Some(next) if begins_name(next) => {
                let word = self.cursor.take_while(|it| !ends_word(it)).to_owned();
                let message = format!("`{word}` is neither a value nor a variable here");
                let advice = "put quotes around text, $ before a variable, ( ) around a cmdlet";
                Err(self.wrong(start, message, advice))
            }
            Some(next) => {
                self.cursor.bump();
                let shown = if next == '\n' { "end of the line" } else { self.cursor.since(start) };
                let message = format!("`{shown}` stands where a value is needed");
                Err(self.wrong(start, message, "put a value here"))
            }
        }
    }

    /// `[System.IO.File]::ReadAllBytes( ... )`, the one known form; any other type is refused.
    fn type_in_brackets(&mut self) -> Parsed<Expression> {
        let start = self.cursor.at;
        self.cursor.bump();
        let name = self.cursor.take_while(|it| it != ']' && it != '\n').trim().to_lowercase();
        self.cursor.take("]");
        if !self.cursor.take("::") {
            let advice = "leave it out; cmdlets convert what they are given";
            return Err(self.unsupported(start, "a type in brackets", advice));
        }
        let member = self.cursor.take_while(is_name).to_owned();
        let file = matches!(name.as_str(), "system.io.file" | "io.file");
        if !file || !member.eq_ignore_ascii_case("ReadAllBytes") || !self.cursor.take("(") {
            let what = format!("the method `{member}` of a type");
            let advice = "use cmdlets; Get-Content reads files, with -Encoding Byte as bytes";
            return Err(self.unsupported(start, what, advice));
        }
        let Kind::Group(path) = self.group(self.cursor.at - 1)? else {
            return Err(self.wrong(start, "a file's name is missing", "name one in the brackets"));
        };
        let span = self.span(start);
        self.note(span, "this is read as Get-Content with -Encoding Byte".to_owned());
        let given = |name: &str, value: Option<Expression>| {
            Argument::Parameter(Named { name: name.to_owned(), value, span })
        };
        let byte = Expression { kind: Kind::Text(vec![Part::Literal("Byte".to_owned())]), span };
        let path = Expression { kind: Kind::Group(path), span };
        let arguments = vec![given("Path", Some(path)), given("Encoding", Some(byte))];
        let command = Command { name: "Get-Content".to_owned(), arguments, span };
        let pipeline = Pipeline { first: Element::Command(command), rest: Vec::new() };
        Ok(Expression { kind: Kind::Group(Box::new(pipeline)), span })
    }

    fn number(&mut self) -> Parsed<Expression> {
        let start = self.cursor.at;
        let sign = self.cursor.rest().chars().next().filter(|it| is_dash(*it));
        self.cursor.at += sign.map_or(0, char::len_utf8);
        let digits = self.cursor.at;
        self.cursor.at += number_length(self.cursor.rest());
        let text = format!("{}{}", sign.map_or("", |_| "-"), self.cursor.since(digits));
        if self.cursor.peek().is_some_and(is_name) {
            self.cursor.take_while(is_name);
            return Err(self.wrong(start, "this is no number", "put quotes around text"));
        }
        Ok(Expression { kind: Kind::Number(text), span: self.span(start) })
    }

    /// One value after a cmdlet: no operators, and bare words are text.
    pub(super) fn single_argument(&mut self) -> Parsed<Expression> {
        let start = self.cursor.at;
        let next = self.cursor.peek();
        let after = self.cursor.peek_at(1);
        let value = match next {
            Some('(' | '{') => self.bracketed()?,
            Some('@') if after.is_some_and(|it| matches!(it, '(' | '{') || is_quote(it)) => {
                self.bracketed()?
            }
            Some('@') if after.is_some_and(begins_name) => {
                self.cursor.bump();
                self.cursor.take_while(is_name);
                let advice = "write the parameters out";
                return Err(self.unsupported(start, "splatting with `@`", advice));
            }
            Some('$') if after.is_some_and(|it| it == '(' || it == '{' || begins_name(it)) => {
                let value = self.bracketed()?;
                if matches!(value.kind, Kind::Variable(_) | Kind::Sub(_)) && !self.at_end_of_word()
                {
                    return self.word(Parts::begun(value));
                }
                value
            }
            Some('[') if after.is_some_and(begins_name) && self.at_cast() => return self.operand(),
            _ => return self.number_or_word(),
        };
        if !self.at_end_of_word() {
            let here = self.cursor.at;
            self.cursor.bump();
            let advice = "leave a blank before it, or put all of it into quotes: \"$( ... )...\"";
            return Err(self.wrong(here, "this is glued to the value before it", advice));
        }
        Ok(value)
    }

    fn at_end_of_word(&self) -> bool {
        self.cursor.peek().is_none_or(ends_word) || self.cursor.at_continuation()
    }

    /// Whether `[name]` is followed by a value, as in `[int]"5"`; otherwise it is a pattern.
    fn at_cast(&self) -> bool {
        let rest = self.cursor.rest();
        rest.find(']').is_some_and(|end| {
            rest[1..end].chars().all(|it| is_name(it) || it == '.')
                && rest[end + 1..].starts_with(['"', '\'', '$', '(', ':'])
        })
    }

    /// A value that begins with `$`, `(`, `@` or `{`, and the path into it.
    fn bracketed(&mut self) -> Parsed<Expression> {
        let start = self.cursor.at;
        let first = self.cursor.peek().unwrap_or_default();
        let after = self.cursor.peek_at(1);
        let kind = match (first, after) {
            ('(', _) => {
                self.cursor.bump();
                self.group(start)?
            }
            ('{', _) => Kind::Block(self.nested_statements(1, '}')?),
            ('$', Some('(')) => Kind::Sub(self.nested_statements(2, ')')?),
            ('$', _) => Kind::Variable(self.variable_name()?),
            ('@', Some('(')) => Kind::Array(self.nested_statements(2, ')')?),
            ('@', Some('{')) => self.nested(|it| it.hash(start))?,
            ('@', Some(quote)) if is_quote(quote) => return self.here_string(),
            _ => {
                self.cursor.bump();
                let advice = "write @( ... ) for a list or @{ ... } for named values";
                return Err(self.wrong(start, "`@` begins nothing here", advice));
            }
        };
        let value = Expression { kind, span: self.span(start) };
        self.path(value)
    }

    fn nested_statements(&mut self, opening: usize, closer: char) -> Parsed<Vec<Statement>> {
        self.cursor.at += opening;
        self.nested(|it| it.statements(Some(closer)))
    }

    fn group(&mut self, start: usize) -> Parsed<Kind> {
        self.nested(|it| {
            it.skip_lines()?;
            if it.cursor.peek().is_none() {
                return Err(Self::never_closed(start + 1));
            }
            let pipeline = it.pipeline()?;
            it.skip_lines()?;
            if it.cursor.peek().is_none() {
                return Err(Self::never_closed(start + 1));
            }
            if !it.cursor.take(")") {
                it.end_of_statement(Some(')'))?;
                let here = it.cursor.at;
                it.cursor.bump();
                let advice = "write $( ... ) for several statements";
                return Err(it.wrong(here, "one pipeline fits into ( )", advice));
            }
            Ok(Kind::Group(Box::new(pipeline)))
        })
    }

    fn hash(&mut self, start: usize) -> Parsed<Kind> {
        self.cursor.at += 2;
        let mut entries: Vec<(String, _)> = Vec::new();
        loop {
            self.skip_lines()?;
            let here = self.cursor.at;
            match self.cursor.peek() {
                None => return Err(Self::never_closed(start + 2)),
                Some('}') => {
                    self.cursor.bump();
                    return Ok(Kind::Hash(entries));
                }
                Some(';') => {
                    self.cursor.bump();
                    continue;
                }
                Some(_) => {}
            }
            let key = self.key()?;
            if entries.iter().any(|(known, _)| known.eq_ignore_ascii_case(&key)) {
                let message = format!("`{key}` is given twice");
                return Err(self.wrong(here, message, "give each name once"));
            }
            self.skip_blank()?;
            if !self.cursor.take("=") {
                let advice = "write @{ Name = value }";
                if self.cursor.peek().is_none() {
                    return Err(Self::never_closed(start + 2));
                }
                return Err(self.wrong(here, format!("`=` is missing after `{key}`"), advice));
            }
            self.skip_lines()?;
            if self.cursor.peek().is_none() {
                return Err(Self::never_closed(start + 2));
            }
            let value = self.pipeline()?;
            if let Element::Expression(Expression { kind: Kind::Block(_), .. }) = &value.first {
                let advice = "work it out before: `ForEach-Object { @{ Name = ... } }`";
                return Err(self.unsupported(here, "a property with a script block", advice));
            }
            self.skip_blank()?;
            if self.cursor.peek().is_some() {
                self.end_of_statement(Some('}'))?;
            }
            entries.push((key, value));
        }
    }

    fn key(&mut self) -> Parsed<String> {
        let start = self.cursor.at;
        let Some(next) = self.cursor.peek() else {
            return Err(Self::never_closed(start));
        };
        if begins_name(next) {
            return Ok(self.cursor.take_while(is_name).to_owned());
        }
        if is_quote(next)
            && let Kind::Text(parts) = self.quoted_text()?.kind
        {
            match parts.as_slice() {
                [] => return Ok(String::new()),
                [Part::Literal(text)] => return Ok(text.clone()),
                _ => {}
            }
        } else {
            self.cursor.bump();
        }
        Err(self.wrong(start, "this is no plain name", "write @{ Name = value }"))
    }

    /// `.Name` and `[index]` after a value.
    fn path(&mut self, base: Expression) -> Parsed<Expression> {
        let start = base.span.start;
        let mut steps = Vec::new();
        loop {
            let here = self.cursor.at;
            let after = self.cursor.peek_at(1);
            if self.cursor.starts_with("::") {
                self.cursor.take("::");
                let advice = "use the properties of objects";
                return Err(self.unsupported(here, "`::`", advice));
            } else if self.cursor.starts_with(".") && after.is_some_and(begins_name) {
                self.cursor.bump();
                let name = self.cursor.take_while(is_name).to_owned();
                if self.cursor.starts_with("(") {
                    let whole = self.cursor.between(start, here);
                    let advice = instead(METHODS, &name).map_or_else(
                        || "only properties can be read; use operators and cmdlets".to_owned(),
                        |it| it.replace("$it", whole),
                    );
                    return Err(self.unsupported(here, format!("the method `{name}`"), &advice));
                }
                steps.push(Step::Member(name, self.span(here)));
            } else if self.cursor.starts_with("[") {
                self.cursor.bump();
                steps.push(Step::Index(self.nested(|it| it.index(here))?));
            } else {
                break;
            }
        }
        if steps.is_empty() {
            return Ok(base);
        }
        let span = self.span(start);
        Ok(Expression { kind: Kind::Path(Box::new(base), steps), span })
    }

    fn index(&mut self, open: usize) -> Parsed<Expression> {
        self.skip_lines()?;
        let index = self.expression()?;
        self.skip_lines()?;
        if !self.cursor.take("]") {
            if self.cursor.peek().is_none() {
                return Err(Self::never_closed(open + 1));
            }
            let here = self.cursor.at;
            self.cursor.bump();
            return Err(self.wrong(here, "`]` is missing", "write one index: $list[0]"));
        }
        Ok(index)
    }
}

fn word_operator(word: &str) -> Option<(Verb, Case)> {
    let find = |wanted: &str| {
        WORD_OPERATORS.iter().find(|(name, _)| *name == wanted).map(|(_, verb)| *verb)
    };
    if let Some(verb) = find(word) {
        return Some((verb, Case::Ignored));
    }
    let (case, rest) = match word.as_bytes().first()? {
        b'c' => (Case::Minded, &word[1..]),
        b'i' => (Case::Ignored, &word[1..]),
        _ => return None,
    };
    find(rest).filter(|verb| verb.rank() == Rank::Comparison).map(|verb| (verb, case))
}
