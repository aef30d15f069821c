//! What every part of the parser works with: the cursor, the depth, notes and complaints.

use crate::ast::{Expression, Kind, Note};
use crate::error::{Complaint, ParseError, ParseErrorKind};
use crate::lexer::Cursor;
use crate::limits::MAX_DEPTH;
use crate::source::Span;

pub(super) type Parsed<T> = Result<T, ParseError>;

pub(super) struct Parser<'t> {
    pub(super) cursor: Cursor<'t>,
    pub(super) depth: usize,
    pub(super) notes: Vec<Note>,
    pub(super) one_line: bool,
    pub(super) in_cs_question: bool,
}

impl Parser<'_> {
    pub(super) fn skip_blank(&mut self) -> Parsed<()> {
        self.cursor.skip_blank().map_err(Self::open_comment)
    }

    pub(super) fn skip_lines(&mut self) -> Parsed<()> {
        self.cursor.skip_lines().map_err(Self::open_comment)
    }

    pub(super) fn span(&self, start: usize) -> Span {
        Span::new(start, self.cursor.at)
    }

    pub(super) fn note(&mut self, span: Span, message: String) {
        self.notes.push(Note { span, message });
    }

    /// Runs `read` one bracket deeper.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_DEPTH {
            let complaint = Complaint {
                message: format!("more than {MAX_DEPTH} brackets stand within each other"),
                hint: "assign the inner parts to variables".to_owned(),
                span: Some(Span::new(self.cursor.at.saturating_sub(1), self.cursor.at)),
            };
            return Err(ParseError { kind: ParseErrorKind::TooLarge, complaint });
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// `first`, which began at `start`, with what follows it after commas. `next` reads one value
    /// more; it is told where the item before it ended.
    pub(super) fn listed(
        &mut self,
        start: usize,
        first: Expression,
        next: impl Fn(&mut Self, usize) -> Parsed<Expression>,
    ) -> Parsed<Expression> {
        let mut items = vec![first];
        loop {
            let before = self.cursor.at;
            self.skip_blank()?;
            if !self.cursor.take(",") {
                self.cursor.at = before;
                break;
            }
            self.skip_lines()?;
            items.push(next(self, before)?);
        }
        if items.len() == 1 {
            return Ok(items.remove(0));
        }
        let span = self.span(start);
        Ok(Expression { kind: Kind::List(items), span })
    }
}

/// Complaints. Each marks what stands between `start` and the cursor, at least one character.
impl Parser<'_> {
    pub(super) fn error(
        &self,
        kind: ParseErrorKind,
        start: usize,
        message: impl Into<String>,
        hint: &str,
    ) -> ParseError {
        let span = Some(self.span(start));
        ParseError {
            kind,
            complaint: Complaint { message: message.into(), hint: hint.to_owned(), span },
        }
    }

    pub(super) fn wrong(&self, start: usize, message: impl Into<String>, hint: &str) -> ParseError {
        self.error(ParseErrorKind::Wrong, start, message, hint)
    }

    pub(super) fn incomplete(
        &self,
        start: usize,
        message: impl Into<String>,
        hint: &str,
    ) -> ParseError {
        self.error(ParseErrorKind::Incomplete, start, message, hint)
    }

    pub(super) fn unsupported(
        &self,
        start: usize,
        what: impl Into<String>,
        hint: &str,
    ) -> ParseError {
        let message = format!("{} is not supported in this shell", what.into());
        self.error(ParseErrorKind::Unsupported, start, message, hint)
    }

    pub(super) fn open_comment(at: usize) -> ParseError {
        let span = Some(Span::new(at, at + 2));
        let complaint = Complaint {
            message: "this comment is never closed".to_owned(),
            hint: "close it with #>".to_owned(),
            span,
        };
        ParseError { kind: ParseErrorKind::Incomplete, complaint }
    }

    pub(super) fn never_closed(open: usize) -> ParseError {
        let span = Some(Span::new(open.saturating_sub(1), open));
        let complaint = Complaint {
            message: "this bracket is never closed".to_owned(),
            hint: "put in the bracket that closes it".to_owned(),
            span,
        };
        ParseError { kind: ParseErrorKind::Incomplete, complaint }
    }

    pub(super) fn ampersand(&mut self, here: usize) -> ParseError {
        self.cursor.bump();
        if self.cursor.take("&") {
            let advice = "write the cmdlets one after another; a failure ends the script";
            return self.unsupported(here, "`&&`", advice);
        }
        self.unsupported(here, "running something with `&`", "write the cmdlet's name alone")
    }

    pub(super) fn redirection(&mut self, here: usize) -> ParseError {
        let sign = self.cursor.bump().unwrap_or_default();
        let advice = if sign == '<' {
            "assign the value to a variable, or name the file in the cmdlet's parameter"
        } else {
            "use `| Out-File NAME` or `| Export-Csv NAME`"
        };
        self.unsupported(here, format!("redirection with `{sign}`"), advice)
    }
}
