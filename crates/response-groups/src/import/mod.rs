//! Bringing a configuration into a pool: planned by a pure function, carried out by the store.

mod plan;

pub use plan::{AudioSource, Elsewhere, Existing, Named, Options, Plan, Renamed, Report, Standing};
