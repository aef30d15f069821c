//! Where each pool's primary is, and connections to it, wherever it is now.

use std::collections::BTreeMap;
use std::sync::Arc;

use db::{Connections, Login, Primary, Tls};
use recovery::whereabouts::{self, Known};
use tokio::sync::watch;
use topology::Pool;

use super::host::ThisHost;
use super::parts::Stores;

/// What the management stores say of every pool, as this host hears it.
#[derive(Clone, Debug)]
pub(crate) struct Primaries(BTreeMap<String, watch::Receiver<Known>>);

/// Follows the records of every pool, each once for all who want to know.
pub(crate) fn follow(host: &ThisHost, stores: &Stores) -> Primaries {
    let follow_one = |pool: &Pool| {
        let its = stores.snapshots_of(&host.topology, pool);
        let known = whereabouts::follow(&pool.fqdn, its, &host.tasks, &host.shutdown);
        (pool.fqdn.clone(), known)
    };
    Primaries(host.topology.pools.iter().map(follow_one).collect())
}

impl Primaries {
    /// What is known of a pool of the topology.
    pub(super) fn known(&self, pool: &Pool) -> watch::Receiver<Known> {
        self.0[&pool.fqdn].clone()
    }

    /// Connections as `role` to the pool's primary; they are made only when asked for.
    /// `application` is what `PostgreSQL` shows of us.
    pub(super) fn connections(
        &self,
        host: &ThisHost,
        pool: &Pool,
        role: &str,
        application: String,
    ) -> Connections {
        let login = Login {
            user: role.to_owned(),
            application,
            tls: Tls::Required(Arc::new(host.credentials.postgres_client_config())),
        };
        Connections::new(login, tell(host, self.known(pool)))
    }
}

/// Tells the database side who is primary.
fn tell(host: &ThisHost, mut known: watch::Receiver<Known>) -> watch::Receiver<Option<Primary>> {
    let (primary_tx, primary) = watch::channel(None);
    let topology = Arc::clone(&host.topology);
    let follow = async move {
        loop {
            let found = known.borrow_and_update().primary(&topology).map(to_db);
            primary_tx.send_if_modified(|now| {
                let changed = *now != found;
                *now = found;
                changed
            });
            if known.changed().await.is_err() {
                return;
            }
        }
    };
    host.tasks.spawn(host.shutdown.clone().run_until_cancelled_owned(follow));
    primary
}

fn to_db(primary: whereabouts::Primary) -> Primary {
    let signed = |half: u64| i64::try_from(half).expect("terms are raised one by one");
    Primary {
        store: primary.store,
        address: primary.address,
        reign: signed(primary.term.reign),
        turn: signed(primary.term.turn),
    }
}
