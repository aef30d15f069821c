//! A site's management store: who is primary, which term, what state.
//!
//! Small, revisioned, compare-and-set, with leases and watches. One per site, so that a site never
//! depends on the other to protect itself. Every backend passes the same conformance suite.

mod embedded;
mod following;
mod lease;
mod records;
mod remote;
mod routes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

pub use embedded::Embedded;
pub(crate) use following::{OfPool, any_changed};
pub use following::{Snapshots, follow};
pub use lease::{LeaseAsk, LeaseState};
pub(crate) use records::to_value;
pub use records::{Records, Versioned};
pub use remote::Remote;
pub(crate) use routes::hosts_only;
pub use routes::install as install_routes;

/// The longest that one [`Store::watch`] may wait.
pub const WATCH_LIMIT: Duration = Duration::from_secs(20);
/// The largest value that a store keeps under one key, in bytes of JSON.
pub const VALUE_LIMIT: usize = 1024 * 1024;
/// The most keys that a store keeps.
pub const KEYS_LIMIT: usize = 1024;

/// What a store gives back, later.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// One site's management store.
pub trait Store: fmt::Debug + Send + Sync {
    /// Everything that the store holds now.
    fn read(&self) -> Reply<'_, Snapshot>;

    /// Sets `key` if its revision is still `expected` (0: the key must not exist).
    ///
    /// Gives the new revision, after it is durable.
    fn write(&self, key: &str, expected: u64, value: Value) -> Reply<'_, u64> {
        self.write_above(key, expected, value, 0)
    }

    /// As [`Store::write`], at a revision above `floor`: a store that lost its file is told by
    /// those who remember how far it had come.
    fn write_above(&self, key: &str, expected: u64, value: Value, floor: u64) -> Reply<'_, u64>;

    /// As [`Store::read`], once the store's revision is no longer `seen`, or after `patience`.
    fn watch(&self, seen: Seen, patience: Duration) -> Reply<'_, Snapshot>;

    /// Takes, renews, gives up or revokes a lease, or only looks at it.
    fn lease(&self, name: &str, ask: LeaseAsk) -> Reply<'_, LeaseState>;
}

/// What a watcher has seen: of which life of the store, up to which revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// [`Snapshot::incarnation`].
    pub incarnation: u64,
    /// [`Snapshot::revision`].
    pub revision: u64,
}

/// The whole content of a store at one revision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// A number that is different in each life of the serving process.
    pub incarnation: u64,
    /// Raised by every write and every change of a lease's holder or end.
    pub revision: u64,
    /// Whether the serving process has been up for a full lease: only then does silence about a
    /// lease mean that nobody holds it.
    pub settled: bool,
    /// Values by key.
    pub entries: BTreeMap<String, Entry>,
    /// Leases by name.
    pub leases: BTreeMap<String, LeaseState>,
}

impl Snapshot {
    /// For the next [`Store::watch`].
    pub fn seen(&self) -> Seen {
        Seen { incarnation: self.incarnation, revision: self.revision }
    }

    /// The lease of that name; [`LeaseState::Unknown`] when the store cannot know.
    pub fn lease(&self, name: &str) -> LeaseState {
        let of_nobody = if self.settled { LeaseState::Free } else { LeaseState::Unknown };
        self.leases.get(name).cloned().unwrap_or(of_nobody)
    }
}

/// A value and the store's revision at which it was set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The store's revision when this was written.
    pub revision: u64,
    /// What was written.
    pub value: Value,
}

/// Why a store did not do what it was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Somebody else wrote first.
    #[error("{key} is at revision {found}, not {expected}: read it again and decide again")]
    Conflict {
        /// The key.
        key: String,
        /// What the caller had read.
        expected: u64,
        /// What stands there.
        found: u64,
    },
    /// Another holder has the lease.
    #[error("the lease {name} is held by {holder} for {left_ms} ms more: wait until it ends")]
    Held {
        /// The lease.
        name: String,
        /// Who has it.
        holder: String,
        /// For how long, in milliseconds.
        left_ms: u64,
    },
    /// The store did not answer.
    #[error("the management store of {site} does not answer ({why}): nothing was decided")]
    Away {
        /// Whose store.
        site: String,
        /// What was seen.
        why: String,
    },
    /// The store cannot keep what it was given.
    #[error("the management store cannot keep {what}: {why}")]
    Refused {
        /// What was to be kept.
        what: String,
        /// Why not, and what to do.
        why: String,
    },
    /// What stands under a key is not what this version understands.
    #[error(
        "{key} in the management store cannot be read ({why}): it was written by another version"
    )]
    Unreadable {
        /// The key.
        key: String,
        /// What the parser said.
        why: String,
    },
}
