//! The language from outside: text in, effects and objects out.

#![allow(
    clippy::needless_raw_string_hashes,
    clippy::format_push_string,
    reason = "expect-test writes them so, and tests may be slow"
)]

mod complete;
mod documented;
mod errors;
mod fuzz;
mod language;
mod roundtrip;
mod rows;
mod shell;
mod stage;
mod stories;
mod tables;
