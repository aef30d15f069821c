//! Turning back a failback: until home is promoted, the backup site serves on.

use super::{NOBODY_ELSE, TAKE_LOCK};
use crate::action::{Action, Given, Procedure, Side, Step};
use crate::record::PoolState;
use crate::world::{Active, Known, Measured, Standing, World};

/// Give up a failback that has not promoted home yet.
pub const TURN_BACK: Procedure = Procedure {
    name: "turn-back",
    title: "Turn back a failback before home is promoted",
    cmdlet: "Invoke-CsPersistentChatFailback -TurnBack",
    givens: &[
        NOBODY_ELSE,
        Given {
            text: "The backup site's management store answers.",
            remedy: "start the backup site's witness host.",
            say: Measured::loss,
            holds: |world| world.backup.standing != Standing::Unknown,
        },
        Given {
            text: "Home answers, and has not been promoted.",
            remedy: "if the pool is at home, run the failback to its end; if home is lost again, \
                     fail over again: Invoke-CsPersistentChatFailover -AttestSiteIsDown.",
            say: Measured::loss,
            holds: |world| {
                !world.home_serves()
                    && world.home.standing != Standing::Unknown
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
