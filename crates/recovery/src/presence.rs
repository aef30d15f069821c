//! Which chat servers live: each holds a lease in its own site's store.
//!
//! A server that is killed is gone for everybody when its lease ends. While a store is away, what
//! it said last still stands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::debug;

use crate::store::{LeaseAsk, LeaseState, Records, Seen, Snapshot, Store};

/// A killed server's occupants leave everywhere within this.
const LENGTH: Duration = Duration::from_millis(1500);
const RENEW: Duration = Duration::from_millis(400);
const WATCH: Duration = Duration::from_secs(10);
const AWAY_PAUSE: Duration = Duration::from_millis(300);

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
    stores: Vec<(String, Records)>,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> watch::Receiver<BTreeSet<String>> {
    let (living_tx, living) = watch::channel(BTreeSet::new());
    let (sites_tx, mut sites) = watch::channel(BTreeMap::<String, BTreeSet<String>>::new());
    let sites_tx = Arc::new(sites_tx);
    for (site, records) in stores {
        let (pool, sites_tx) = (pool.to_owned(), Arc::clone(&sites_tx));
        let follow = follow_one(pool, site, Arc::clone(records.store()), sites_tx);
        let shutdown = shutdown.clone();
        tasks.spawn(async move {
            shutdown.run_until_cancelled(follow).await;
        });
    }
    let shutdown = shutdown.clone();
    tasks.spawn(async move {
        let merge = async {
            while sites.changed().await.is_ok() {
                let all = sites.borrow_and_update().values().flatten().cloned().collect();
                living_tx.send_if_modified(|living| std::mem::replace(living, all) != *living);
            }
        };
        shutdown.run_until_cancelled(merge).await;
    });
    living
}

/// Which servers of `pool` live, by one look at the stores that answer.
pub async fn look(pool: &str, stores: &[(String, Records)]) -> BTreeSet<String> {
    let looks = stores.iter().map(async |(_, records)| records.store().read().await);
    let snapshots = futures_util::future::join_all(looks).await;
    snapshots.iter().flatten().flat_map(|snapshot| living(pool, snapshot)).collect()
}

async fn follow_one(
    pool: String,
    site: String,
    store: Arc<dyn Store>,
    sites: Arc<watch::Sender<BTreeMap<String, BTreeSet<String>>>>,
) {
    let mut seen = Seen::default();
    loop {
        match store.watch(seen, WATCH).await {
            Ok(snapshot) => {
                seen = snapshot.seen();
                // A store that has just started knows nobody: who is not heard of is not gone yet.
                if snapshot.settled {
                    let living = living(&pool, &snapshot);
                    sites.send_modify(|sites| {
                        sites.insert(site.clone(), living);
                    });
                }
            }
            Err(error) => {
                debug!(site, %error, "which servers live is not heard");
                tokio::time::sleep(AWAY_PAUSE).await;
            }
        }
    }
}

fn living(pool: &str, snapshot: &Snapshot) -> BTreeSet<String> {
    let prefix = prefix(pool);
    let held = snapshot.leases.iter().filter(|(_, state)| matches!(state, LeaseState::Held { .. }));
    held.filter_map(|(name, _)| name.strip_prefix(&prefix).map(str::to_owned)).collect()
}

fn prefix(pool: &str) -> String {
    format!("server/{pool}/")
}
