//! A site's store, reached over the control port of its witness host.

use std::time::Duration;

use control::{CallError, Client, Destination, Sent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::routes::{LEASE, LeaseRequest, READ, Told, WATCH, WRITE, WatchRequest, WriteRequest};
use super::{LeaseAsk, LeaseState, Reply, Seen, Snapshot, Store, StoreError, WATCH_LIMIT};

/// How long a question to the store may take.
const PATIENCE: Duration = Duration::from_millis(900);

/// The store that another host serves.
#[derive(Clone, Debug)]
pub struct Remote {
    site: String,
    witness: Destination,
    client: Client,
    /// Whether a silent witness is not waited for.
    hurried: bool,
}

impl Remote {
    /// The store of `site`, kept by `witness`.
    pub fn new(site: &str, witness: Destination, client: Client) -> Self {
        Self { site: site.to_owned(), witness, client, hurried: false }
    }

    /// The same store for whoever asks often and must not wait each time for a witness that says
    /// nothing: then it is away at once, for reading and for leases. A write is always tried.
    #[must_use]
    pub fn hurried(self) -> Self {
        Self { hurried: true, ..self }
    }

    async fn ask<Req, Ans>(
        &self,
        path: &str,
        request: &Req,
        patience: Duration,
        of: (&str, u64),
    ) -> Result<Ans, StoreError>
    where
        Req: Serialize + Sync,
        Ans: DeserializeOwned,
    {
        let away =
            |error: CallError| StoreError::Away { site: self.site.clone(), why: error.to_string() };
        if self.hurried && path != WRITE && self.client.is_silent(&self.witness) {
            return Err(away(CallError::Silent(Sent::No)));
        }
        // A write is sent once: whether it was done must be read, not guessed.
        let asked = if path == WRITE {
            self.client.call(&self.witness, path, request, patience).await
        } else {
            self.client.call_idempotent(&self.witness, path, request, patience).await
        };
        let told: Told<Ans> = asked.map_err(away)?;
        match told {
            Told::Done(answer) => Ok(answer),
            Told::Conflict { found } => {
                Err(StoreError::Conflict { key: of.0.to_owned(), expected: of.1, found })
            }
            Told::Held { holder, left_ms } => {
                Err(StoreError::Held { name: of.0.to_owned(), holder, left_ms })
            }
            Told::Refused { what, why } => Err(StoreError::Refused { what, why }),
        }
    }
}

impl Store for Remote {
    fn read(&self) -> Reply<'_, Snapshot> {
        Box::pin(self.ask(READ, &(), PATIENCE, ("", 0)))
    }

    fn write_above(&self, key: &str, expected: u64, value: Value, floor: u64) -> Reply<'_, u64> {
        let request = WriteRequest { key: key.to_owned(), expected, value, floor };
        Box::pin(async move {
            self.ask(WRITE, &request, PATIENCE, (&request.key, request.expected)).await
        })
    }

    fn watch(&self, seen: Seen, patience: Duration) -> Reply<'_, Snapshot> {
        Box::pin(async move {
            let patience = patience.min(WATCH_LIMIT);
            let patience_ms = super::lease::milliseconds(patience);
            let request = WatchRequest { seen, patience_ms };
            self.ask(WATCH, &request, patience + PATIENCE, ("", 0)).await
        })
    }

    fn lease(&self, name: &str, ask: LeaseAsk) -> Reply<'_, LeaseState> {
        let request = LeaseRequest { name: name.to_owned(), ask };
        Box::pin(async move { self.ask(LEASE, &request, PATIENCE, (&request.name, 0)).await })
    }
}
