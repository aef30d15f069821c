//! Real `PostgreSQL`, two sites, scripted clients; for tests and the demo only.
//!
//! Everything here stops what it started, also when a test panics, and waits for conditions with a
//! deadline instead of sleeping.

#![allow(clippy::print_stderr, reason = "tests have nobody else to tell")]

mod account;
pub mod dns;
mod eventually;
pub mod postgres;
mod temp;

pub use account::{Account, rerun_as_postgres};
pub use eventually::eventually;
pub use temp::TempDir;
