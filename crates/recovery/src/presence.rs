//! Which chat servers live: each holds a lease in its own site's store.
//!
//! A server that is killed is gone for everybody when its lease ends. While a store is away, what
//! it said last still stands.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::debug;

use crate::store::{LeaseAsk, LeaseState, Records, Snapshot, Snapshots, any_changed};

/// A killed server's occupants leave everywhere within this.
const LENGTH: Duration = Duration::from_millis(1500);
const RENEW: Duration = Duration::from_millis(400);

/// Holds the lease of `host` as a server of `pool` until `shutdown`.
pub async fn hold(pool: String, host: String, own: Records, shutdown: CancellationToken) {
    let name = format!("{}{host}", prefix(&pool));
    let holder = format!("{host}/{}", std::process::id());
    let length_ms = u64::try_from(LENGTH.as_millis()).expect("a lease is short");
    let mut tick = tokio::time::interval(RENEW);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            _ = tick.tick() => {}
        }
        let ask = LeaseAsk::Take { holder: holder.clone(), length_ms };
        if let Err(error) = own.store().lease(&name, ask).await {
            debug!(%error, "the server's lease was not renewed");
        }
    }
    let ask = LeaseAsk::GiveUp { holder };
    if let Err(error) = own.store().lease(&name, ask).await {
        debug!(%error, "the server's lease ends by itself");
    }
}

/// Follows which servers of `pool` live, by the stores of all sites.
pub fn follow(
    pool: &str,
    stores: Vec<(String, Snapshots)>,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> watch::Receiver<BTreeSet<String>> {
    let (living_tx, living) = watch::channel(BTreeSet::new());
    let tell = tell(pool.to_owned(), stores, living_tx);
    tasks.spawn(shutdown.clone().run_until_cancelled_owned(tell));
    living
}

async fn tell(
    pool: String,
    mut stores: Vec<(String, Snapshots)>,
    living_in_all: watch::Sender<BTreeSet<String>>,
) {
    let mut sites: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    loop {
        for (site, snapshots) in &mut stores {
            let snapshot = snapshots.borrow_and_update().clone();
            // A store that has just started knows nobody: who is not heard of is not gone yet.
            if let Some(snapshot) = snapshot.filter(|it| it.settled) {
                sites.insert(site.clone(), living(&pool, &snapshot));
            }
        }
        let all = sites.values().flatten().cloned().collect();
        living_in_all.send_if_modified(|living| std::mem::replace(living, all) != *living);
        if any_changed(&mut stores).await.is_err() {
            return;
        }
    }
}

/// Which servers of `pool` live, by one look at the stores that answer.
pub async fn look(pool: &str, stores: &[(String, Records)]) -> BTreeSet<String> {
    let looks = stores.iter().map(async |(_, records)| records.store().read().await);
    let snapshots = futures_util::future::join_all(looks).await;
    snapshots.iter().flatten().flat_map(|snapshot| living(pool, snapshot)).collect()
}

fn living(pool: &str, snapshot: &Snapshot) -> BTreeSet<String> {
    let prefix = prefix(pool);
    let held = snapshot.leases.iter().filter(|(_, state)| matches!(state, LeaseState::Held { .. }));
    held.filter_map(|(name, _)| name.strip_prefix(&prefix).map(str::to_owned)).collect()
}

fn prefix(pool: &str) -> String {
    format!("server/{pool}/")
}
