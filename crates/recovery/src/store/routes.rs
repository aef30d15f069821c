//! The store's routes on the control port, served by the site's witness host to hosts only.

use std::sync::Arc;

use control::{Peer, Refusal, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{LeaseAsk, LeaseState, Seen, Snapshot, Store, StoreError};

pub(super) const READ: &str = "store/read";
pub(super) const WRITE: &str = "store/write";
pub(super) const WATCH: &str = "store/watch";
pub(super) const LEASE: &str = "store/lease";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WriteRequest {
    pub(super) key: String,
    pub(super) expected: u64,
    pub(super) value: Value,
    #[serde(default)]
    pub(super) floor: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WatchRequest {
    pub(super) seen: Seen,
    pub(super) patience_ms: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LeaseRequest {
    pub(super) name: String,
    pub(super) ask: LeaseAsk,
}

/// An answer that tells the expected ways of failing apart from a refusal of the port.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Told<T> {
    Done(T),
    Conflict { found: u64 },
    Held { holder: String, left_ms: u64 },
    Refused { what: String, why: String },
}

impl<T> From<Result<T, StoreError>> for Told<T> {
    fn from(result: Result<T, StoreError>) -> Self {
        match result {
            Ok(done) => Self::Done(done),
            Err(StoreError::Conflict { found, .. }) => Self::Conflict { found },
            Err(StoreError::Held { holder, left_ms, .. }) => Self::Held { holder, left_ms },
            Err(StoreError::Refused { what, why }) => Self::Refused { what, why },
            Err(other) => Self::Refused { what: "that".to_owned(), why: other.to_string() },
        }
    }
}

/// Serves `store` to this deployment's hosts.
pub fn install(router: Router, store: &Arc<dyn Store>) -> Router {
    let (read, write) = (Arc::clone(store), Arc::clone(store));
    let (watch, lease) = (Arc::clone(store), Arc::clone(store));
    router
        .on(READ, move |peer: Peer, (): ()| {
            let store = Arc::clone(&read);
            async move {
                hosts_only(&peer)?;
                Ok::<Told<Snapshot>, Refusal>(store.read().await.into())
            }
        })
        .on(WRITE, move |peer: Peer, asked: WriteRequest| {
            let store = Arc::clone(&write);
            async move {
                hosts_only(&peer)?;
                let WriteRequest { key, expected, value, floor } = asked;
                let written = store.write_above(&key, expected, value, floor).await;
                Ok::<Told<u64>, Refusal>(written.into())
            }
        })
        .on_poll(WATCH, move |peer: Peer, asked: WatchRequest| {
            let store = Arc::clone(&watch);
            async move {
                hosts_only(&peer)?;
                let patience = std::time::Duration::from_millis(asked.patience_ms);
                Ok::<Told<Snapshot>, Refusal>(store.watch(asked.seen, patience).await.into())
            }
        })
        .on(LEASE, move |peer: Peer, asked: LeaseRequest| {
            let store = Arc::clone(&lease);
            async move {
                hosts_only(&peer)?;
                Ok::<Told<LeaseState>, Refusal>(store.lease(&asked.name, asked.ask).await.into())
            }
        })
}

/// Refuses anybody but a host: administrators change the store through cmdlets.
pub(crate) fn hosts_only(peer: &Peer) -> Result<(), Refusal> {
    match peer {
        Peer::Host(_) => Ok(()),
        Peer::Administrator { name, .. } => Err(Refusal {
            code: "hosts_only".to_owned(),
            message: format!("{name} is an administrator; only hosts may ask for this"),
            hint: "use a cmdlet of the management shell".to_owned(),
        }),
    }
}
