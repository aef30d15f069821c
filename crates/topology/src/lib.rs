//! What an administrator declares: sites, hosts, pools, stores, shares; parsed, checked, compared.
//!
//! [`Topology::parse`] reads a TOML file in two stages. `said` reads what was said, with the line
//! of every value; `check` judges what it means; `meaning` fills in what was left out. All
//! problems are told at once, each with its file, its line and what to do. [`diff`] tells in
//! sentences what publishing a new topology would change.
//!
//! This crate opens no socket and no file, and knows no database.

mod check;
mod compare;
mod findings;
mod limits;
mod meaning;
mod model;
mod names;
mod parse;
mod place;
mod problem;
mod queries;
mod said;
mod table;

#[cfg(test)]
mod tests;

pub use compare::diff;
pub use limits::ClientLimits;
pub use model::{
    AUDIT_ROLE, Checked, Host, PersistentChat, Pool, ResponseGroups, Service, Share, Site, Store,
    Topology,
};
pub use place::{Place, Stores};
pub use problem::{Problem, Problems, Severity};

/// The longest topology file that is read, in bytes. A large deployment needs a few thousand.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// The most sites of one topology: a pool stretches over two, and each is the other's other site.
pub const MAX_SITES: usize = 2;

/// The most chat servers of one pool.
pub const MAX_SERVERS_PER_POOL: usize = 8;

/// The control port of a host that names none.
pub const DEFAULT_CONTROL_PORT: u16 = 7443;

/// The port of a store that names none: the one that is registered for `postgresql`.
pub const DEFAULT_STORE_PORT: u16 = 5432;

/// Where XMPP clients connect and then start TLS (RFC 6120, section 14.7).
pub const DEFAULT_CLIENT_PORT: u16 = 5222;

/// Where XMPP clients connect with TLS from the first byte (XEP-0368).
pub const DEFAULT_CLIENT_TLS_PORT: u16 = 5223;

/// The directory of a share that names none, inside its host's data directory.
pub const DEFAULT_SHARE_DIRECTORY: &str = "share";
