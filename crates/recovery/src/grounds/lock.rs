//! One run at a time: a lease at every site that can be reached, renewed while the run lives.
//!
//! An orchestrator that is killed holds nothing back: its lease ends, and the next run resumes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinSet;
use tracing::debug;

use super::Grounds;
use crate::store::{LeaseAsk, LeaseState, Records, Store, StoreError};

const LENGTH: Duration = Duration::from_millis(1500);
const RENEW: Duration = Duration::from_millis(400);

/// The lock of a pool while a run holds it. Dropping it stops the renewal.
#[derive(Debug)]
pub(super) struct Held {
    name: String,
    run: String,
    /// Where it is held, and where it is taken when that site answers.
    stores: Vec<Arc<dyn Store>>,
    renewal: JoinSet<()>,
}

impl Grounds {
    /// Takes the lock of `pool` for `run` at every site that answers; or at none, if another run
    /// has it at one of them.
    pub(super) async fn lock(&self, pool: &str, run: &str) -> Result<Held, String> {
        let (name, run) = (Records::procedure_lease(pool), run.to_owned());
        let mut held = Held { name, run, stores: Vec::new(), renewal: JoinSet::new() };
        let mut away = Vec::new();
        for (site, records) in &self.stores {
            let store = Arc::clone(records.store());
            let why = match store.lease(&held.name, take(&held.run)).await {
                Ok(_) => {
                    held.stores.push(store);
                    continue;
                }
                Err(StoreError::Away { .. }) => {
                    debug!(site, "locked without this site, until it answers");
                    away.push(store);
                    continue;
                }
                Err(StoreError::Held { holder, .. }) => {
                    let other = self.tell_of(&holder).await;
                    format!("another procedure runs for this pool: {other}")
                }
                Err(error) => error.to_string(),
            };
            held.give_up().await;
            return Err(why);
        }
        if held.stores.is_empty() {
            return Err("no management store answers: nothing can be locked".to_owned());
        }
        held.stores.append(&mut away);
        for store in &held.stores {
            held.renewal.spawn(renew(Arc::clone(store), held.name.clone(), held.run.clone()));
        }
        Ok(held)
    }

    /// How the lease of the lock of `pool` stands, at every store that answers.
    pub(super) async fn lock_states(&self, pool: &str) -> Vec<LeaseState> {
        let name = Records::procedure_lease(pool);
        let looks = self.stores.iter().map(async |(site, records)| {
            let read = records.store().read().await;
            let looked = read.map(|snapshot| snapshot.lease(&name));
            looked.inspect_err(|error| debug!(site, %error, "the lock is looked at without it"))
        });
        join_all(looks).await.into_iter().flatten().collect()
    }
}

impl Held {
    /// Gives the lock back wherever it is held.
    pub(super) async fn give_up(mut self) {
        self.renewal.shutdown().await;
        let (name, run) = (&self.name, &self.run);
        join_all(self.stores.iter().map(async |store| {
            let ask = LeaseAsk::GiveUp { holder: run.clone() };
            if let Err(error) = store.lease(name, ask).await {
                debug!(%error, "the procedure lock ends by itself");
            }
        }))
        .await;
    }
}

/// The run that holds a lock, by what the stores say of its lease: another one before `run`.
pub(super) fn holder<'a>(
    states: impl Iterator<Item = &'a LeaseState>,
    run: &str,
) -> Option<&'a str> {
    let holders = states.filter_map(|state| match state {
        LeaseState::Held { holder, .. } => Some(holder.as_str()),
        LeaseState::Ended { .. }
        | LeaseState::GivenUp { .. }
        | LeaseState::Unknown
        | LeaseState::Free => None,
    });
    holders.max_by_key(|holder| *holder != run)
}

fn take(run: &str) -> LeaseAsk {
    let length_ms = u64::try_from(LENGTH.as_millis()).expect("a lease is short");
    LeaseAsk::Take { holder: run.to_owned(), length_ms }
}

/// Renews the lease at one site, or takes it as soon as that site answers. No site waits for
/// another.
async fn renew(store: Arc<dyn Store>, name: String, run: String) {
    let mut tick = tokio::time::interval(RENEW);
    loop {
        tick.tick().await;
        if let Err(error) = store.lease(&name, take(&run)).await {
            debug!(%error, "the procedure lock was not renewed");
        }
    }
}
