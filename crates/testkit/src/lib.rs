//! Real `PostgreSQL`, two sites, scripted clients; for tests and the demo only.
//!
//! Everything here stops what it started, also when a test panics, and waits for conditions with a
//! deadline instead of sleeping.

#![allow(clippy::print_stderr, reason = "tests have nobody else to tell")]

mod account;
pub mod binaries;
pub mod checker;
pub mod client;
pub mod deployment;
pub mod dns;
mod eventually;
pub mod host;
pub mod ledger;
pub mod leftovers;
pub mod netns;
mod person;
pub mod postgres;
pub mod processes;
pub mod subreaper;
mod temp;

pub use account::{Account, rerun_as_postgres};
pub use eventually::eventually;
pub use person::{Character, Person, Repeat, Standing};
pub use temp::TempDir;
