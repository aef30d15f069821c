//! Collects problems while a file is read, and knows on which line each byte of it stands.

use crate::problem::{Problem, Severity};

pub(crate) struct Findings {
    file: String,
    /// The offset of the first byte of every line.
    starts: Vec<usize>,
    found: Vec<Problem>,
}

impl Findings {
    pub(crate) fn new(file: &str, text: &str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(after_breaks).collect();
        Self { file: file.to_owned(), starts, found: Vec::new() }
    }

    /// The line, counted from 1, of the byte at `offset`.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    pub(crate) fn error(&mut self, line: usize, what: impl Into<String>, to_do: impl Into<String>) {
        self.add(Severity::Error, line, &what.into(), &to_do.into());
    }

    pub(crate) fn warn(&mut self, line: usize, what: impl Into<String>, to_do: impl Into<String>) {
        self.add(Severity::Warning, line, &what.into(), &to_do.into());
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.found.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Everything that was found, by line.
    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| problem.line);
        self.found
    }

    fn add(&mut self, severity: Severity, line: usize, what: &str, remedy: &str) {
        let (what, remedy) = (on_one_line(what), on_one_line(remedy));
        self.found.push(Problem { severity, file: self.file.clone(), line, what, remedy });
    }
}

/// A name in the file may hold control characters, and a problem is one line on a terminal.
fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}
