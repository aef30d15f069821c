//! A pool is lost: its Response Groups go on in the pool that it is paired with.

use super::{Act, Figures, Given, NOBODY_ELSE, Procedure, Received, Step, TAKE_LOCK};
use crate::world::{Known, Reach};

/// Steps 2 to 7 of the documents' procedure, without a file.
pub const POOL_FAIL_OVER: Procedure = Procedure {
    name: "pool-fail-over",
    title: "Fail over the Response Groups of a pool",
    cmdlet: "Invoke-CsPoolFailOver",
    givens: &[
        NOBODY_ELSE,
        Given {
            text: "The backup pool answers.",
            remedy: "start the hosts of its databases.",
            say: Figures::told,
            holds: |pair| pair.backup.reach == Reach::Up,
        },
        Given {
            text: "The primary pool answers, or an administrator attests that it is down.",
            remedy: "make sure that its hosts are off, then repeat with -DisasterMode.",
            say: Figures::told,
            holds: |pair| pair.is_surely_over() || pair.primary.reach == Reach::Up || pair.attested,
        },
        Given {
            text: "The backup pool has received the primary pool's Response Groups.",
            remedy: "import them from a file: Import-CsRgsConfiguration.",
            say: Figures::told,
            holds: |pair| {
                pair.is_over()
                    || pair.received != Received::Nothing
                    || pair.primary.reach == Reach::Up
            },
        },
        Given {
            text: "Every change has been received, or an administrator accepts that the last \
                   ones are missing until the primary pool returns.",
            remedy: "if that can be borne, repeat with -AcceptDataLoss.",
            say: Figures::told,
            holds: |pair| {
                pair.is_surely_over()
                    || !pair.is_over() && pair.received == Received::All
                    || pair.primary.reach == Reach::Up && !pair.has_lost()
                    || pair.consented
            },
        },
        Given {
            text: "Nothing at the backup pool stands against the import.",
            remedy: "remove it there, or change what clashes, then repeat.",
            say: |figures| figures.misfits.clone(),
            holds: |pair| {
                pair.is_over() || pair.backup.reach != Reach::Up || pair.fits == Known::Yes
            },
        },
    ],
    steps: &[
        TAKE_LOCK,
        Step {
            number: "b",
            text: "Let nobody change the primary pool's Response Groups there, if it answers.",
            done: |pair| {
                pair.is_over() || pair.primary.reach != Reach::Up || pair.primary.edits == Known::No
            },
            act: Act::ClosePrimary,
            documented: &[],
        },
        Step {
            number: "2",
            text: "Have the backup pool receive what the primary pool has, if it answers.",
            done: |pair| {
                let has_all = matches!(pair.received, Received::All | Received::More);
                pair.is_over() || pair.primary.reach != Reach::Up || has_all
            },
            act: Act::Receive,
            documented: &["Export-CsRgsConfiguration -Source PRIMARY -FileName FILE"],
        },
        Step {
            number: "3",
            text: "Import the Response Groups into the backup pool, signed-in agents included; \
                   they still belong to the primary pool.",
            done: super::Pair::is_over,
            act: Act::ImportThere,
            documented: &["Import-CsRgsConfiguration -Destination BACKUP -FileName FILE"],
        },
        Step {
            number: "7",
            text: "Let them be changed at the backup pool.",
            done: |pair| pair.is_over() && pair.backup.edits == Known::Yes,
            act: Act::OpenBackup,
            documented: &[],
        },
    ],
};
