//! Questions to whoever is at the terminal: may this be done, and what is the secret.
//!
//! A line is read key by key, so that Ctrl-C is the way out of a question and nothing else.

use std::io::{self, BufRead as _, IsTerminal as _};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use shell::{CHOICES, Consent, Question};

use crate::said::{ask, remark};

/// How often a question is repeated when the answer is none of its choices.
const QUESTION_TRIES: u32 = 5;

/// The longest answer, in characters.
const ANSWER_MAX: usize = 1024;

/// What `?` tells.
const MEANINGS: &str = "\
    Y - do this
    A - do this and everything that comes after it
    N - leave this out
    L - leave this and everything that comes after it out; so does Ctrl-C";

/// Asks whether to go on. Where nobody is at a terminal, that is an error.
pub(super) fn confirm(question: &Question) -> io::Result<Consent> {
    if !io::stdin().is_terminal() {
        return Err(io::Error::other(format!(
            "{} wants to be confirmed and nobody is at the terminal: add -Confirm:$false, or \
             -Force where it is known",
            question.cmdlet
        )));
    }
    for _ in 0..QUESTION_TRIES {
        remark(&question.text);
        let Some(typed) = typed(CHOICES, Echo::Shown)? else { return Ok(Consent::NoToAll) };
        if let Some(consent) = Consent::read(&typed) {
            return Ok(consent);
        }
        if typed.trim() == "?" {
            remark(MEANINGS);
        }
    }
    Ok(Consent::NoToAll)
}

/// Asks for a secret: at the terminal without showing it, otherwise one line of standard input.
pub(super) fn secret(question: &Question) -> io::Result<String> {
    let prompt = format!("{}: ", question.text);
    if io::stdin().is_terminal() {
        let typed = typed(&prompt, Echo::Hidden)?;
        return typed.ok_or_else(|| io::Error::other("no answer was given: it was not run"));
    }
    ask(&prompt);
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        return Err(io::Error::other(format!(
            "{} wants an answer ({}) and nobody is at the terminal: give it as one line on \
             standard input",
            question.cmdlet, question.text
        )));
    }
    Ok(line.to_owned())
}

/// Whether what is typed can be seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Echo {
    Shown,
    Hidden,
}

/// The terminal gives keys instead of lines, until this is dropped.
struct Raw;

impl Raw {
    fn begin() -> io::Result<Self> {
        enable_raw_mode().map(|()| Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Err(error) = disable_raw_mode() {
            remark(&format!("the terminal stays as it is ({error}); `reset` mends it"));
        }
    }
}

/// One line as it is typed; none, if whoever types wants out.
fn typed(prompt: &str, echo: Echo) -> io::Result<Option<String>> {
    let line = {
        // Whoever sees the question can answer it.
        let _raw = Raw::begin()?;
        ask(prompt);
        keys(echo)?
    };
    remark("");
    Ok(line)
}

fn keys(echo: Echo) -> io::Result<Option<String>> {
    let show = |text: &str| {
        if echo == Echo::Shown {
            ask(text);
        }
    };
    let mut line = String::new();
    loop {
        let Event::Key(key) = read()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::Enter => return Ok(Some(line)),
            KeyCode::Char('c' | 'd') if key.modifiers == KeyModifiers::CONTROL => return Ok(None),
            // Enter, as some terminals send it.
            KeyCode::Char('j' | 'm') if key.modifiers == KeyModifiers::CONTROL => {
                return Ok(Some(line));
            }
            KeyCode::Backspace if line.pop().is_some() => show("\u{8} \u{8}"),
            KeyCode::Char(typed) if plain && line.chars().count() < ANSWER_MAX => {
                line.push(typed);
                show(typed.encode_utf8(&mut [0; 4]));
            }
            _ => {}
        }
    }
}
