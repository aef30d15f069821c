//! Switchover by command: primary and mirror change roles, inside a site.

use super::{NOBODY_ELSE, TAKE_LOCK};
use crate::action::{Action, Given, Procedure, Step};
use crate::world::{Measured, MirrorSeen, Reach, Standing, Switched, World};

/// Hand over to the mirror.
pub const SWITCH_OVER: Procedure = Procedure {
    name: "switch-over",
    title: "Switch over to the mirror",
    cmdlet: "Invoke-CsDatabaseFailover",
    givens: &[
        NOBODY_ELSE,
        Given {
            text: "A site has the pool, and its keepers answer.",
            remedy: "look at Get-CsPersistentChatRecovery: the pool may have to fail over.",
            say: Measured::loss,
            holds: |world| {
                world.home.standing == Standing::Primary
                    || world.backup.standing == Standing::Primary
            },
        },
        Given {
            text: "The primary is heard, or the mirror has taken over in this run.",
            remedy: "start its host; if it does not come back, make sure that it is off and \
                     repeat with -AttestPrimaryIsDown.",
            say: Measured::loss,
            holds: |world| {
                let site = if world.backup_serves() { &world.backup } else { &world.home };
                world.switched != Switched::NotYet || site.reach == Reach::Up
            },
        },
        Given {
            text: "The mirror is in sync, or has taken over in this run.",
            remedy: "wait until Get-CsDatabaseMirrorState says synchronized; a mirror that is \
                     suspended may lack acknowledged posts.",
            say: Measured::loss,
            holds: |world| {
                world.switched != Switched::NotYet || serving_mirror(world) == MirrorSeen::InSync
            },
        },
    ],
    steps: &[
        TAKE_LOCK,
        Step {
            number: "1",
            text: "Stop the primary with a shutdown checkpoint, and promote the mirror that has \
                   it.",
            done: |world| world.switched != Switched::NotYet,
            act: Action::HandOver,
            documented: &["Invoke-CsDatabaseFailover"],
        },
        Step {
            number: "2",
            text: "Let the former primary follow as the mirror, and see it in sync.",
            done: |world: &World| world.switched == Switched::AndMirrored,
            act: Action::MirrorAgain,
            documented: &[],
        },
    ],
};

fn serving_mirror(world: &World) -> MirrorSeen {
    if world.backup_serves() { world.backup.mirror } else { world.home.mirror }
}
