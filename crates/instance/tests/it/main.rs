//! The care of real servers: each test is named for the sentence it proves.
//!
//! `PostgreSQL` refuses root, and so does the crate: run as root, every test runs itself again as
//! user `postgres` (`testkit::rerun_as_postgres`).

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod access;
mod copying;
mod house;
mod lifecycle;
mod mirror;
mod refusals;
mod rewinding;
mod shipping;
