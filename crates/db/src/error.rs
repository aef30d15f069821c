//! Why there is no connection to the primary, and errors as they are told.

use std::net::SocketAddr;
use std::time::Duration;

/// Why there is no connection to the primary. Each may be tried again later.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody is primary, as far as is known here.
    #[error("no primary is known; wait for a switchover, or fail over")]
    NoPrimary,
    /// The primary did not answer, or refused us.
    #[error("cannot connect to {store} at {address}; see whether its instance runs and admits us")]
    Refused {
        /// The store's name in the topology.
        store: String,
        /// Where it was sought.
        address: SocketAddr,
        /// What the client library says.
        source: tokio_postgres::Error,
    },
    /// The primary did not answer in time.
    #[error("{store} at {address} did not answer within {deadline:?}; see whether its host is up")]
    Silent {
        /// The store's name in the topology.
        store: String,
        /// Where it was sought.
        address: SocketAddr,
        /// How long it was given.
        deadline: Duration,
    },
    /// It answers, but its term cannot be read.
    #[error("cannot read the term of {store}; see that the database has the table recovery.term")]
    NoTerm {
        /// The store's name in the topology.
        store: String,
        /// What the client library says.
        source: tokio_postgres::Error,
    },
    /// It carries another term than the one we were told: it, or what we know, is old.
    #[error(
        "{store} carries term {found:?}, not {expected:?}; wait until its keeper has settled it"
    )]
    OtherTerm {
        /// The store's name in the topology.
        store: String,
        /// The (reign, turn) that we were told.
        expected: (i64, i64),
        /// The (reign, turn) that the database carries; none if the table is empty.
        found: Option<(i64, i64)>,
    },
    /// It is a standby.
    #[error("{store} is in recovery; wait until it is promoted")]
    Standby {
        /// The store's name in the topology.
        store: String,
    },
    /// Its commits would not wait for the mirror.
    #[error("{store} has synchronous_commit = {value} for us; set it to on for this role")]
    Asynchronous {
        /// The store's name in the topology.
        store: String,
        /// The setting as found.
        value: String,
    },
    /// The primary changed while we connected; the next attempt goes to the new one.
    #[error("the primary changed while we connected to {store}; try again")]
    Changed {
        /// The store's name in the topology.
        store: String,
    },
}

/// An error with all that it stems from, in one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
