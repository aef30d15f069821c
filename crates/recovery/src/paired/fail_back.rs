//! A pool is back: its Response Groups come home.

use super::{Act, Figures, Given, Hosts, NOBODY_ELSE, Pair, Procedure, Step, TAKE_LOCK};
use crate::world::{Known, Reach};

/// Steps 8 to 12 of the documents' procedure, without a file.
pub const POOL_FAIL_BACK: Procedure = Procedure {
    name: "pool-fail-back",
    title: "Fail back the Response Groups of a pool",
    cmdlet: "Invoke-CsPoolFailBack",
    givens: &[
        NOBODY_ELSE,
        Given {
            text: "Both pools answer.",
            remedy: "start the hosts of their databases.",
            say: Figures::told,
            holds: |pair| pair.primary.reach == Reach::Up && pair.backup.reach == Reach::Up,
        },
        Given {
            text: "The primary pool has not lost what it had, or the backup pool stands in for it.",
            remedy: "first make objects of what the backup pool has received: \
                     Invoke-CsPoolFailOver with -AcceptDataLoss.",
            say: Figures::told,
            holds: |pair| !pair.has_lost(),
        },
        Given {
            text: "The backup pool stands in for the primary pool, has given it back, or has not \
                   come to stand in for it.",
            remedy: "there is nothing to fail back; Get-CsPoolFailoverState tells how it stands.",
            say: Figures::told,
            holds: |pair| pair.is_over() || pair.is_home() || pair.was_never_over(),
        },
    ],
    steps: &[
        TAKE_LOCK,
        Step {
            number: "8",
            text: "Let nobody change the imported Response Groups at the backup pool.",
            done: |pair| pair.is_home() || pair.backup.edits == Known::No,
            act: Act::CloseBackup,
            documented: &["Export-CsRgsConfiguration -Source BACKUP -Owner PRIMARY -FileName FILE"],
        },
        Step {
            number: "b",
            text: "Let them be changed at the primary pool again, if a failover was stopped before \
                   the backup pool stood in.",
            done: |pair| !pair.was_never_over(),
            act: Act::OpenPrimary,
            documented: &[],
        },
        Step {
            number: "c",
            text: "Put aside what the primary pool has of its own.",
            done: |pair| pair.is_home() || pair.kept,
            act: Act::Keep,
            documented: &[],
        },
        Step {
            number: "9",
            text: "Import them into the primary pool, signed-in agents included, beside what only \
                   that has changed; it owns and changes them again.",
            done: Pair::is_home,
            act: Act::ImportHome,
            documented: &[
                "Import-CsRgsConfiguration -Destination PRIMARY -OverwriteOwner -FileName FILE",
            ],
        },
        Step {
            number: "12",
            text: "Remove them from the backup pool, once it has received what came home and the \
                   primary pool is seen to have all.",
            done: |pair| pair.is_home() && pair.backup.hosts == Hosts::Nothing,
            act: Act::RemoveThere,
            documented: &[
                "Export-CsRgsConfiguration -Source BACKUP -Owner PRIMARY -FileName FILE \
                           -RemoveExportedConfiguration",
            ],
        },
    ],
};
