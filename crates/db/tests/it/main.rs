//! Against real `PostgreSQL`: what a connection refuses, what it notices, and migrations.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod connections;
mod lending;
mod migrate;
mod tls;
