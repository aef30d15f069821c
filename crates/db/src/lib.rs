//! Connections to the primary, refusing an old term; a few of them lent in turn; migrations.
//!
//! This crate knows no table of the product but the one row in which a database carries its term
//! (`recovery.term`), and nothing of how a primary is chosen: it is told by a watch channel.
//!
//! It never cancels a statement. A commit that waits for the mirror and is cancelled answers with
//! success while only one machine has it; so a connection is dropped instead, and what was under
//! way on it counts as *unknown* until it is looked up ([`CommitError::Unknown`]).

mod commit;
mod connection;
mod connections;
mod error;
mod lending;
mod log;
mod migrate;

pub use commit::{CommitError, Doubt};
pub use connection::Connection;
pub use connections::{Connections, Login, Primary, Tls};
pub use error::{ConnectError, with_causes};
pub use lending::{Lending, Lent, NotLent};
pub use log::{LogEnd, Place};
pub use migrate::{MigrateError, Migration, grant, migrate};

/// The SQLSTATE that [`Connection::term_guard`] raises.
pub const OLD_TERM: &str = "SF001";
