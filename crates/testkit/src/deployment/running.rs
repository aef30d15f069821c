//! A command of the product that is under way: somebody waits for it, or kills it.

use anyhow::{Context as _, ensure};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long one command may take.
const COMMAND: Duration = Duration::from_mins(3);

/// A command that was begun. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    what: String,
    child: Child,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    what: String,
    status: ExitStatus,
    /// What it printed.
    pub said: String,
    /// What it said beside that.
    pub remarks: String,
}

impl Running {
    pub(super) fn begin(mut command: Command, what: String) -> anyhow::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.kill_on_drop(true).spawn().with_context(|| what.clone())?;
        Ok(Self { what, child })
    }

    /// Whether it has ended by itself.
    pub fn is_over(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait().with_context(|| self.what.clone())?.is_some())
    }

    /// Waits for its end.
    pub async fn end(self) -> anyhow::Result<Ended> {
        let Self { what, child } = self;
        let ran = tokio::time::timeout(COMMAND, child.wait_with_output()).await;
        let output = ran.with_context(|| format!("{what} takes too long"))?;
        let output = output.with_context(|| what.clone())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (said, remarks) = (text(&output.stdout), text(&output.stderr));
        Ok(Ended { what, status: output.status, said, remarks })
    }

    /// Kills it with SIGKILL, if it has not ended by itself.
    pub async fn kill(mut self) -> anyhow::Result<Ended> {
        if !self.is_over()? {
            self.child.start_kill().with_context(|| format!("kill {}", self.what))?;
        }
        self.end().await
    }
}

impl Ended {
    /// Whether it did what was asked.
    pub fn is_good(&self) -> bool {
        self.status.success()
    }

    /// What it printed; fails, with its words, if it failed.
    pub fn into_good(self) -> anyhow::Result<String> {
        let Self { what, status, said, remarks } = self;
        ensure!(status.success(), "{what}: {status}: {remarks}{said}");
        Ok(said)
    }
}
