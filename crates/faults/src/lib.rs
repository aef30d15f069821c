//! Faults by plan: what is hit, and when; and what everybody must have been told afterwards.
//!
//! Pure. What hits real hosts, and asks real clients, stands in `tests/it`.

pub mod chance;
pub mod delivered;
pub mod plan;
