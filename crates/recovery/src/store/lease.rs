//! Leases: who holds a right, and until when, by the store's monotonic clock.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// What may be asked of a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub enum LeaseAsk {
    /// Take the lease, or renew one's own, for `length_ms` from now.
    Take {
        /// Who takes it: one life of one keeper.
        holder: String,
        /// For how long, in milliseconds.
        length_ms: u64,
    },
    /// End one's own lease now.
    GiveUp {
        /// Who gives it up.
        holder: String,
    },
    /// End another's lease, upon evidence that its holder is gone.
    Revoke {
        /// Whose lease.
        holder: String,
        /// What was seen.
        evidence: String,
    },
}

/// How a lease stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum LeaseState {
    /// Somebody has it.
    Held {
        /// Who.
        holder: String,
        /// For how much longer, in milliseconds, when this was read.
        left_ms: u64,
    },
    /// Its time ran out.
    Ended {
        /// Who had it.
        holder: String,
    },
    /// Its holder gave it up, or it was revoked upon evidence.
    GivenUp {
        /// Who had it.
        holder: String,
    },
    /// The store has been up for less than a full lease and nobody has renewed: nothing is known.
    Unknown,
    /// The store has been up for a full lease and nobody holds it.
    Free,
}

impl LeaseState {
    /// What of a lease is news to a watcher: whether it stands, and whose it is or was. Not how
    /// much is left.
    pub(crate) fn holder(&self) -> Option<(bool, &str)> {
        match self {
            Self::Held { holder, .. } => Some((true, holder)),
            Self::Ended { holder } | Self::GivenUp { holder } => Some((false, holder)),
            Self::Unknown | Self::Free => None,
        }
    }
}

/// A lease as the embedded store keeps it: in memory only, never on disk.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) holder: String,
    pub(super) until: Instant,
    pub(super) given_up: bool,
    /// Watchers have been told of its end.
    pub(super) noted: bool,
}

impl Lease {
    pub(super) fn state(&self, now: Instant) -> LeaseState {
        let holder = self.holder.clone();
        if self.given_up {
            LeaseState::GivenUp { holder }
        } else if now < self.until {
            LeaseState::Held { holder, left_ms: milliseconds(self.until - now) }
        } else {
            LeaseState::Ended { holder }
        }
    }
}

pub(super) fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
