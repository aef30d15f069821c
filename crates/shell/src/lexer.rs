//! Characters: a cursor over text, and which characters count as hyphens, quotes and blanks.
//!
//! Documents are pasted from web pages and word processors, so their dashes, curly quotes and
//! no-break spaces count as what they look like, as PowerShell has it too.

/// A position in a text that moves forward.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'t> {
    text: &'t str,
    pub(crate) at: usize,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(crate) fn since(&self, start: usize) -> &'t str {
        &self.text[start..self.at]
    }

    pub(crate) fn between(&self, start: usize, end: usize) -> &'t str {
        &self.text[start..end]
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character `ahead` places on; zero is the next one.
    pub(crate) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.rest().chars().nth(ahead)
    }

    pub(crate) fn starts_with(&self, what: &str) -> bool {
        self.rest().starts_with(what)
    }

    pub(crate) fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Takes `what` if it is next.
    pub(crate) fn take(&mut self, what: &str) -> bool {
        let found = self.starts_with(what);
        if found {
            self.at += what.len();
        }
        found
    }

    /// Takes characters while `wanted` says so.
    pub(crate) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let start = self.at;
        while self.peek().is_some_and(&wanted) {
            self.bump();
        }
        self.since(start)
    }

    /// Skips blanks, comments and continued line ends; stops at a line end.
    ///
    /// The place of a `<#` that is never closed is the error.
    pub(crate) fn skip_blank(&mut self) -> Result<(), usize> {
        loop {
            match self.peek() {
                Some(next) if is_blank(next) => {
                    self.bump();
                }
                Some('#') => {
                    self.take_while(|it| it != '\n');
                }
                Some('`') if self.at_continuation() => {
                    self.bump();
                    self.take_while(is_blank);
                    self.take("\n");
                }
                Some('<') if self.starts_with("<#") => {
                    let Some(length) = self.rest().find("#>") else { return Err(self.at) };
                    self.at += length + 2;
                }
                _ => return Ok(()),
            }
        }
    }

    /// Whether a backtick stands at the end of a line, blanks after it forgiven.
    pub(crate) fn at_continuation(&self) -> bool {
        self.starts_with("`") && self.rest()[1..].trim_start_matches(is_blank).starts_with('\n')
    }

    /// Skips blanks and line ends.
    pub(crate) fn skip_lines(&mut self) -> Result<(), usize> {
        loop {
            self.skip_blank()?;
            if !self.take("\n") {
                return Ok(());
            }
        }
    }
}

/// Hyphen, en dash, em dash, horizontal bar.
pub(crate) fn is_dash(it: char) -> bool {
    matches!(it, '-' | '\u{2013}' | '\u{2014}' | '\u{2015}')
}

/// Straight and curly double quotes.
pub(crate) fn is_double_quote(it: char) -> bool {
    matches!(it, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}')
}

/// Straight and curly single quotes.
pub(crate) fn is_single_quote(it: char) -> bool {
    matches!(it, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}')
}

pub(crate) fn is_quote(it: char) -> bool {
    is_double_quote(it) || is_single_quote(it)
}

/// White space within a line; the byte order mark counts, since files begin with it.
pub(crate) fn is_blank(it: char) -> bool {
    it != '\n' && (it.is_whitespace() || it == '\u{feff}')
}

/// What ends a bare word.
pub(crate) fn ends_word(it: char) -> bool {
    it == '\n' || is_blank(it) || matches!(it, ';' | '|' | ',' | '(' | ')' | '{' | '}' | '&')
}

/// What a variable's or property's name may begin with.
pub(crate) fn begins_name(it: char) -> bool {
    it.is_alphabetic() || it == '_'
}

/// What a variable's or property's name may go on with.
pub(crate) fn is_name(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

/// The length of the number that `text` begins with, sign and unit included; zero if none.
pub(crate) fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|it| it.is_ascii_digit()).count();
    let mut at = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    if matches!(bytes.get(at..at + 2), Some(b"0x" | b"0X")) {
        let hex = bytes[at + 2..].iter().take_while(|it| it.is_ascii_hexdigit()).count();
        return if hex == 0 { at + 1 } else { at + 2 + hex };
    }
    let whole = digits(at);
    at += whole;
    let mut fraction = 0;
    if bytes.get(at) == Some(&b'.') {
        fraction = digits(at + 1);
        at += if fraction > 0 { fraction + 1 } else { 0 };
    }
    if whole + fraction == 0 {
        return 0;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        let exponent = digits((at + 1 + sign).min(bytes.len()));
        at += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    let unit = bytes.get(at..at + 2).is_some_and(|it| {
        matches!(it[0].to_ascii_lowercase(), b'k' | b'm' | b'g' | b't')
            && it[1].eq_ignore_ascii_case(&b'b')
    });
    at + if unit { 2 } else { 0 }
}
