//! The control port over real sockets, with real certificates.

#![allow(clippy::print_stderr, reason = "tests have nobody else to tell")]

mod authority;
mod calls;
mod deadlines;
mod limits;
mod raw;
mod strangers;
mod streams;
mod support;
mod tls;
