//! The effects that a script asks for, on this machine and at a host.

use std::fs::OpenOptions;
use std::io::{BufRead as _, IsTerminal as _, Write as _};

use admin::{Fault, FaultKind, Request, Told};
use shell::{Answer, CHOICES, Call, Consent, Existing, Failure, FileWrite, Need, Question, Value};

use crate::reach::Deployment;
use crate::run::INVOKE;

/// How often a question is repeated when the answer is none of its choices.
const QUESTION_TRIES: u32 = 5;
/// The largest file that a cmdlet is given.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Does what a script asks for.
#[derive(Debug)]
pub(super) struct Effects {
    deployment: Deployment,
}

impl Effects {
    pub(super) fn new(deployment: Deployment) -> Self {
        Self { deployment }
    }

    /// Does one thing and answers for it.
    pub(super) async fn perform(&mut self, need: Need) -> Answer {
        match need {
            Need::Invoke(call) => match self.invoke(call).await {
                Ok(objects) => Answer::Objects(objects),
                Err(fault) => Answer::Failed(fault.into()),
            },
            Need::Emit(objects) => {
                print(&shell::format::shown(&objects, width()));
                Answer::Go
            }
            Need::Read(file) => answer(read(&file.name), Answer::Text),
            Need::Write(file) => answer(write(&file), |()| Answer::Go),
            Need::Secret(question) => answer(secret(&question), Answer::Text),
            Need::Confirm(question) => answer(confirm(&question), Answer::Consent),
            Need::Done(..) => unreachable!("the caller ends the run"),
        }
    }

    async fn invoke(&self, call: Call) -> Result<Vec<Value>, Fault> {
        let request = Request { cmdlet: call.cmdlet.name(), parameters: call.parameters };
        let told = |told: Told| remark(&told.to_string());
        let asked: Result<Result<Vec<Value>, Fault>, _> =
            self.deployment.ask(INVOKE, &request, told).await;
        asked.unwrap_or_else(|error| {
            let host = self.deployment.host();
            let (kind, hint) = if error.is_outcome_unknown() {
                (FaultKind::Unknown, "look what was done, then run it again: it resumes")
            } else {
                (FaultKind::Unavailable, "name another host with --via")
            };
            Err(Fault::new(kind, "host", format!("host {host}: {error}"), hint))
        })
    }
}

fn answer<T>(done: std::io::Result<T>, good: impl FnOnce(T) -> Answer) -> Answer {
    match done {
        Ok(value) => good(value),
        Err(error) => Answer::Failed(Failure::new("io", error.to_string(), "try it again")),
    }
}

fn read(name: &str) -> std::io::Result<String> {
    let size = std::fs::metadata(name)?.len();
    if FILE_BYTES_MAX < size {
        return Err(std::io::Error::other(format!("{name} is larger than {FILE_BYTES_MAX} bytes")));
    }
    std::fs::read_to_string(name)
}

fn write(file: &FileWrite) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    match file.existing {
        Existing::Replace => options.write(true).create(true).truncate(true),
        Existing::Append => options.append(true).create(true),
        Existing::Refuse => options.write(true).create_new(true),
    };
    let mut open = options.open(&file.name)?;
    open.write_all(file.text.as_bytes())?;
    open.sync_all()
}

fn confirm(question: &Question) -> std::io::Result<Consent> {
    if !std::io::stdin().is_terminal() {
        return Err(std::io::Error::other(format!(
            "{} wants to be confirmed and nobody is at the terminal: add -Force",
            question.cmdlet
        )));
    }
    for _ in 0..QUESTION_TRIES {
        remark(&question.text);
        if let Some(consent) = Consent::read(&ask(CHOICES)?) {
            return Ok(consent);
        }
    }
    Ok(Consent::NoToAll)
}

fn secret(question: &Question) -> std::io::Result<String> {
    use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return ask(&question.text);
    }
    let shown = tcgetattr(&stdin)?;
    let mut hidden = shown.clone();
    hidden.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(&stdin, SetArg::TCSANOW, &hidden)?;
    let typed = ask(&format!("{}: ", question.text));
    tcsetattr(&stdin, SetArg::TCSANOW, &shown)?;
    remark("");
    typed
}

/// One line from whoever is there.
#[allow(clippy::print_stderr, reason = "a question to the person at the terminal")]
fn ask(prompt: &str) -> std::io::Result<String> {
    eprint!("{prompt}");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(120)
}

/// What was asked for.
#[allow(clippy::print_stdout, reason = "the answer of the shell")]
fn print(text: &str) {
    print!("{text}");
}

/// What is good to know beside it.
#[allow(clippy::print_stderr, reason = "progress is not part of the answer")]
pub(super) fn remark(text: &str) {
    eprintln!("{text}");
}

/// What went wrong.
#[allow(clippy::print_stderr, reason = "an error is not part of the answer")]
pub(super) fn complain(text: &str) {
    eprintln!("{}", text.trim_end());
}
