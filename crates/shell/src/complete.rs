//! Completion at the cursor, from the rows: cmdlets, parameters, words; what only the live system
//! knows is asked for by name.

use std::ops::Range;

use crate::bind::find_parameter;
use crate::catalogue::Catalogue;
use crate::cmdlet::{Cmdlet, Type};
use crate::lexer::{is_blank, is_dash, is_double_quote, is_quote, is_single_quote};

/// What could stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The bytes of the text that a candidate replaces.
    pub replaces: Range<usize>,
    /// What could stand there.
    pub candidates: Vec<Candidate>,
    /// What to ask the live system for: the name of a kind of value, such as `pool`.
    pub ask: Option<&'static str>,
    /// What was typed of it so far, without quotes.
    pub typed: String,
}

/// One thing that could stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What would be typed.
    pub text: String,
    /// What it is.
    pub about: String,
}

/// The most candidates that are offered.
const MAX_CANDIDATES: usize = 200;

struct Word {
    range: Range<usize>,
    content: String,
    quoted: bool,
}

/// What could stand at byte `cursor` of `text`.
pub fn complete(text: &str, cursor: usize, catalogue: &Catalogue) -> Completion {
    let words = last_command(&text[..text.floor_char_boundary(cursor)]);
    let Some((current, before)) = words.split_last() else {
        return Completion {
            replaces: 0..0,
            candidates: Vec::new(),
            ask: None,
            typed: String::new(),
        };
    };
    let mut completion = Completion {
        replaces: current.range.clone(),
        candidates: Vec::new(),
        ask: None,
        typed: current.content.clone(),
    };
    let Some(name) = before.first() else {
        completion.candidates = cmdlets(catalogue, &current.content);
        return completion;
    };
    let Ok(cmdlet) = catalogue.find(&name.content) else { return completion };
    if !current.quoted && current.content.starts_with(is_dash) {
        completion.candidates = parameters(cmdlet, &current.content);
        return completion;
    }
    let Some((takes, offers)) = expected(cmdlet, &before[1..]) else { return completion };
    match (takes, offers) {
        (_, "cmdlet") => completion.candidates = cmdlets(catalogue, &current.content),
        (_, "parameter") => {
            let about = before.get(1).and_then(|it| catalogue.find(&it.content).ok());
            let named = about.map(|it| parameters(it, &format!("-{}", current.content)));
            completion.candidates = named.unwrap_or_default();
            for candidate in &mut completion.candidates {
                candidate.text.remove(0);
            }
        }
        (Type::Enum(words), _) => {
            completion.candidates = offer(words.iter().map(|it| (*it, "")), &current.content);
        }
        (Type::Bool, _) => {
            let words = [("$true", ""), ("$false", "")];
            completion.candidates = offer(words.into_iter(), &current.content);
        }
        (Type::File | Type::FileContent | Type::Upload, "") => completion.ask = Some("file"),
        (_, "") => {}
        (_, what) => completion.ask = Some(what),
    }
    completion
}

/// The words of the command that the end of `text` belongs to; the last may be empty.
fn last_command(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut quote: Option<char> = None;
    for (at, it) in text.char_indices() {
        if let (Some(mark), Some(word)) = (quote, open.as_mut()) {
            let same =
                if is_double_quote(mark) { is_double_quote(it) } else { is_single_quote(it) };
            if same {
                quote = None;
            } else {
                word.content.push(it);
            }
            continue;
        }
        match it {
            '|' | ';' | '\n' | '{' | '}' | '(' | ')' | '=' => {
                words.clear();
                open = None;
            }
            _ if is_blank(it) || it == ',' => words.extend(open.take()),
            _ => {
                let word = open.get_or_insert_with(|| Word {
                    range: at..at,
                    content: String::new(),
                    quoted: is_quote(it),
                });
                if is_quote(it) {
                    quote = Some(it);
                } else {
                    word.content.push(it);
                }
            }
        }
    }
    let end = text.len();
    let mut last = open.unwrap_or(Word { range: end..end, content: String::new(), quoted: false });
    last.range.end = end;
    words.push(last);
    words
}

/// What is expected after the words that were typed.
fn expected(cmdlet: &'static Cmdlet, before: &[Word]) -> Option<(Type, &'static str)> {
    let mut named = Vec::new();
    let mut free = 0;
    let mut pending = None;
    for word in before {
        if !word.quoted && word.content.starts_with(is_dash) {
            let name = word.content.trim_start_matches(is_dash);
            let found = find_parameter(cmdlet, name).ok();
            named.extend(found.map(|it| it.name));
            pending = found.filter(|it| it.takes != Type::Switch);
        } else if pending.is_some_and(|it| it.takes != Type::List && it.takes != Type::ListModifier)
        {
            pending = None;
        } else if pending.is_none() {
            free += 1;
        }
    }
    if let Some(parameter) = pending {
        return Some((parameter.takes, parameter.offers));
    }
    let mut positions: Vec<_> = cmdlet
        .parameters
        .iter()
        .filter(|it| it.position.is_some() && !named.contains(&it.name))
        .filter(|it| it.takes != Type::Block)
        .collect();
    positions.sort_by_key(|it| it.position);
    positions.get(free).map(|it| (it.takes, it.offers))
}

fn cmdlets(catalogue: &Catalogue, typed: &str) -> Vec<Candidate> {
    let typed = typed.replace(is_dash, "-");
    let names: Vec<(String, &str)> = catalogue.rows().map(|it| (it.name(), it.summary)).collect();
    offer(names.iter().map(|(name, about)| (name.as_str(), *about)), &typed)
}

fn parameters(cmdlet: &'static Cmdlet, typed: &str) -> Vec<Candidate> {
    let typed = format!("-{}", typed.trim_start_matches(is_dash));
    let names: Vec<(String, &str)> = cmdlet
        .all_parameters()
        .filter(|it| it.refused.is_none())
        .map(|it| (format!("-{}", it.name), it.about))
        .collect();
    offer(names.iter().map(|(name, about)| (name.as_str(), *about)), &typed)
}

fn offer<'a>(names: impl Iterator<Item = (&'a str, &'a str)>, typed: &str) -> Vec<Candidate> {
    let begins =
        |name: &str| name.get(..typed.len()).is_some_and(|it| it.eq_ignore_ascii_case(typed));
    names
        .filter(|(name, _)| begins(name))
        .take(MAX_CANDIDATES)
        .map(|(name, about)| Candidate { text: name.to_owned(), about: about.to_owned() })
        .collect()
}
