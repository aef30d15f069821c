//! Tests of the topology: every check, the files that ship with the product, look-ups, `diff`.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod compare;
mod files;
mod front_end_pools;
mod pools;
mod queries;
mod reading;
mod sites;
mod support;
