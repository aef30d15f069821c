//! Bringing a configuration into a pool: planned by a pure function, carried out by the store.

mod agents;
mod conflict;
mod homecoming;
mod names;
mod plan;
mod planner;
mod private;
mod references;
mod report;
mod taken;

pub(crate) use names::is_numbered;

pub use agents::{Groups, Unheard, agent_groups, meet_sign_ins};
pub use conflict::{Conflict, Conflicts, Staying};
pub use homecoming::{Fate, Homecoming};
pub use plan::{
    AudioSource, Base, Elsewhere, Existing, Incoming, Named, Options, Plan, RAISED_MAX,
    REIGN_AHEAD_MAX, Reference, Renamed, Report, Standing, UNHEARD_MAX, above_unheard,
};
pub use planner::plan;
pub use taken::{Taken, clashes, taken};
