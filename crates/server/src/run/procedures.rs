//! Procedures, as this host runs them for an administrator.

use std::sync::Arc;

use recovery::action::{Procedure, Step};
use recovery::engine::{self, Forecast, Line, Stopped};
use recovery::grounds::{Grounds, Salvager};
use recovery::journal::{Entry, Journal};
use recovery::observed::Observed;
use recovery::stretched::{Said, Stretched};
use recovery::world::Measured;
use topology::Pool;

use super::host::ThisHost;
use super::parts::Stores;

/// Where journals stand, below the data directory.
const JOURNAL: &str = "journal";

/// Runs procedures upon this deployment's pools.
#[derive(Clone, Debug)]
pub(crate) struct Procedures {
    grounds: Grounds,
}

impl Procedures {
    /// For runs on this host.
    pub(crate) fn new(
        host: &ThisHost,
        stores: &Stores,
        journal: Journal,
        salvager: Salvager,
    ) -> Self {
        Self {
            grounds: Grounds {
                host: host.name.clone(),
                topology: Arc::clone(&host.topology),
                stores: stores.all_hurried(),
                client: host.client.clone(),
                journal,
                salvager,
            },
        }
    }

    /// The journals of this host.
    pub(crate) fn journal(host: &ThisHost) -> std::io::Result<Journal> {
        Journal::open(&host.directory(JOURNAL))
    }

    /// One look at everything of `pool`.
    pub(crate) async fn look(&self, pool: &Pool) -> Observed {
        let grounds = &self.grounds;
        Observed::look(&grounds.topology, pool, &grounds.stores, &grounds.client).await
    }

    /// The newest run upon `pool` in this host's journals.
    pub(crate) fn newest_run(&self, pool: &str) -> std::io::Result<Vec<Entry>> {
        self.grounds.journal.newest(pool)
    }

    /// What runs of other procedures need.
    pub(crate) fn grounds(&self) -> Grounds {
        self.grounds.clone()
    }

    /// The stores of all sites.
    pub(crate) fn stores(&self) -> &[(String, recovery::store::Records)] {
        &self.grounds.stores
    }

    /// Tells what a run, or the one row of it, would do, with the figures that an administrator
    /// reads. Changes nothing.
    pub(crate) async fn rehearse(
        &self,
        procedure: &'static Procedure,
        row: Option<&'static Step>,
        pool: &Pool,
        said: Said,
    ) -> Result<(Forecast, Measured), Stopped> {
        let mut deployment = Stretched::rehearse(self.grounds.clone(), pool, said);
        let (world, measured) = deployment.look().await.map_err(Stopped::Blind)?;
        Ok((engine::what_if(procedure, row, &world, &measured), measured))
    }

    /// Runs all of a procedure, or the one row of it that is named; `watch` is told every line.
    pub(crate) async fn run(
        &self,
        procedure: &'static Procedure,
        row: Option<&'static Step>,
        pool: &Pool,
        said: Said,
        watch: &mut (dyn FnMut(&Line) + Send),
    ) -> Result<(), Stopped> {
        let begun = Stretched::begin(self.grounds.clone(), pool, said, procedure.name).await;
        let mut deployment = begun.map_err(Stopped::Blind)?;
        let outcome = match row {
            None => engine::run(procedure, &mut deployment, watch).await,
            Some(row) => engine::run_row(procedure, row, &mut deployment, watch).await,
        };
        let noted = deployment.end(&outcome).await;
        outcome?;
        noted.map_err(|why| Stopped::Failed { number: "end", why })
    }
}
