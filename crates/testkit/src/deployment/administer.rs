//! What an administrator does to a deployment, by the product's own commands.

use super::running::Running;
use super::{ADMINISTRATOR, Deployment};
use crate::client::Client;
use anyhow::{Context as _, ensure};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use xmpp::muc::HistoryWanted;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

impl Deployment {
    /// The first administrator's certificate and key.
    pub fn credential(&self) -> PathBuf {
        self.directory().join("authority/administrators").join(ADMINISTRATOR)
    }

    /// The product's binary, where its account can run it.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Runs `standfast SUBCOMMAND --topology … --credential … ARGUMENTS` and returns what it
    /// prints; fails, with its words, when it fails.
    pub async fn administer(&self, arguments: &[&str]) -> anyhow::Result<String> {
        self.begin(arguments)?.end().await?.into_good()
    }

    /// Begins `standfast SUBCOMMAND --topology … --credential … ARGUMENTS`.
    pub fn begin(&self, arguments: &[&str]) -> anyhow::Result<Running> {
        let (subcommand, rest) = arguments.split_first().context("a subcommand comes first")?;
        let mut command = tokio::process::Command::from(self.account.command(&self.program));
        command.arg(subcommand).arg("--topology").arg(self.directory().join("topology.toml"));
        command.arg("--credential").arg(self.credential()).args(rest);
        Running::begin(command, format!("standfast {}", arguments.join(" ")))
    }

    /// Runs a line of the management shell.
    pub async fn shell(&self, line: &str) -> anyhow::Result<String> {
        self.administer(&["shell", "-c", line]).await
    }

    /// Repeats a command until `done` likes what it prints; a failed command is tried again.
    pub async fn watch(
        &self,
        deadline: Duration,
        what: &str,
        arguments: &[&str],
        done: impl Fn(&str) -> bool,
    ) -> anyhow::Result<String> {
        let end = Instant::now() + deadline;
        loop {
            let seen = self.administer(arguments).await;
            if let Ok(said) = &seen
                && done(said)
            {
                return seen;
            }
            ensure!(Instant::now() < end, "{what}: not within {deadline:?}; seen last: {seen:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until the pool is Normal, as the shell tells.
    pub async fn is_normal(&self, deadline: Duration) -> anyhow::Result<()> {
        let question = ["shell", "-c", "Get-CsPersistentChatState"];
        let normal = |said: &str| {
            said.lines().any(|line| {
                line.split_once(':').is_some_and(|(name, value)| {
                    name.trim() == "PoolState" && value.trim() == "Normal"
                })
            })
        };
        self.watch(deadline, "the pool is Normal", &question, normal).await.map(drop)
    }

    /// Waits until a user can enter a room, through whatever server the service records name.
    pub async fn lets_in(
        &self,
        user: &str,
        password: &str,
        room: &str,
        deadline: Duration,
    ) -> anyhow::Result<()> {
        let login = self.login(user, password);
        let end = Instant::now() + deadline;
        loop {
            let entered = async {
                let mut client = Client::connect(&login).await?;
                client.join(room, user, HistoryWanted::default()).await?;
                client.close().await
            };
            let Err(error) = entered.await else { return Ok(()) };
            ensure!(
                Instant::now() < end,
                "{user} cannot enter {room} within {deadline:?}: {error}"
            );
            tokio::time::sleep(PAUSE).await;
        }
    }
}
