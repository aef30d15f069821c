//! Failback: the home site has returned, and the pool goes home.
//!
//! The documents clear the active servers first and copy the database while nobody can work. Here
//! home follows the backup site's primary while everybody works; servers are cleared only for the
//! move itself. The state is Normal last, after mirror and log shipping have been checked.

use super::{NOBODY_ELSE, TAKE_LOCK};
use crate::action::{Action, Given, Procedure, Side, Step};
use crate::record::PoolState;
use crate::world::{
    Active, Copies, Known, Measured, MirrorSeen, Reach, ShippingSeen, Standing, World,
};

/// Bring the pool home.
pub const FAIL_BACK: Procedure = Procedure {
    name: "fail-back",
    title: "Fail back a Persistent Chat pool",
    cmdlet: "Invoke-CsPersistentChatFailback",
    givens: &[
        NOBODY_ELSE,
        Given {
            text: "Both sites answer.",
            remedy: "start the witness hosts and the database hosts of both sites.",
            say: Measured::silence,
            holds: |world| world.home.reach == Reach::Up && world.backup.reach == Reach::Up,
        },
        Given {
            text: "The backup site has the pool, or was stopped for the move with home following.",
            remedy: "turn the failback back with -TurnBack, or fail over first; a pool that is at \
                     home need not go there.",
            say: Measured::loss,
            holds: |world| {
                let stopped_for_the_move = world.backup.standing == Standing::Stopped
                    && world.backup.reigns
                    && world.salvaged
                    && world.home.standing == Standing::Follows;
                world.home_serves() || world.backup_serves() || stopped_for_the_move
            },
        },
        Given {
            text: "The home site is fenced until it is promoted.",
            remedy: "its old primary still runs: stop that host, and look why it did not hear the \
                     backup site.",
            say: Measured::loss,
            // What is not heard is told above, and not taken for a primary.
            holds: |world| {
                world.home_serves() || world.home.reach != Reach::Up || world.home_is_fenced()
            },
        },
        Given {
            text: "Every home copy can be read, or an administrator attests that it is lost.",
            remedy: "start the hosts that do not answer, or bring the data directory back; if that \
                     is lost for good, say so: what can still be read is read.",
            say: Measured::unreadable_copies,
            holds: |world| {
                world.home_serves() || world.salvaged || world.copies != Copies::Unreadable
            },
        },
        Given {
            text: "No home copy is attested to be lost that is there.",
            remedy: "leave its name out: it is there, and it is read.",
            say: Measured::readable_all_the_same,
            holds: |world| {
                world.home_serves() || world.salvaged || world.copies != Copies::AttestedInVain
            },
        },
    ],
    steps: &[
        TAKE_LOCK,
        Step {
            number: "b",
            text: "Find what the home databases had committed and never shipped, and put it back.",
            done: |world| world.home_serves() || world.salvaged,
            act: Action::Salvage,
            documented: &[],
        },
        Step {
            number: "3, 4",
            text: "Copy the backup database to the home database and its mirror, verify the copy, \
                   and let them follow until they have caught up.",
            done: |world| {
                world.home_serves()
                    || world.home.standing == Standing::Follows
                        && (world.home.replayed || world.backup.standing == Standing::Stopped)
            },
            act: Action::SeedHome,
            documented: &[],
        },
        Step {
            number: "1",
            text: "Clear all servers from the Active Server list, and shut the gate.",
            done: |world| {
                world.home_serves()
                    || world.active == Active::Nobody && world.backup.gate == Known::No
            },
            act: Action::ClearActive,
            documented: &["Set-CsPersistentChatActiveServer -ActiveServers $null"],
        },
        Step {
            number: "2",
            text: "Stop the backup database with a shutdown checkpoint: the end of its reign.",
            done: |world| world.home_serves() || world.backup.standing == Standing::Stopped,
            act: Action::StopBackup,
            documented: &[],
        },
        Step {
            number: "c",
            text: "Prove that the home database has replayed that checkpoint.",
            done: |world| {
                world.home_serves()
                    || world.backup.standing == Standing::Stopped && world.home.replayed
            },
            act: Action::ProveReplayed,
            documented: &[],
        },
        Step {
            number: "4",
            text: "Raise the reign and bring the home database online, with its gate shut.",
            done: |world| world.home_serves() && world.home.writable == Known::Yes,
            act: Action::BringOnline(Side::Home),
            documented: &[],
        },
        Step {
            number: "d",
            text: "Establish the mirror of the home database, and see it in sync.",
            done: |world| world.home_serves() && world.home.mirror != MirrorSeen::Building,
            act: Action::EstablishMirror(Side::Home),
            documented: &[],
        },
        Step {
            number: "6",
            text: "Set the Persistent Chat Server active servers, and open the gate.",
            done: |world| {
                world.home_serves() && world.active == Active::Home && world.home.gate == Known::Yes
            },
            act: Action::SetActive(Side::Home),
            documented: &[],
        },
        Step {
            number: "e",
            text: "If home had to serve alone: find what the backup site had taken meanwhile, and \
                   put it back.",
            done: |world| !world.backup_owes,
            act: Action::SalvageBackup,
            documented: &[],
        },
        Step {
            number: "5",
            text: "Configure log shipping for the primary database, and see it flow.",
            done: |world| world.home_serves() && world.backup.shipping == ShippingSeen::Flowing,
            act: Action::EstablishShipping,
            documented: &[],
        },
        Step {
            number: "7",
            text: "Restore the pool to its Normal state.",
            done: |world: &World| world.home_serves() && world.state == PoolState::Normal,
            act: Action::SetState(PoolState::Normal),
            documented: &["Set-CsPersistentChatState -PoolState Normal"],
        },
    ],
};
