//! A chat server: its streams over real sockets, and its core without any; always a real database.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

// Over real sockets.
mod bad_input;
mod server;
mod streams;

// Several servers in one process, clients that only have an outbox.
mod away;
mod entering;
mod history;
mod net;
mod nicks;
mod once;
mod order;
mod salvage;
mod schema;
mod terms;
mod world;
mod zero_loss;
