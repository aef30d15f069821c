//! Log shipping with real `PostgreSQL`: a source, a receiver, a share, a backup instance.

mod drain;
mod entry;
mod faults;
mod open_segment;
mod receiver;
mod support;
mod switchover;
