//! Where the primary is: what chat servers follow.
//!
//! Both sites' stores are watched. The primary is the one with the highest term whose gate is open.
//! While a store is away, what it said last still stands: if only the store is down, primary and
//! mirror carry on, and so do those who use them. A false belief costs nothing, because every
//! transaction checks the term in the database itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use topology::Topology;
use tracing::info;

use crate::record::{Gate, PoolRecord};
use crate::store::{Records, Seen};
use crate::term::Term;

/// How long one watch of a store lasts when nothing changes.
const WATCH: Duration = Duration::from_secs(10);
/// The pause after a store did not answer.
const AWAY_PAUSE: Duration = Duration::from_millis(200);

/// A primary that may be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primary {
    /// The store's name in the topology.
    pub store: String,
    /// Where its PostgreSQL listens.
    pub address: SocketAddr,
    /// The term that its database must show.
    pub term: Term,
}

/// What the stores of all sites say of one pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The last record heard from each site, by the site's name.
    pub records: BTreeMap<String, PoolRecord>,
}

impl Known {
    /// The record with the highest term among those that have the primary.
    pub fn serving(&self) -> Option<&PoolRecord> {
        self.records
            .values()
            .filter(|record| record.primary().is_some())
            .max_by_key(|record| record.term)
    }

    /// The primary that chat servers may connect to.
    pub fn primary(&self, topology: &Topology) -> Option<Primary> {
        let record = self.serving().filter(|record| record.gate == Gate::Open)?;
        let store = topology.store(record.primary()?)?;
        let host = topology.host(&store.host)?;
        let address = SocketAddr::new(host.address, store.port);
        Some(Primary { store: store.name.clone(), address, term: record.term })
    }

    /// The chat servers that accept clients, as the serving site has them.
    ///
    /// While no site serves, the list of the highest term still stands.
    pub fn active_servers(&self) -> &[String] {
        self.serving()
            .or_else(|| self.records.values().max_by_key(|record| record.term))
            .map_or(&[], |record| &record.active_servers)
    }
}

/// Follows the records of `pool` in every site's store until `shutdown`.
pub fn follow(
    pool: &str,
    stores: Vec<(String, Records)>,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> watch::Receiver<Known> {
    let (known_tx, known) = watch::channel(Known::default());
    let known_tx = Arc::new(known_tx);
    for (site, records) in stores {
        let follower = Follower { pool: pool.to_owned(), site, records };
        let (known_tx, shutdown) = (Arc::clone(&known_tx), shutdown.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = follower.run(&known_tx) => {}
            }
        });
    }
    known
}

struct Follower {
    pool: String,
    site: String,
    records: Records,
}

impl Follower {
    async fn run(self, known: &watch::Sender<Known>) {
        let mut seen = Seen::default();
        let mut away = false;
        loop {
            match self.records.store().watch(seen, WATCH).await {
                Ok(snapshot) => {
                    seen = snapshot.seen();
                    if std::mem::take(&mut away) {
                        info!(site = self.site, "the management store answers again");
                    }
                    if let Ok(Some(read)) = Records::pool_in(&snapshot, &self.pool) {
                        self.tell(known, &read.value);
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut away, true) {
                        info!(site = self.site, %error, "what it said last still stands");
                    }
                    tokio::time::sleep(AWAY_PAUSE).await;
                }
            }
        }
    }

    fn tell(&self, known: &watch::Sender<Known>, record: &PoolRecord) {
        known.send_if_modified(|known| {
            let old = known.records.insert(self.site.clone(), record.clone());
            old.as_ref() != Some(record)
        });
    }
}
