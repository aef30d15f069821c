//! Turning back a failback: until home is promoted, the backup site serves on.

use super::{NOBODY_ELSE, TAKE_LOCK};
use crate::action::{Action, Side};
use crate::procedure::{Given, Procedure, Step};
use crate::record::PoolState;
use crate::world::{Active, Known, Reach, Standing, World};

/// Give up a failback that has not promoted home yet.
pub const TURN_BACK: Procedure = Procedure {
    name: "turn-back",
    title: "Turn back a failback before home is promoted",
    cmdlet: "Invoke-CsPersistentChatFailback -TurnBack",
    givens: &[
        NOBODY_ELSE,
        Given {
            text: "The backup site answers.",
            remedy: "start the backup site's witness host and the host of its backup database.",
            holds: |world| world.backup.reach == Reach::Up,
        },
        Given {
            text: "Home has not been promoted.",
            remedy: "the pool is at home already: run the failback to its end.",
            holds: |world| {
                !world.home_serves()
                    && world.home.writable != Known::Yes
                    && world.backup.reigns
                    && matches!(world.backup.standing, Standing::Primary | Standing::Stopped)
            },
        },
    ],
    steps: &[
        TAKE_LOCK,
        Step {
            number: "1",
            text: "Start the backup database again, in the reign that it had.",
            done: |world| {
                world.backup.standing == Standing::Primary && world.backup.writable == Known::Yes
            },
            act: Action::StartBackupAgain,
            documented: &[],
        },
        Step {
            number: "2",
            text: "Set the backup site's servers active, and open the gate.",
            done: |world| world.active == Active::Backup && world.backup.gate == Known::Yes,
            act: Action::SetActive(Side::Backup),
            documented: &[],
        },
        Step {
            number: "3",
            text: "Leave the pool state FailedOver.",
            done: |world: &World| world.state == PoolState::FailedOver,
            act: Action::SetState(PoolState::FailedOver),
            documented: &[],
        },
    ],
};
