//! The care of one PostgreSQL server: make, start, stop, copy, rewind, promote, ship, restore.
//!
//! Knows no sites, pools or procedures; a term is an opaque number to it.

mod lsn;

pub use lsn::{Lsn, LsnError, SEGMENT_BYTES, parse_segment_file_name, segment_file_name};
