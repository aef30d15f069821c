//! Response Groups from outside: files and plans without a database, the store with a real one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod testing;

// Without a database.
mod compare;
mod import_conflicts;
mod import_homecoming;
mod import_moves;
mod import_plan;
mod package_contents;
mod package_damage;
mod package_documented;
mod package_hostile;
mod package_numbers;
mod package_roundtrip;
mod package_size;

// With a real database.
mod store;
