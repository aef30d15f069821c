//! Salvage: what a lost site had committed and never shipped is found and put back.

use super::{NOBODY_ELSE, TAKE_LOCK};
use crate::action::{Action, Given, Procedure, Step};
use crate::world::{Copies, Measured, Reach, World};

/// Put back what the home site never shipped, without going home.
pub const SALVAGE: Procedure = Procedure {
    name: "salvage",
    title: "Salvage what the home site never shipped",
    cmdlet: "Invoke-CsPersistentChatFailback -SalvageOnly",
    givens: &[
        NOBODY_ELSE,
        Given {
            text: "The backup site has the pool.",
            remedy: "fail over first; a pool that is at home has lost nothing.",
            say: Measured::loss,
            holds: World::backup_serves,
        },
        Given {
            text: "The home site answers, and is fenced.",
            remedy: "start the home site's hosts; its old copies are only read while nobody \
                     writes to them.",
            say: Measured::loss,
            holds: |world| world.home.reach == Reach::Up && world.home_is_fenced(),
        },
        Given {
            text: "Every home copy can be read, or an administrator attests that it is lost.",
            remedy: "start the hosts that do not answer, or bring the data directory back; if that \
                     is lost for good, say so: what can still be read is read.",
            say: Measured::unreadable_copies_in_salvage,
            holds: |world| world.salvaged || world.copies != Copies::Unreadable,
        },
        Given {
            text: "No home copy is attested to be lost that is there.",
            remedy: "leave its name out: it is there, and it is read.",
            say: Measured::readable_all_the_same,
            holds: |world| world.salvaged || world.copies != Copies::AttestedInVain,
        },
    ],
    steps: &[
        TAKE_LOCK,
        Step {
            number: "1",
            text: "Open the home databases for reading, find what nobody else has, and put it \
                   back, marked as recovered.",
            done: |world: &World| world.salvaged,
            act: Action::Salvage,
            documented: &[],
        },
    ],
};
