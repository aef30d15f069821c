//! Connections to a pool's primary, wherever it is now.

use std::sync::Arc;

use db::{Connections, Login, Primary, Tls};
use recovery::whereabouts::{self, Known};
use tokio::sync::watch;

use super::host::ThisHost;

/// Connections as `role` to the primary of the pool that `known` is about. `application` is what
/// `PostgreSQL` shows of us.
pub(super) fn connections(
    host: &ThisHost,
    role: &str,
    application: String,
    known: watch::Receiver<Known>,
) -> Connections {
    let login = Login {
        user: role.to_owned(),
        application,
        tls: Tls::Required(Arc::new(host.credentials.postgres_client_config())),
    };
    Connections::new(login, follow(host, known))
}

/// Tells the database side who is primary.
fn follow(host: &ThisHost, mut known: watch::Receiver<Known>) -> watch::Receiver<Option<Primary>> {
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
    let shutdown = host.shutdown.clone();
    host.tasks.spawn(async move {
        shutdown.run_until_cancelled(follow).await;
    });
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
