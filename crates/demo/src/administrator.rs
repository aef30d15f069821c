//! An administrator with a credential, who uses the product's own commands.

use crate::protection::{Protection, QUESTION};
use anyhow::{Context as _, ensure};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use testkit::deployment::Deployment;
use testkit::{Account, binaries};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// How long a question may take.
const QUESTION_PATIENCE: Duration = Duration::from_secs(10);

/// How long a procedure may take.
const PROCEDURE_PATIENCE: Duration = Duration::from_mins(2);

/// Between two rehearsals.
const PAUSE: Duration = Duration::from_millis(200);

/// The last lines of a complaint that are repeated where it ends the story.
const LAST_LINES: usize = 3;

/// Whom the administrator asks, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct Administrator {
    account: Account,
    pub(crate) program: PathBuf,
    pub(crate) topology: PathBuf,
    pub(crate) credential: PathBuf,
}

impl Administrator {
    pub(crate) fn of(deployment: &Deployment) -> anyhow::Result<Self> {
        let account = Account::find()?;
        let program = account.runnable(&binaries::find("standfast")?, deployment.directory())?;
        let topology = deployment.directory().join("topology.toml");
        Ok(Self { account, program, topology, credential: deployment.credential() })
    }

    /// One look at the pool.
    pub(crate) async fn look(&self) -> anyhow::Result<Protection> {
        let asked = self.run("shell", &["-c", QUESTION], |_| ());
        let asked = tokio::time::timeout(QUESTION_PATIENCE, asked).await;
        Protection::read(&asked.context("the shell does not answer")??)
    }

    /// Runs a procedure to its end; `hear` gets every line as it comes.
    pub(crate) async fn order(
        &self,
        subcommand: &str,
        arguments: &[&str],
        hear: impl FnMut(&str),
    ) -> anyhow::Result<String> {
        let run = tokio::time::timeout(PROCEDURE_PATIENCE, self.run(subcommand, arguments, hear));
        run.await.with_context(|| format!("standfast {subcommand} takes too long"))?
    }

    /// Rehearses a procedure until its prerequisites hold.
    pub(crate) async fn until_ready(
        &self,
        subcommand: &str,
        deadline: Duration,
    ) -> anyhow::Result<()> {
        let end = Instant::now() + deadline;
        loop {
            match self.order(subcommand, &["--what-if"], |_| ()).await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > end => return Err(error),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Runs `standfast SUBCOMMAND` and returns what it prints to standard output; fails, with
    /// its words, when it fails.
    async fn run(
        &self,
        subcommand: &str,
        arguments: &[&str],
        mut hear: impl FnMut(&str),
    ) -> anyhow::Result<String> {
        let what = || format!("standfast {subcommand} {}", arguments.join(" "));
        let mut command = Command::from(self.account.command(&self.program));
        command.arg(subcommand).arg("--topology").arg(&self.topology);
        command.arg("--credential").arg(&self.credential).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().with_context(what)?;
        let mut output = BufReader::new(child.stdout.take().with_context(what)?).lines();
        let mut errors = BufReader::new(child.stderr.take().with_context(what)?).lines();
        let (mut said, mut complained) = (String::new(), String::new());
        let (mut is_saying, mut is_complaining) = (true, true);
        while is_saying || is_complaining {
            let (line, text, goes_on) = tokio::select! {
                line = output.next_line(), if is_saying => (line, &mut said, &mut is_saying),
                line = errors.next_line(), if is_complaining => {
                    (line, &mut complained, &mut is_complaining)
                }
            };
            let Some(line) = line.with_context(what)? else {
                *goes_on = false;
                continue;
            };
            hear(&line);
            text.push_str(&line);
            text.push('\n');
        }
        let status = child.wait().await.with_context(what)?;
        ensure!(status.success(), "{}: {status}: {}", what(), last_words(&complained));
        Ok(said)
    }
}

fn last_words(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::last_words;

    #[test]
    fn only_the_end_of_a_complaint_is_repeated() {
        assert_eq!(last_words("a\nb\nc\nd\n"), "b\nc\nd");
        assert_eq!(last_words(""), "");
    }
}
