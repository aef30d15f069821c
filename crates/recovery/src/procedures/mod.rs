//! The procedures: one manual page per file.

mod fail_back;
mod fail_over;
mod home_alone;
mod salvage;
mod switch_over;
mod take_over;
mod turn_back;

#[cfg(test)]
mod battery;
#[cfg(test)]
mod manual;

pub use fail_back::FAIL_BACK;
pub use fail_over::FAIL_OVER;
pub use home_alone::HOME_ALONE;
pub use salvage::SALVAGE;
pub use switch_over::SWITCH_OVER;
pub use take_over::TAKE_OVER;
pub use turn_back::TURN_BACK;

use crate::action::{Given, Procedure, Step};
use crate::world::{Lock, World};

/// Every procedure, for pages, audits and the battery.
pub const ALL: [&Procedure; 7] =
    [&FAIL_OVER, &FAIL_BACK, &TURN_BACK, &HOME_ALONE, &SWITCH_OVER, &TAKE_OVER, &SALVAGE];

/// The row of a move between sites that a documented line means, with its procedure.
///
/// `line` is the canonical form that the tables list.
pub fn row_for(line: &str) -> Option<(&'static Procedure, &'static Step)> {
    ALL.into_iter().find_map(|procedure| {
        let step = procedure.steps.iter().find(|step| step.documented.contains(&line))?;
        Some((procedure, step))
    })
}

/// One run at a time.
const NOBODY_ELSE: Given = Given {
    text: "No other procedure runs for this pool.",
    remedy: "wait for the other run to end, or run it again where it was interrupted.",
    say: |measured| measured.other_run.clone(),
    holds: |world| world.lock != Lock::Others,
};

/// The first row of every procedure.
const TAKE_LOCK: Step = Step {
    number: "a",
    text: "Take the procedure lock at every site that can be reached.",
    done: |world: &World| world.lock == Lock::Ours,
    act: crate::action::Action::TakeLock,
    documented: &[],
};
