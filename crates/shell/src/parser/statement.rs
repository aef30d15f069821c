//! Statements, pipelines, and cmdlets with their arguments.

use super::reader::{Parsed, Parser};
use crate::ast::{Argument, Assignment, Command, Element, Expression, Named, Pipeline, Statement};
use crate::lexer::{begins_name, ends_word, is_dash, is_name, is_quote};
use crate::unsupported::{KEYWORDS, instead};

impl Parser<'_> {
    /// Statements up to `closer`, which is taken, or to the end of the text.
    pub(super) fn statements(&mut self, closer: Option<char>) -> Parsed<Vec<Statement>> {
        let open = self.cursor.at;
        let mut statements = Vec::new();
        loop {
            self.skip_lines()?;
            match self.cursor.peek() {
                Some(';') => {
                    self.cursor.bump();
                }
                None if closer.is_none() => return Ok(statements),
                None => return Err(Self::never_closed(open)),
                Some(next) if Some(next) == closer => {
                    self.cursor.bump();
                    return Ok(statements);
                }
                Some(_) => {
                    statements.push(self.statement()?);
                    self.end_of_statement(closer)?;
                }
            }
        }
    }

    pub(super) fn end_of_statement(&mut self, closer: Option<char>) -> Parsed<()> {
        self.skip_blank()?;
        let here = self.cursor.at;
        match self.cursor.peek() {
            None | Some(';' | '\n') => Ok(()),
            Some(next) if Some(next) == closer => Ok(()),
            Some('=') => Err(self.unsupported(
                here,
                "assigning to this",
                "assign to a variable or a property of one: $name = ..., $name.Property = ...",
            )),
            Some('&') => Err(self.ampersand(here)),
            Some('>' | '<') => Err(self.redirection(here)),
            Some('.') if self.cursor.starts_with("..") => {
                Err(self.unsupported(here, "the range operator `..`", "write the list: 1, 2, 3"))
            }
            Some('[') => {
                Err(self.wrong(here, "`[` does not belong here", "leave no blank before it"))
            }
            Some(next) if next == ')' || next == '}' => Err(self.wrong(
                here,
                format!("`{next}` closes nothing"),
                "take it out, or put in what opens it",
            )),
            Some(next) => Err(self.wrong(
                here,
                format!("`{next}` does not belong here"),
                "end the statement with `;` or a new line, or quote the text",
            )),
        }
    }

    pub(super) fn statement(&mut self) -> Parsed<Statement> {
        let start = self.cursor.at;
        if let Some((name, steps, operator)) = self.assigned()? {
            self.skip_lines()?;
            let value = self.pipeline()?;
            let span = self.span(start);
            return Ok(Statement::Assign(Assignment { name, steps, operator, value, span }));
        }
        self.pipeline().map(Statement::Pipeline)
    }

    pub(super) fn pipeline(&mut self) -> Parsed<Pipeline> {
        self.skip_blank()?;
        self.refuse_keyword()?;
        let first = if self.at_command()? {
            Element::Command(self.command()?)
        } else {
            Element::Expression(self.expression()?)
        };
        let mut rest = Vec::new();
        loop {
            self.skip_blank()?;
            let here = self.cursor.at;
            if !self.cursor.take("|") {
                return Ok(Pipeline { first, rest });
            }
            if self.cursor.take("|") {
                let advice = "write the cmdlets one after another; a failure ends the script";
                return Err(self.unsupported(here, "`||`", advice));
            }
            self.skip_lines()?;
            if self.cursor.peek().is_none() {
                let message = "nothing follows the `|`";
                return Err(self.incomplete(here, message, "name the cmdlet that goes on"));
            }
            if !self.at_command()? {
                let here = self.cursor.at;
                self.cursor.bump();
                let advice = "use `ForEach-Object { ... }` to work with each object as $_";
                return Err(self.wrong(here, "only a cmdlet may follow a `|`", advice));
            }
            rest.push(self.command()?);
        }
    }

    fn refuse_keyword(&mut self) -> Parsed<()> {
        let start = self.cursor.at;
        let word = self.cursor.clone().take_while(is_name);
        let Some(advice) = instead(KEYWORDS, word) else { return Ok(()) };
        if self.cursor.rest()[word.len()..].starts_with(is_dash) {
            return Ok(());
        }
        self.cursor.at += word.len();
        Err(self.unsupported(start, format!("`{word}`"), advice))
    }

    /// Whether a cmdlet begins here, and not a value.
    fn at_command(&mut self) -> Parsed<bool> {
        let here = self.cursor.at;
        match self.cursor.peek() {
            Some('&') => Err(self.ampersand(here)),
            Some('.') if self.cursor.peek_at(1).is_none_or(|it| "./\\ \t\n".contains(it)) => {
                self.cursor.take_while(|it| !ends_word(it));
                Err(self.unsupported(here, "running a file with `.`", "paste its lines"))
            }
            Some('>') => Err(self.redirection(here)),
            Some(next) => Ok(begins_name(next) || next == '?' || next == '%'),
            None => Ok(false),
        }
    }

    fn command(&mut self) -> Parsed<Command> {
        let start = self.cursor.at;
        let mut dashes = None;
        let mut name = String::new();
        while let Some(next) = self.cursor.peek() {
            if ends_word(next) || is_quote(next) || next == '$' || next == '`' || next == '<' {
                break;
            }
            if is_dash(next) && next != '-' {
                dashes = Some(next);
            }
            name.push(if is_dash(next) { '-' } else { next });
            self.cursor.bump();
        }
        let span = self.span(start);
        if let Some(dash) = dashes {
            self.note(span, format!("`{dash}` in the name {name} is read as a hyphen"));
        }
        if name.contains(['\\', '/', '.', ':']) {
            let advice = "only cmdlets can be run; `standfast shell FILE` runs a script";
            return Err(self.unsupported(start, format!("running the program `{name}`"), advice));
        }
        if let Some(odd) = name.chars().find(|it| !is_name(*it) && !matches!(it, '-' | '?' | '%')) {
            let advice = "a cmdlet's name is Verb-Noun, such as Get-CsTopology";
            return Err(self.wrong(start, format!("`{odd}` cannot be part of a name"), advice));
        }
        let was_question = self.in_cs_question;
        self.in_cs_question = is_cs_question(&name);
        let arguments = self.arguments();
        self.in_cs_question = was_question;
        Ok(Command { name, arguments: arguments?, span })
    }

    fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        let mut arguments = Vec::new();
        loop {
            self.skip_blank()?;
            match self.cursor.peek() {
                None | Some('\n' | ';' | '|' | ')' | '}' | '&') => return Ok(arguments),
                Some(',') => {
                    let here = self.cursor.at;
                    self.cursor.bump();
                    let advice = "put a value before the comma";
                    return Err(self.wrong(here, "a list cannot begin with a comma", advice));
                }
                Some(next) if is_dash(next) && self.at_parameter() => {
                    arguments.push(Argument::Parameter(self.parameter()?));
                }
                Some(_) => arguments.push(Argument::Value(self.argument()?)),
            }
        }
    }

    fn at_parameter(&self) -> bool {
        self.cursor.peek_at(1).is_some_and(|it| begins_name(it) || it == '?')
    }

    /// `-Name`, `-Name:value`
    fn parameter(&mut self) -> Parsed<Named> {
        let start = self.cursor.at;
        let dash = self.cursor.bump();
        let name = self.cursor.take_while(|it| is_name(it) || it == '?').to_owned();
        let span = self.span(start);
        if let Some(dash) = dash.filter(|it| *it != '-') {
            self.note(span, format!("`{dash}` before {name} is read as a hyphen"));
        }
        let mut value = None;
        if self.cursor.take(":") {
            self.skip_blank()?;
            if self.cursor.peek().is_none_or(|it| it == '\n' || (ends_word(it) && !opens(it))) {
                let message = format!("nothing follows `-{name}:`");
                return Err(self.incomplete(start, message, "put the value after the colon"));
            }
            value = Some(self.argument()?);
        }
        let next = self.cursor.peek();
        if next.is_some_and(|it| !ends_word(it) && !is_quote(it) && it != '`') && value.is_none() {
            let here = self.cursor.at;
            let odd = self.cursor.bump().unwrap_or_default();
            let message = format!("`{odd}` cannot be part of a parameter's name");
            return Err(self.wrong(here, message, "leave a blank between name and value"));
        }
        Ok(Named { name, value, span })
    }

    /// A value after a cmdlet, with the list it may begin.
    fn argument(&mut self) -> Parsed<Expression> {
        let start = self.cursor.at;
        let first = self.single_argument()?;
        self.listed(start, first, Self::argument_after_comma)
    }

    fn argument_after_comma(&mut self, before: usize) -> Parsed<Expression> {
        match self.cursor.peek() {
            None => {
                let message = "nothing follows the comma";
                Err(self.incomplete(before, message, "go on with the list"))
            }
            Some(next) if ends_word(next) && !opens(next) => {
                let here = self.cursor.at;
                self.cursor.bump();
                let message = "a value is missing after the comma";
                Err(self.wrong(here, message, "take the comma out, or add the value"))
            }
            Some(_) => self.single_argument(),
        }
    }
}

/// What may begin a value although it ends a word.
fn opens(it: char) -> bool {
    matches!(it, '(' | '{')
}

/// Whether `name` is `Get-Cs...`, which changes nothing whatever a quote swallows.
fn is_cs_question(name: &str) -> bool {
    name.get(..6).is_some_and(|it| it.eq_ignore_ascii_case("get-cs"))
}
