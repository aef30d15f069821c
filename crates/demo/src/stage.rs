//! All that the story is played with. What it started ends with it.

use crate::accounting::{self, Account, Outage};
use crate::administrator::Administrator;
use crate::narration::Narration;
use crate::people::People;
use crate::watch::Watch;
use anyhow::Context as _;
use std::time::Instant;
use testkit::deployment::Deployment;
use topology::Pool;

/// The stage. Dropped in this order: nobody looks, people go, and then the hosts end.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) watch: Watch,
    pub(crate) people: People,
    pub(crate) deployment: Deployment,
    pub(crate) administrator: Administrator,
    pub(crate) narration: Narration,
    pub(crate) account: Account,
}

/// What an outage comes from.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    pub(crate) what: &'static str,
    pub(crate) kind: Kind,
    pub(crate) at: Instant,
    /// The term until then.
    pub(crate) term: Option<String>,
}

/// How an outage is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// From the kill; whoever took over had no mirror from the kill on.
    InstanceKilled,
    /// From the loss; whoever took over may have no mirror from its first post on.
    SiteLost { command: Instant },
    /// Nobody was killed: the longest pause that people noticed.
    Planned,
}

impl Stage {
    pub(crate) fn pool(&self) -> &Pool {
        let mut pools = self.deployment.topology().chat_pools();
        pools.next().expect("the demo's topology has a chat pool")
    }

    /// The site where the pool is at home.
    pub(crate) fn home(&self) -> String {
        let home = self.deployment.topology().home_site(self.pool());
        home.expect("a checked topology gives a pool its home").name.clone()
    }

    /// The host of the backup database.
    pub(crate) fn backup_host(&self) -> anyhow::Result<String> {
        let store = self.pool().stores.backup.as_ref().context("the pool has a backup store")?;
        self.host_of(store)
    }

    pub(crate) fn host_of(&self, store: &str) -> anyhow::Result<String> {
        let host = self.deployment.topology().host_of_store(store);
        host.map(|it| it.name.clone()).with_context(|| format!("{store} is on no host"))
    }

    /// The newest term that was seen.
    pub(crate) fn term(&self) -> Option<String> {
        self.watch.looks().into_iter().rev().find_map(|look| look.seen.term)
    }

    /// Runs a line of the management shell before everybody's eyes.
    pub(crate) async fn shell(&self, line: &str) -> anyhow::Result<()> {
        self.order(line, "shell", &["-c", line]).await
    }

    /// Runs a command of the product before everybody's eyes.
    pub(crate) async fn standfast(&self, subcommand: &str) -> anyhow::Result<()> {
        self.order(&format!("standfast {subcommand}"), subcommand, &[]).await
    }

    async fn order(&self, typed: &str, subcommand: &str, rest: &[&str]) -> anyhow::Result<()> {
        let narration = self.narration;
        narration.typed(typed);
        let hear = |line: &str| narration.heard(line);
        let ran = self.administrator.order(subcommand, rest, hear);
        narration.during("the command runs", ran).await.map(drop)
    }

    /// Measures an outage that is over, and writes it into the account.
    pub(crate) fn measure(&mut self, cause: &Cause) -> anyhow::Result<Outage> {
        let acknowledgements = self.people.ledger.acknowledgements();
        let what = cause.what;
        let (begun, ended) = accounting::silence(&acknowledgements, cause.at, Instant::now())
            .with_context(|| format!("{what}: no post was acknowledged since"))?;
        let (from, alone_from, command) = match cause.kind {
            Kind::InstanceKilled => (cause.at, cause.at, None),
            Kind::SiteLost { command } => (cause.at, ended, Some(command)),
            Kind::Planned => (begun, ended, None),
        };
        let exposed = accounting::exposure(&self.watch.looks(), cause.term.as_deref(), alone_from)
            .with_context(|| format!("{what}: no mirror was seen in sync since"))?;
        let outage = Outage {
            what,
            lasted: ended - from,
            since_command: command.map(|at| ended.saturating_duration_since(at)),
            exposed,
        };
        self.account.outages.push(outage.clone());
        Ok(outage)
    }
}
