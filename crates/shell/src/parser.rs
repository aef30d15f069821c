//! Text to tree: statements, pipelines and cmdlets with their arguments.
//!
//! A recursive descent whose depth is limited. What it tolerates (dashes of word processors,
//! quoted text glued to bare text, and in a single interactive line an unclosed quote) it notes.

mod assignment;
mod expression;
mod reader;
mod statement;
mod text;

use crate::ast::Script;
use crate::error::{Complaint, ParseError, ParseErrorKind};
use crate::lexer::Cursor;
use crate::limits::MAX_SCRIPT;
use reader::Parser;

/// Where the text comes from, which decides what is forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A file or standard input: an unclosed quote is an error.
    Script,
    /// Typed or pasted, or given with `-c`: an unclosed quote of a single line that asks a
    /// `Get-Cs...` is closed at the end of that line. What changes something is never guessed.
    Line,
}

/// Parses `text`.
pub fn parse(text: &str, origin: Origin) -> Result<Script, ParseError> {
    if text.len() > MAX_SCRIPT {
        let complaint = Complaint {
            message: format!("the text is longer than {MAX_SCRIPT} bytes"),
            hint: "run it in parts".to_owned(),
            span: None,
        };
        return Err(ParseError { kind: ParseErrorKind::TooLarge, complaint });
    }
    let one_line = origin == Origin::Line && !text.trim_end().contains('\n');
    let read = if one_line { text.trim_end() } else { text };
    let mut parser = Parser {
        cursor: Cursor::new(read),
        depth: 0,
        notes: Vec::new(),
        one_line,
        in_cs_question: false,
    };
    let statements = parser.statements(None)?;
    let mut notes = parser.notes;
    notes.sort_by_key(|it| it.span.start);
    Ok(Script { statements, notes, text: text.to_owned() })
}
