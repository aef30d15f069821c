//! Promoting the mirror by word: the primary's host does not come back, and nothing inside the site
//! is evidence enough to promote the mirror without anybody's command.

use super::{NOBODY_ELSE, TAKE_LOCK};
use crate::action::{Action, Given, Procedure, Step};
use crate::world::{Known, Measured, MirrorSeen, Reach, Site, Standing, Switched, World};

/// Promote the mirror of a primary that an administrator attests to be down.
pub const TAKE_OVER: Procedure = Procedure {
    name: "take-over",
    title: "Promote the mirror of a primary that does not come back",
    cmdlet: "Invoke-CsDatabaseFailover -AttestPrimaryIsDown",
    givens: &[
        NOBODY_ELSE,
        Given {
            text: "A site has the pool by its own record.",
            remedy: "start the witness host of that site.",
            say: Measured::loss,
            holds: |world| world.home_serves() || world.backup_serves(),
        },
        Given {
            text: "The other site is heard, and does not have the pool.",
            remedy: "start the witness host of the other site. If the backup site is lost, too, \
                     give the lost primary's name to a new, empty machine and run \
                     Invoke-CsPersistentChatFailback -AttestBackupSiteIsDown.",
            say: Measured::loss,
            holds: |world| world.backup_serves() || world.backup.standing != Standing::Unknown,
        },
        Given {
            text: "The primary is not heard, or the mirror has taken over in this run.",
            remedy: "it is alive: switch over to the mirror without -AttestPrimaryIsDown.",
            say: Measured::loss,
            holds: |world| {
                let site = serving(world);
                world.switched != Switched::NotYet
                    || site.reach == Reach::Unknown && site.writable != Known::Yes
            },
        },
        Given {
            text: "An administrator attests that the primary is down.",
            remedy: "make sure that its machine is off and stays off, then say \
                     -AttestPrimaryIsDown.",
            say: Measured::loss,
            holds: |world| world.switched != Switched::NotYet || world.attested,
        },
        Given {
            text: "The mirror was in sync when the primary was heard last.",
            remedy: "it may lack acknowledged posts: start the primary's host, or fail over to the \
                     backup site with Invoke-CsPersistentChatFailover.",
            say: Measured::loss,
            holds: |world| {
                world.switched != Switched::NotYet || serving(world).mirror == MirrorSeen::InSync
            },
        },
    ],
    steps: &[
        TAKE_LOCK,
        Step {
            number: "1",
            text: "Raise the turn, and promote the mirror that was in sync.",
            done: |world: &World| {
                world.switched != Switched::NotYet && serving(world).writable == Known::Yes
            },
            act: Action::TakeOver,
            documented: &[],
        },
    ],
};

fn serving(world: &World) -> &Site {
    if world.backup_serves() { &world.backup } else { &world.home }
}
