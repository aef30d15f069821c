//! Response Groups: workflows, queues, agent groups, hours of business and holidays; who owns them,
//! where they are hosted, and how they are carried from one pool to another.
//!
//! A configuration lives in the `rgs` database of the pool that hosts it, its *parent*. Every
//! object also has an *owner*: the pool that it belongs to. The two differ only in a copy that was
//! imported without being given to its new host.
//!
//! This crate knows no chat, no procedure and no cmdlet. It is told which database to use.

pub mod checks;
pub mod compare;
pub mod configuration;
pub mod import;
pub mod model;
pub mod package;
pub mod schema;
pub mod store;
pub mod time_zones;
