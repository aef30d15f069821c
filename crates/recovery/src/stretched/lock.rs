//! One run at a time: a lease at every site that can be reached, renewed while the run lives.
//!
//! An orchestrator that is killed holds nothing back: its lease ends, and the next run resumes.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tracing::debug;

use super::Stretched;
use crate::observed::{Observed, SiteSeen};
use crate::store::{LeaseAsk, LeaseState, Store, StoreError};
use crate::world::Lock;

const LENGTH: Duration = Duration::from_millis(1500);
const RENEW: Duration = Duration::from_millis(400);

/// The lock while it is held. Dropping it stops the renewal.
#[derive(Debug)]
pub(super) struct Held {
    stores: Vec<Arc<dyn Store>>,
    _renewal: JoinSet<()>,
}

impl Stretched {
    pub(super) fn lock_name(&self) -> String {
        format!("procedure/{}", self.pool.fqdn)
    }

    /// Takes the lock at every site that answers.
    pub(super) async fn lock(&mut self) -> Result<(), String> {
        let mut stores = Vec::new();
        for (site, records) in &self.grounds.stores {
            let store = Arc::clone(records.store());
            match store.lease(&self.lock_name(), take(&self.run)).await {
                Ok(_) => stores.push(store),
                Err(StoreError::Away { .. }) => debug!(site, "locked without this site"),
                Err(error) => return Err(error.to_string()),
            }
        }
        if stores.is_empty() {
            return Err("no management store answers: nothing can be locked".to_owned());
        }
        let mut renewal = JoinSet::new();
        renewal.spawn(renew(stores.clone(), self.lock_name(), self.run.clone()));
        self.held = Some(Held { stores, _renewal: renewal });
        Ok(())
    }

    /// Gives the lock back wherever it is held.
    pub(super) async fn unlock(&mut self) {
        let Some(held) = self.held.take() else { return };
        for store in &held.stores {
            let ask = LeaseAsk::GiveUp { holder: self.run.clone() };
            if let Err(error) = store.lease(&self.lock_name(), ask).await {
                debug!(%error, "the procedure lock ends by itself");
            }
        }
    }

    /// Who holds the lock, by all stores that answered.
    pub(super) fn lock_in(&self, observed: &Observed) -> Lock {
        let mut lock = Lock::Free;
        for seen in observed.sites.values() {
            let SiteSeen::Answers { procedure, .. } = seen else { continue };
            match procedure {
                LeaseState::Held { holder, .. } if *holder == self.run => lock = Lock::Ours,
                LeaseState::Held { .. } => return Lock::Others,
                LeaseState::Ended { .. }
                | LeaseState::GivenUp { .. }
                | LeaseState::Unknown
                | LeaseState::Free => {}
            }
        }
        lock
    }
}

fn take(run: &str) -> LeaseAsk {
    let length_ms = u64::try_from(LENGTH.as_millis()).expect("a lease is short");
    LeaseAsk::Take { holder: run.to_owned(), length_ms }
}

async fn renew(stores: Vec<Arc<dyn Store>>, name: String, run: String) {
    let mut tick = tokio::time::interval(RENEW);
    loop {
        tick.tick().await;
        for store in &stores {
            if let Err(error) = store.lease(&name, take(&run)).await {
                debug!(%error, "the procedure lock was not renewed");
            }
        }
    }
}
