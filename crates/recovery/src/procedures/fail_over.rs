//! Failover to the backup site, after the home site is lost.

use super::{NOBODY_ELSE, TAKE_LOCK};
use crate::action::{Action, Given, Procedure, Side, Step};
use crate::record::PoolState;
use crate::world::{
    Active, Known, Measured, MirrorSeen, MissingLog, Reach, ShippingSeen, Standing, World,
};

/// The home site is lost: serve from the backup site.
pub const FAIL_OVER: Procedure = Procedure {
    name: "fail-over",
    title: "Fail over a Persistent Chat pool",
    cmdlet: "Invoke-CsPersistentChatFailover",
    givens: &[
        NOBODY_ELSE,
        Given {
            text: "The backup site answers.",
            remedy: "start the backup site's witness host and the host of its backup database.",
            say: Measured::loss,
            holds: |world| world.backup.reach == Reach::Up,
        },
        Given {
            text: "The home site does not serve.",
            remedy: "it is alive: switch over to its mirror, or stop the whole site first.",
            say: Measured::loss,
            holds: |world| {
                world.backup_serves()
                    || world.home.standing != Standing::Primary && world.home.writable != Known::Yes
            },
        },
        Given {
            text: "The home site is fenced, or an administrator attests that it is down.",
            remedy: "make sure that its machines are off, then repeat with -AttestSiteIsDown.",
            say: Measured::loss,
            holds: |world| world.backup_serves() || world.home_is_fenced() || world.attested,
        },
        Given {
            text: "An administrator accepts the measured loss.",
            remedy: "read the figures above, then repeat with -AcceptDataLoss; what was not \
                     shipped is found and put back when home returns.",
            say: Measured::loss,
            holds: |world| world.backup_serves() || world.consented,
        },
        Given {
            text: "No shipped WAL is missing or damaged in the share, or an administrator gives \
                   just that range up.",
            remedy: "bring its files back into the share, from a copy of it; if they are lost for \
                     good, say so.",
            say: Measured::missing_log,
            holds: |world| world.backup_serves() || world.missing_log != MissingLog::Missing,
        },
    ],
    steps: &[
        TAKE_LOCK,
        Step {
            number: "1",
            text: "Remove log shipping from the backup database.",
            done: |world| world.backup.shipping == ShippingSeen::Removed,
            act: Action::RemoveShipping,
            documented: &["exec sp_delete_log_shipping_secondary_database mgc"],
        },
        Step {
            number: "2",
            text: "Copy any uncopied log files from the share, and prove that none is missing.",
            done: |world| world.backup.closed || world.backup_serves(),
            act: Action::CloseShare,
            documented: &[],
        },
        Step {
            number: "3",
            text: "Apply any unapplied log files, in sequence, to the end of the share.",
            done: |world| world.backup.replayed || world.backup_serves(),
            act: Action::ReplayShare,
            documented: &[],
        },
        Step {
            number: "4",
            text: "Raise the reign and bring the backup database online, with its gate shut.",
            done: |world| world.backup_serves() && world.backup.writable == Known::Yes,
            act: Action::BringOnline(Side::Backup),
            documented: &["restore database mgc with recovery"],
        },
        Step {
            number: "5",
            text: "Set the pool state to FailedOver.",
            done: |world| world.state == PoolState::FailedOver,
            act: Action::SetState(PoolState::FailedOver),
            documented: &["Set-CsPersistentChatState -PoolState FailedOver"],
        },
        Step {
            number: "6",
            text: "Establish a mirror for the new primary database.",
            done: |world| world.backup_serves() && world.backup.mirror != MirrorSeen::Building,
            act: Action::EstablishMirror(Side::Backup),
            documented: &["Install-CsMirrorDatabase"],
        },
        Step {
            number: "7",
            text: "Set the Persistent Chat Server active servers, and open the gate.",
            done: |world: &World| world.active == Active::Backup && world.backup.gate == Known::Yes,
            act: Action::SetActive(Side::Backup),
            documented: &["Set-CsPersistentChatActiveServer"],
        },
    ],
};
