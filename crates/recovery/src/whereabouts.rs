//! Where the primary is: what chat servers follow.
//!
//! Both sites' stores are watched. The primary is the one with the highest term whose gate is open.
//! While a store is away, what it said last still stands: if only the store is down, primary and
//! mirror carry on, and so do those who use them. A false belief costs nothing, because every
//! transaction checks the term in the database itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use topology::Topology;
use tracing::debug;

use crate::record::{Gate, PoolRecord};
use crate::store::{Records, Snapshots, any_changed};
use crate::term::Term;

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

/// Follows the record of `pool` in the stores of its sites until `shutdown`.
pub fn follow(
    pool: &str,
    stores: Vec<(String, Snapshots)>,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> watch::Receiver<Known> {
    let (known_tx, known) = watch::channel(Known::default());
    let tell = tell(pool.to_owned(), stores, known_tx);
    tasks.spawn(shutdown.clone().run_until_cancelled_owned(tell));
    known
}

async fn tell(pool: String, mut stores: Vec<(String, Snapshots)>, known: watch::Sender<Known>) {
    loop {
        for (site, snapshots) in &mut stores {
            let snapshot = snapshots.borrow_and_update().clone();
            match snapshot.map(|it| Records::pool_in(&it, &pool)).transpose() {
                Ok(None | Some(None)) => {}
                Ok(Some(Some(read))) => {
                    known.send_if_modified(|known| {
                        let record = read.value;
                        let same = known.records.get(site) == Some(&record);
                        known.records.insert(site.clone(), record);
                        !same
                    });
                }
                Err(error) => debug!(site, pool, %error, "what it said last still stands"),
            }
        }
        if any_changed(&mut stores).await.is_err() {
            return;
        }
    }
}
