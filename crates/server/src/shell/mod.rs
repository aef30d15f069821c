//! `standfast shell`: lines in, cmdlets to a host, objects out.
//!
//! The language asks for effects one at a time; here they happen: cmdlets go to a host through its
//! control port, files are read and written on this machine and travel, and people are asked.

mod asking;
mod effects;
mod exchange;
mod history;
mod interactive;
mod live;
mod output;
mod place;
mod travel;

use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use shell::{Answer, Catalogue, Environment, Need, Origin, Run, Script, check, parse};

use crate::args::{Reach, Shell};
use crate::reach::{Deployment, block_on};
use crate::said::{answer, complain, remark};
use crate::text;
use effects::Effects;
use exchange::Exchange;
use output::Output;

/// The code of the failure to print into what nobody reads any more: it is no news.
const CLOSED: &str = "closed";

/// A text and where it comes from.
struct Source {
    text: String,
    origin: Origin,
    /// The file that it stands in, if it has one.
    file: Option<String>,
}

/// Runs text, a file, standard input, or what is typed.
pub(crate) fn shell(arguments: &Shell) -> anyhow::Result<ExitCode> {
    let exchange = Exchange::new(arguments.exchange.as_deref());
    let output = if arguments.json { Output::json() } else { Output::text() };
    let source = source(arguments)?;
    match (arguments.reach(), source) {
        (_, source) if arguments.parse_only => {
            let source = source.map_or_else(|| read("-"), Ok)?;
            Ok(parse_only(&source))
        }
        (Some(reach), Some(source)) => block_on(run_once(&reach, &source, exchange, output)),
        (Some(reach), None) => block_on(interactive::interactive(&reach, exchange, output)),
        (None, _) => anyhow::bail!("name --topology and --credential"),
    }
}

/// Runs one text as if it were typed.
pub(crate) fn run_line(reach: &Reach, line: &str) -> anyhow::Result<ExitCode> {
    let source = Source { text: line.to_owned(), origin: Origin::Line, file: None };
    block_on(run_once(reach, &source, Exchange::new(None), Output::text()))
}

/// The text that is to be run; none if lines are to be asked for: of a terminal, and of nothing
/// else.
fn source(arguments: &Shell) -> anyhow::Result<Option<Source>> {
    if let Some(text) = &arguments.command {
        return Ok(Some(Source { text: text.clone(), origin: Origin::Line, file: None }));
    }
    match &arguments.file {
        Some(file) => read(&file.to_string_lossy()).map(Some),
        None if std::io::stdin().is_terminal() => Ok(None),
        None => read("-").map(Some),
    }
}

/// Reads a script; what is longer than any script may be is read so far that this is noticed.
fn read(name: &str) -> anyhow::Result<Source> {
    // A character of UTF-16 has two bytes.
    let most = 2 * (shell::limits::MAX_SCRIPT as u64 + 1);
    let mut bytes = Vec::new();
    let read = if name == "-" {
        std::io::stdin().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(name).and_then(|open| open.take(most).read_to_end(&mut bytes))
    };
    let text = read.map_err(anyhow::Error::from).and_then(|_| text::of(bytes));
    let text = text.with_context(|| format!("read the script {name}"))?;
    let file = (name != "-").then(|| name.to_owned());
    Ok(Source { text, origin: Origin::Script, file })
}

/// Prints the normalised form of a text, or everything that is wrong with it.
fn parse_only(source: &Source) -> ExitCode {
    match understand(source, &admin::cmdlets::catalogue()) {
        Some(script) => {
            let printed = answer(&script.normalised());
            if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        None => ExitCode::FAILURE,
    }
}

/// The text as it is understood; what is wrong with it is said, all of it.
fn understand(source: &Source, catalogue: &Catalogue) -> Option<Script> {
    let place = source.file.as_ref().map_or(String::new(), |it| format!("{it}: "));
    let script = match parse(&source.text, source.origin) {
        Ok(script) => catalogue.understand(script),
        Err(error) => {
            complain(&format!("{place}{}", error.shown(&source.text)));
            return None;
        }
    };
    for note in &script.notes {
        let (line, column) = note.span.position(&source.text);
        remark(&format!("{place}line {line}, column {column}: {}", note.message));
    }
    if !script.notes.is_empty() {
        remark(&format!("understood as: {}", script.normalised()));
    }
    let failures = check(&script, catalogue);
    for failure in &failures {
        complain(&format!("{place}{}", failure.shown(&source.text)));
    }
    failures.is_empty().then_some(script)
}

async fn run_once(
    reach: &Reach,
    source: &Source,
    exchange: Exchange,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let catalogue = Arc::new(admin::cmdlets::catalogue());
    // What cannot be understood needs no deployment to be refused.
    let Some(script) = understand(source, &catalogue) else { return Ok(ExitCode::FAILURE) };
    let (deployment, _) = Deployment::reach(reach).await?;
    let mut effects = Effects::new(Arc::new(deployment), exchange, output);
    let environment = Environment { width: output::width(), ..Environment::default() };
    let (_, ended) = execute(source, script, &catalogue, environment, &mut effects).await;
    Ok(if ended { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs `script` to its end. Gives the environment as it is then, and whether all went well.
async fn execute(
    source: &Source,
    script: Script,
    catalogue: &Arc<Catalogue>,
    environment: Environment,
    effects: &mut Effects,
) -> (Environment, bool) {
    let mut run = Run::new(script, Arc::clone(catalogue), environment);
    let mut answer = Answer::Go;
    loop {
        match run.step(answer) {
            Need::Done(environment, result) => {
                let printed = effects.finish();
                if let Err(failure) = &result
                    && failure.code != CLOSED
                {
                    let place = source.file.as_ref().map_or(String::new(), |it| format!("{it}: "));
                    complain(&format!("{place}{}", failure.shown(&source.text)));
                }
                return (environment, result.is_ok() && printed.is_ok());
            }
            need => answer = effects.perform(need).await,
        }
    }
}
