//! The answer of the shell: objects as the original prints them, or as JSON.

use std::io::{self, IsTerminal as _};

use crate::said::print;
use shell::Value;
use shell::json::{self, Layout};

/// How wide tables are where nobody looks: whoever reads them there wants all of each cell.
const UNCUT: usize = 1_000_000;

/// How objects are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// `Property : value`, with a blank line between objects, also of two statements.
    Text(Last),
    /// One list of everything, an object in each line.
    Json(List),
}

/// What was printed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// Nothing yet.
    Nothing,
    /// Lines of text.
    Lines,
    /// Objects.
    Objects,
}

/// How far the list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// Nothing is printed yet.
    Unopened,
    /// Some objects are printed.
    Open,
}

impl Output {
    /// As JSON.
    pub(super) fn json() -> Self {
        Self::Json(List::Unopened)
    }

    /// As text.
    pub(super) fn text() -> Self {
        Self::Text(Last::Nothing)
    }

    /// Prints objects.
    pub(super) fn emit(&mut self, objects: &[Value]) -> io::Result<()> {
        match self {
            Self::Text(last) => {
                let is_object = |it: Option<&Value>| matches!(it, Some(Value::Object(_)));
                let apart = match last {
                    Last::Nothing => false,
                    Last::Lines => is_object(objects.first()),
                    Last::Objects => !objects.is_empty(),
                };
                if !objects.is_empty() {
                    *last = if is_object(objects.last()) { Last::Objects } else { Last::Lines };
                }
                let blank = if apart { "\n" } else { "" };
                print(&format!("{blank}{}", shell::format::shown(objects, width())))
            }
            Self::Json(list) => {
                let mut text = String::new();
                for object in objects {
                    text.push_str(if *list == List::Open { ",\n" } else { "[\n" });
                    text.push_str(&json::write(object, usize::MAX, Layout::Compact));
                    *list = List::Open;
                }
                print(&text)
            }
        }
    }

    /// Ends what is printed.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Text(last) => {
                *last = Last::Nothing;
                Ok(())
            }
            Self::Json(list) => {
                let end = if *list == List::Open { "\n]\n" } else { "[]\n" };
                *list = List::Unopened;
                print(end)
            }
        }
    }
}

/// How many characters fit into a line: of the terminal, if it is one, or as `COLUMNS` says.
pub(super) fn width() -> usize {
    let told = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = io::stdout().is_terminal().then(crossterm::terminal::size);
    let terminal = terminal.and_then(Result::ok).map(|(columns, _)| usize::from(columns));
    terminal.filter(|columns| *columns > 0).or_else(told).unwrap_or(UNCUT)
}
