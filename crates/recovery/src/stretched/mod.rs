//! A stretched pool, as the engine sees it: looked at, acted upon, noted, locked.
//!
//! An act changes a site's record by compare-and-set and waits until the keepers have made it so.
//! Whoever runs it may die at any point: the record stands, and running again goes on from it.

mod acts;
mod look;
mod moves;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use topology::Pool;

pub use look::{SALVAGED, Settled};

use crate::action::{Action, StretchedPool};
use crate::engine::{Deployment, Line, Reply, Stopped};
use crate::grounds::{Grounds, LockSeen, Run};
use crate::journal::What;
use crate::observed::{Observed, SiteSeen};
use crate::store::Records;
use crate::world::{Measured, World};

/// Between two looks while an act waits.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What an administrator said with the command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who.
    pub who: String,
    /// The home site is off.
    pub attested: bool,
    /// The measured loss is accepted.
    pub accepted: bool,
    /// The store that a switchover means.
    pub target: Option<String>,
    /// The stores whose copies are lost.
    pub lost_copies: Vec<String>,
    /// The range of shipped WAL that is given up, as it was typed.
    pub missing_log: Option<String>,
    /// The gate is to be opened on one machine, where the mirror takes long.
    pub without_mirror: bool,
}

impl Said {
    /// What else was said, for the journal.
    fn also(&self, measured: &Measured) -> Vec<String> {
        let mut also = Vec::new();
        if !self.lost_copies.is_empty() {
            let stores = self.lost_copies.join(", ");
            also.push(format!(
                "attested that the copy is lost: {stores}. {}",
                measured.lost_with_a_copy()
            ));
        }
        if let Some(range) = &self.missing_log {
            also.push(format!("accepted that shipped WAL is missing: {range}"));
        }
        if self.without_mirror {
            also.push(
                "accepted that posts stand on one machine until the mirror is in sync".into(),
            );
        }
        also
    }

    /// What was said of the home site, as it is typed.
    fn of_home(&self) -> String {
        let attested = if self.attested { " -AttestSiteIsDown" } else { "" };
        let accepted = if self.accepted { " -AcceptDataLoss" } else { "" };
        format!("{attested}{accepted}")
    }
}

/// One run upon one pool.
#[derive(Debug)]
pub struct Stretched {
    run: Run,
    pool: Pool,
    said: Said,
    last: Option<(Observed, Measured)>,
}

impl Stretched {
    /// Begins a run: gives it a name, and notes what was said.
    pub async fn begin(
        grounds: Grounds,
        pool: &Pool,
        said: Said,
        procedure: &str,
    ) -> Result<Self, String> {
        let run = Run::new(grounds, &pool.fqdn, &said.who, procedure);
        let mut begun = Self { run, pool: pool.clone(), said, last: None };
        let (_, measured) = begun.look().await?;
        let accepted = begun.said.accepted.then(|| measured.loss());
        let (procedure, attested) = (procedure.to_owned(), begun.said.attested);
        let also = begun.said.also(&measured);
        begun.run.note(What::Began { procedure, attested, accepted, also }).await?;
        Ok(begun)
    }

    /// For a rehearsal: nothing is noted.
    pub fn rehearse(grounds: Grounds, pool: &Pool, said: Said) -> Self {
        let run = Run::new(grounds, &pool.fqdn, &said.who, "rehearsal");
        Self { run, pool: pool.clone(), said, last: None }
    }

    /// Notes how it ended.
    pub async fn end(self, outcome: &Result<(), Stopped>) -> Result<(), String> {
        self.run.end(outcome).await
    }

    /// One look at the deployment.
    pub async fn look(&mut self) -> Result<(World, Measured), String> {
        let grounds = self.grounds();
        let observed =
            Observed::look(&grounds.topology, &self.pool, &grounds.stores, &grounds.client).await;
        let seen = self.world_of(&observed).await?;
        self.last = Some((observed, seen.1.clone()));
        Ok(seen)
    }

    fn grounds(&self) -> &Grounds {
        self.run.grounds()
    }

    fn records(&self, site: &str) -> Result<&Records, String> {
        self.grounds().records(site)
    }

    fn home_site(&self) -> String {
        let site = self.grounds().topology.home_site(&self.pool);
        site.expect("a checked topology gives a pool its home").name.clone()
    }

    fn backup_site(&self) -> Result<String, String> {
        let site = self.grounds().topology.backup_site(&self.pool);
        site.map(|site| site.name.clone()).ok_or_else(|| {
            format!("{} is not stretched: its topology names no backup store", self.pool.fqdn)
        })
    }
}

impl Deployment<StretchedPool> for Stretched {
    fn observe(&mut self) -> Reply<'_, (World, Measured)> {
        Box::pin(self.look())
    }

    fn perform(&mut self, action: Action) -> Reply<'_, ()> {
        Box::pin(self.act(action))
    }

    fn note(&mut self, line: Line) -> Reply<'_, ()> {
        Box::pin(self.run.note(What::Row(line)))
    }

    fn release(&mut self) -> Reply<'_, ()> {
        Box::pin(self.run.release())
    }
}

impl Stretched {
    /// Who holds the lock, by all stores that answered.
    async fn lock_in(&self, observed: &Observed) -> LockSeen {
        let states = observed.sites.values().filter_map(|seen| match seen {
            SiteSeen::Answers { procedure, .. } => Some(procedure),
            SiteSeen::Unknown { .. } => None,
        });
        self.run.lock_in(states).await
    }
}
