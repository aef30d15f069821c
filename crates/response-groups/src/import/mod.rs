//! Bringing a configuration into a pool: planned by a pure function, carried out by the store.

mod conflict;
mod names;
mod plan;
mod planner;
mod report;

pub use conflict::{Conflict, Conflicts};
pub use plan::{
    AudioSource, Elsewhere, Existing, Incoming, Named, Options, Plan, Renamed, Report, Standing,
};
pub use planner::plan;
