//! Home without its backup site: the override of the quarantine, and the way home when the backup
//! site is lost while it has the pool.

use super::{NOBODY_ELSE, TAKE_LOCK};
use crate::action::{Action, Given, Procedure, Side, Step};
use crate::world::{Active, Known, Measured, MirrorSeen, Reach, Standing, World};

/// Serve at home although the backup site cannot be asked.
pub const HOME_ALONE: Procedure = Procedure {
    name: "home-alone",
    title: "Serve at home without the backup site",
    cmdlet: "Invoke-CsPersistentChatFailback -AttestBackupSiteIsDown",
    givens: &[
        NOBODY_ELSE,
        Given {
            text: "The home site answers.",
            remedy: "start the home site's witness host and the host of its database.",
            say: Measured::loss,
            holds: |world| world.home.reach == Reach::Up,
        },
        Given {
            text: "The backup site does not have the pool.",
            remedy: "it is alive: run the failback without -AttestBackupSiteIsDown.",
            say: Measured::loss,
            holds: |world| {
                !matches!(world.backup.standing, Standing::Primary | Standing::Stopped)
                    && world.backup.writable != Known::Yes
            },
        },
        Given {
            text: "The backup site answers, or an administrator attests that it is down.",
            remedy: "make sure that its machines are off, then say -AttestBackupSiteIsDown.",
            say: Measured::loss,
            holds: |world| {
                serves(world) || world.backup.standing != Standing::Unknown || world.attested
            },
        },
        Given {
            text: "Home has the pool by its own record, or an administrator accepts that what was \
                   said at the backup site is missing.",
            remedy: "if the backup site can be started again, start it and fail back; otherwise \
                     repeat with -AcceptDataLoss.",
            say: Measured::loss,
            holds: |world| world.home.standing == Standing::Primary || world.consented,
        },
    ],
    steps: &[
        TAKE_LOCK,
        Step {
            number: "1",
            text: "Bring the home database online, without having heard the backup site; if the \
                   pool had moved there, in a reign above it.",
            done: serves,
            act: Action::BringHomeAlone,
            documented: &[],
        },
        Step {
            number: "2",
            text: "Establish the mirror of the home database, and see it in sync.",
            done: |world| serves(world) && world.home.mirror != MirrorSeen::Building,
            act: Action::EstablishMirror(Side::Home),
            documented: &[],
        },
        Step {
            number: "3",
            text: "Set the home site's servers active, and open the gate.",
            done: |world: &World| world.active == Active::Home && world.home.gate == Known::Yes,
            act: Action::SetActive(Side::Home),
            documented: &[],
        },
    ],
};

fn serves(world: &World) -> bool {
    world.home.standing == Standing::Primary && world.home.writable == Known::Yes
}
