//! The file, and its copies in real databases.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod copying;
mod file;
mod reading;
mod salvage;
mod stage;
