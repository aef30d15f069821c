//! Real hosts are hit while real clients talk, and the checker tells what became of their posts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "a long run tells how it goes")]

mod active_servers;
mod database_away;
mod ground;
mod one_silent_server;
mod people;
mod protection;
mod random_kills;
mod sender;
mod strike;
