//! Names and addresses that are free at every pool that can be reached.

use std::sync::Arc;
use std::time::Duration;

use admin::{Fault, FaultKind, Watch};
use futures_util::future::join_all;
use response_groups::import::Elsewhere;
use response_groups::store::{Naming, RgsError};
use tokio::sync::OwnedMutexGuard;

use super::Reached;
use super::response_groups::fault;

/// How long another pool may take to answer; one that is away is no reason to wait.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long others of this host may take before.
const QUEUE_WAIT: Duration = Duration::from_mins(1);

/// The names of all pools that answer, locked until this [ends](NamesHeld::end).
pub(super) struct NamesHeld {
    held: Vec<(String, Naming)>,
    /// Of this host one at a time: who waits would keep connections from who has the lock.
    _alone: OwnedMutexGuard<()>,
}

impl NamesHeld {
    /// Lets go.
    pub(super) async fn end(self) {
        for (_, naming) in self.held {
            naming.end().await;
        }
    }
}

impl Reached {
    /// Locks the names of every pool that answers. Says which do not.
    pub(super) async fn hold_names(&self, watch: &Watch) -> Result<NamesHeld, Fault> {
        let alone = Arc::clone(&self.naming).lock_owned();
        let alone = tokio::time::timeout(QUEUE_WAIT, alone).await.map_err(|_| {
            let message = "other names are being given, and that takes long".to_owned();
            Fault::new(FaultKind::Unavailable, "busy", message, "try again")
        })?;
        let reached = self.hostings.iter().map(async |(fqdn, hosting)| {
            let reached = tokio::time::timeout(PATIENCE, hosting.naming()).await;
            (fqdn, reached)
        });
        let mut held = Vec::new();
        // In the order of the pools' names, as everybody does.
        for (fqdn, reached) in join_all(reached).await {
            let Ok(Ok(naming)) = reached else {
                watch.note(unheard(fqdn));
                continue;
            };
            match naming.lock().await {
                Ok(()) => held.push((fqdn.to_owned(), naming)),
                Err(busy @ RgsError::Busy { .. }) => return Err(fault(&busy)),
                Err(_) => watch.note(unheard(fqdn)),
            }
        }
        Ok(NamesHeld { held, _alone: alone })
    }

    /// What is at the other pools, by name and address.
    pub(super) async fn names_elsewhere(
        &self,
        parent: &str,
        names: &NamesHeld,
        watch: &Watch,
    ) -> Vec<Elsewhere> {
        let others = names.held.iter().map(|(fqdn, _)| fqdn.as_str());
        let others = others.filter(|fqdn| *fqdn != parent);
        let asked = others.filter_map(|fqdn| Some((fqdn, self.hostings.get(fqdn)?)));
        let asked = asked.map(async |(fqdn, hosting)| {
            let names = tokio::time::timeout(PATIENCE, hosting.names()).await;
            (fqdn, names)
        });
        let mut elsewhere = Vec::new();
        for (fqdn, names) in join_all(asked).await {
            let Ok(Ok(names)) = names else {
                watch.note(unheard(fqdn));
                continue;
            };
            let at = |object| Elsewhere { object, pool: fqdn.to_owned() };
            elsewhere.extend(names.into_iter().map(at));
        }
        elsewhere
    }
}

fn unheard(pool: &str) -> String {
    format!("{pool} does not answer: whether a name or an address is taken there is not known.")
}
