//! A chat server over real sockets and a real database.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod bad_input;
mod server;
mod streams;
