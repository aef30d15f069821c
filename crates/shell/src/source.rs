//! Places in a text, and how they are shown.

use serde::{Deserialize, Serialize};

/// How much of a long line an excerpt shows, in characters.
const EXCERPT_WIDTH: usize = 110;

/// A range of bytes in the text of a script.
///
/// Two spans are always equal: trees are compared by what they mean, not by where they stand.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Span {}

impl Span {
    /// The bytes from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Line and column of its first character, both from one, columns in characters.
    pub fn position(self, text: &str) -> (usize, usize) {
        let before = &text[..floor(text, self.start)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// The line of `text` at `span`, with carets below, indented; a long line is cut to what matters.
pub(crate) fn excerpt(text: &str, span: Span) -> String {
    let start = floor(text, span.start);
    let end = floor(text, span.end.max(start));
    let line_start = text[..start].rfind('\n').map_or(0, |it| it + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |it| start + it);
    let line = text[line_start..line_end].trim_end_matches('\r');
    let column = text[line_start..start].chars().count();
    let marked = text[start..end.clamp(start, line_end)].chars().count().max(1);
    let skipped = if column > EXCERPT_WIDTH * 3 / 4 { column - EXCERPT_WIDTH / 2 } else { 0 };
    let shown: String = line
        .chars()
        .skip(skipped)
        .take(EXCERPT_WIDTH)
        .map(|it| if it.is_control() { ' ' } else { it })
        .collect();
    let indent = column - skipped;
    let carets = marked.min(EXCERPT_WIDTH.saturating_sub(indent)).max(1);
    format!("    {shown}\n    {}{}", " ".repeat(indent), "^".repeat(carets))
}

/// The largest character boundary of `text` that is not after `at`.
fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}
