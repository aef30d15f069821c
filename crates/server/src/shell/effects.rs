//! The effects that a script asks for, on this machine and at a host.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use admin::files::{DELIVERY, STALE};
use admin::{Fault, FaultKind, Request, Told};
use shell::{
    Answer, Call, Existing, Failure, FileRead, FileWrite, Form, Need, Object, Type, Value,
};

use super::CLOSED;
use super::asking;
use super::exchange::Exchange;
use super::output::Output;
use super::place;
use super::travel;
use crate::reach::Deployment;
use crate::run::INVOKE;
use crate::said::remark;
use crate::text;

/// How often a file is made and fetched, if it is overtaken before what is to follow does: an agent
/// may sign in at any moment.
const FILES_MAX: u32 = 3;

/// Does what a script asks for.
#[derive(Debug)]
pub(super) struct Effects {
    deployment: Arc<Deployment>,
    exchange: Exchange,
    output: Output,
}

impl Effects {
    pub(super) fn new(deployment: Arc<Deployment>, exchange: Exchange, output: Output) -> Self {
        Self { deployment, exchange, output }
    }

    /// Does one thing and answers for it.
    pub(super) async fn perform(&mut self, need: Need) -> Answer {
        match need {
            Need::Invoke(call) => told(self.invoke(call).await),
            Need::Upload(name) => told(self.upload(&name).await.map(|it| vec![it])),
            Need::Emit(objects) => answer(self.output.emit(&objects), |()| Answer::Go),
            Need::Read(file) => {
                let read = self.exchange.resolve(&file.name).and_then(|path| read(&file, &path));
                answer(read, |it| it)
            }
            Need::Write(file) => {
                let path = self.exchange.resolve(&file.name);
                answer(path.and_then(|path| write(&file, &path)), |()| Answer::Go)
            }
            Need::Secret(question) => answer(asking::secret(&question), Answer::Text),
            Need::Confirm(question) => answer(asking::confirm(&question), Answer::Consent),
            Need::Done(..) => unreachable!("the caller ends the run"),
        }
    }

    /// Ends what is printed.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.output.finish()
    }

    async fn upload(&mut self, name: &str) -> Result<Value, Fault> {
        let path = self.exchange.resolve(name);
        let path =
            path.map_err(|error| Fault::misspoken(error.to_string(), "name another file"))?;
        travel::upload(&self.deployment, name, &path).await
    }

    /// Runs a cmdlet at the host; fetches what it delivers. Again, if that is overtaken.
    async fn invoke(&mut self, call: Call) -> Result<Vec<Value>, Fault> {
        while_stale(async || self.invoke_once(call.clone()).await).await
    }

    async fn invoke_once(&mut self, call: Call) -> Result<Vec<Value>, Fault> {
        let files = files_of(&call);
        let force = call.parameters.contains(&("Force".to_owned(), Value::Bool(true)));
        let existing = if force { place::Existing::Replace } else { place::Existing::Keep };
        let mut objects = Vec::new();
        for object in invoke(&self.deployment, call).await? {
            match object {
                Value::Object(delivery) if delivery.kind == DELIVERY => {
                    objects.extend(self.deliver(&delivery, &files, existing).await?);
                }
                other => objects.push(other),
            }
        }
        Ok(objects)
    }

    /// Fetches a file to where the line says, and nowhere else, whatever the host says.
    async fn deliver(
        &mut self,
        delivery: &Object,
        files: &[String],
        existing: place::Existing,
    ) -> Result<Vec<Value>, Fault> {
        let name = delivery.get("FileName").map(ToString::to_string).unwrap_or_default();
        if !files.contains(&name) {
            let message = format!("the host wants to write {name}, which the line does not name");
            let hint = "nothing was written; see which host this is";
            return Err(Fault::new(FaultKind::Failed, "not-delivered", message, hint));
        }
        let path = self.exchange.resolve(&name);
        let path =
            path.map_err(|error| Fault::misspoken(error.to_string(), "name another file"))?;
        travel::deliver(&self.deployment, delivery, &path, existing).await
    }
}

/// Does it until the file that it makes is not overtaken, a few times at most.
async fn while_stale<T>(mut once: impl AsyncFnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    for _ in 1..FILES_MAX {
        match once().await {
            Err(fault) if fault.code == STALE => remark(&format!("{fault}, which is done now")),
            done => return done,
        }
    }
    once().await
}

/// Runs a cmdlet at the host; what it tells meanwhile is said.
async fn invoke(deployment: &Deployment, call: Call) -> Result<Vec<Value>, Fault> {
    ask_host(deployment, call, |told| remark(&told.to_string())).await
}

/// Runs a cmdlet at the host and says nothing of it.
pub(super) async fn invoke_silently(
    deployment: &Deployment,
    call: Call,
) -> Result<Vec<Value>, Fault> {
    ask_host(deployment, call, drop).await
}

async fn ask_host(
    deployment: &Deployment,
    call: Call,
    told: impl FnMut(Told),
) -> Result<Vec<Value>, Fault> {
    let request = Request { cmdlet: call.cmdlet.name(), parameters: call.parameters };
    let asked: Result<Result<Vec<Value>, Fault>, _> = deployment.ask(INVOKE, &request, told).await;
    asked.unwrap_or_else(|error| {
        let (kind, hint) = if error.is_outcome_unknown() {
            (FaultKind::Unknown, "look what was done, then run it again: it resumes")
        } else {
            (FaultKind::Unavailable, "name another host with --via")
        };
        Err(Fault::new(kind, "host", format!("host {}: {error}", deployment.host()), hint))
    })
}

/// The files on this machine that the line names.
fn files_of(call: &Call) -> Vec<String> {
    let is_file = |name: &str| call.cmdlet.parameter(name).is_some_and(|it| it.takes == Type::File);
    let given = call.parameters.iter().filter(|(name, _)| is_file(name));
    given.map(|(_, value)| value.to_string()).collect()
}

fn told(done: Result<Vec<Value>, Fault>) -> Answer {
    match done {
        Ok(objects) => Answer::Objects(objects),
        Err(fault) => Answer::Failed(fault.into()),
    }
}

fn answer<T>(done: io::Result<T>, good: impl FnOnce(T) -> Answer) -> Answer {
    match done {
        Ok(value) => good(value),
        Err(error) => {
            let code = if error.kind() == io::ErrorKind::BrokenPipe { CLOSED } else { "io" };
            // What we say ourselves says what to do; of the system we pass on what it says.
            let ours = error.kind() == io::ErrorKind::Other;
            let hint = if ours { "" } else { "look at the file and its folder, then repeat it" };
            Answer::Failed(Failure::new(code, error.to_string(), hint))
        }
    }
}

fn read(file: &FileRead, path: &Path) -> io::Result<Answer> {
    const MOST: u64 = shell::limits::MAX_BYTES as u64;
    let named = |error: io::Error| io::Error::other(format!("{}: {error}", file.name));
    let mut bytes = Vec::new();
    let open = std::fs::File::open(path).map_err(named)?;
    open.take(MOST + 1).read_to_end(&mut bytes).map_err(named)?;
    if MOST < bytes.len() as u64 {
        let said = "bytes, which is as much as a line can hold: name a smaller file";
        return Err(io::Error::other(format!("{} is larger than {MOST} {said}", file.name)));
    }
    match file.form {
        Form::Bytes => Ok(Answer::Bytes(bytes.into())),
        Form::Text => {
            let more = "or read it with -Encoding Byte";
            let named = |error| io::Error::other(format!("{}: {error}, {more}", file.name));
            text::of(bytes).map(Answer::Text).map_err(named)
        }
    }
}

fn write(file: &FileWrite, path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    match file.existing {
        Existing::Replace => options.write(true).create(true).truncate(true),
        Existing::Append => options.append(true).create(true),
        Existing::Refuse => options.write(true).create_new(true),
    };
    let named = |error: io::Error| io::Error::other(format!("{}: {error}", file.name));
    let mut open = options.open(path).map_err(named)?;
    open.write_all(file.text.as_bytes()).map_err(named)?;
    // A pipe or a terminal has nothing to be made durable.
    if open.metadata().map_err(named)?.is_file() { open.sync_all().map_err(named) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often it is done, and whether well, if the first so many files are overtaken.
    async fn tried(overtaken: u32) -> (u32, bool) {
        let mut turns = 0;
        let done = while_stale(async || {
            turns += 1;
            let fault = || Err(Fault::new(FaultKind::Conflict, STALE, "agents signed in", ""));
            if turns <= overtaken { fault() } else { Ok(()) }
        });
        let is_well = done.await.is_ok();
        (turns, is_well)
    }

    #[tokio::test]
    async fn a_file_that_is_overtaken_is_made_again_a_few_times() {
        assert_eq!(tried(0).await, (1, true));
        assert_eq!(tried(2).await, (3, true));
        assert_eq!(tried(FILES_MAX).await, (FILES_MAX, false));
        let mut turns = 0;
        let refused = while_stale(async || {
            turns += 1;
            Err::<(), _>(Fault::missing("there is no such pool", ""))
        });
        assert!(refused.await.is_err());
        assert_eq!(turns, 1, "what else is wrong is said at once");
    }
}
