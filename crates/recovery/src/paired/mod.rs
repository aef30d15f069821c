//! Pools that stand in for each other: what is observed of a pair, and what can be done.
//!
//! Each pool hosts Response Groups in a database of its own. What belongs to one, its *owner*, is
//! received continuously by the other, so that a failover needs no file. Only one of the two may
//! change what belongs to an owner: the one with the higher *reign*.
//!
//! Pure; whoever knows the databases observes and performs.

#[cfg(test)]
mod battery;
mod closed;
mod fail_back;
mod fail_over;
#[cfg(test)]
mod manual;

pub use closed::Closed;
pub use fail_back::POOL_FAIL_BACK;
pub use fail_over::POOL_FAIL_OVER;

use serde::{Deserialize, Serialize};

use crate::procedure::{self, Subject};
use crate::world::{Known, Lock, Reach};

/// A runbook for paired pools.
pub type Procedure = procedure::Procedure<PairedPools>;
/// What must hold before every row of it.
pub type Given = procedure::Given<PairedPools>;
/// A row of it.
pub type Step = procedure::Step<PairedPools>;

/// Every procedure, for pages, audits and the battery.
pub const ALL: [&Procedure; 2] = [&POOL_FAIL_OVER, &POOL_FAIL_BACK];

/// What the procedures of paired pools are about.
#[derive(Debug)]
pub enum PairedPools {}

/// A pair, as seen for the Response Groups that belong to one of them: the *primary* pool. The
/// other is the *backup* pool.
#[allow(clippy::struct_excessive_bools, reason = "each is tried both ways by the battery")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pair {
    /// The pool that they belong to.
    pub primary: Side,
    /// The pool that stands in for it.
    pub backup: Side,
    /// Who runs a procedure for the primary pool.
    pub lock: Lock,
    /// An administrator attests, in the journal, that the primary pool is down.
    pub attested: bool,
    /// What the backup pool has received.
    pub received: Received,
    /// An administrator accepts, in the journal, that changes may be missing.
    pub consented: bool,
    /// What the primary pool had of its own, when it came back, is kept beside.
    pub kept: bool,
    /// Whether what would be imported into the backup pool fits beside what that hosts. Nobody
    /// looks once it stands in.
    pub fits: Known,
}

/// One pool of a pair.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Side {
    /// Whether its database answers.
    pub reach: Reach,
    /// Whether it believes that it may change what belongs to the primary pool.
    pub edits: Known,
    /// Whether its reign over that is the higher one of the two, as far as known.
    pub reigns: bool,
    /// Whether it hosts all that it should: at the primary pool what is its own, at the backup
    /// pool what was imported.
    pub hosts: Hosts,
}

/// What a pool hosts of what belongs to the primary pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hosts {
    /// Nothing of it.
    Nothing,
    /// Something, but not just what the other side gave last.
    Other,
    /// What the other side gave last, and whatever was changed here since.
    Imported,
    /// It was not heard.
    Unknown,
}

/// What the backup pool has received of the primary pool's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Received {
    /// Nothing, ever.
    Nothing,
    /// A revision; later changes may be missing.
    Perhaps,
    /// All that the primary pool has, seen at both.
    All,
    /// What the primary pool has no more, seen at both.
    More,
}

/// The figures behind a pair, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The primary pool's FQDN.
    pub primary: String,
    /// The backup pool's FQDN.
    pub backup: String,
    /// Whether the backup pool was heard: else nothing is known of what it received.
    pub backup_heard: bool,
    /// The revision that was received last, and when.
    pub received: Option<(i64, String)>,
    /// How many objects it holds.
    pub objects: Option<usize>,
    /// What at the backup pool stands against the import, or why that is not known.
    #[serde(default)]
    pub misfits: String,
    /// What both pools have made under one name, unseen by each other.
    #[serde(default)]
    pub clashes: Vec<String>,
    /// What stands in the way, in sentences of those observed.
    pub notes: Vec<String>,
    /// The run that has the primary pool now, if it is another one.
    pub other_run: String,
}

/// What can be done with a pair. Repeating it changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Act {
    /// Take the procedure lock at every site that can be reached.
    TakeLock,
    /// Let the primary pool change nothing of its own any more.
    ClosePrimary,
    /// Have the backup pool receive what the primary pool has now.
    Receive,
    /// Import what was received into the backup pool, in a higher reign, in one transaction.
    ImportThere,
    /// Let the backup pool change what it imported.
    OpenBackup,
    /// Let the backup pool change nothing of the primary pool's any more.
    CloseBackup,
    /// Let the primary pool change its own again, which the backup pool never took over.
    OpenPrimary,
    /// Keep beside, at the primary pool, what it has of its own, and let nobody change it.
    Keep,
    /// Import what the backup pool hosts into the primary pool, in a higher reign, in one
    /// transaction.
    ImportHome,
    /// Have the backup pool receive what the primary pool has now; then remove from it what was
    /// imported there, if the primary pool has all of that.
    RemoveThere,
}

impl Subject for PairedPools {
    type World = Pair;
    type Measured = Figures;
    type Action = Act;

    const TAKE_LOCK: Act = Act::TakeLock;

    fn foresee(act: Act, pair: &mut Pair) {
        act.foresee(pair);
    }

    fn obstacles(figures: &Figures) -> String {
        figures.notes.join("; ")
    }
}

impl Act {
    /// What the pair will be once this is done: the pure twin of performing it.
    ///
    /// # Panics
    /// When the act's preconditions do not hold: a table in the wrong order cannot pass its tests.
    pub fn foresee(self, pair: &mut Pair) {
        match self {
            Self::TakeLock => {
                assert_ne!(pair.lock, Lock::Others, "two procedures at once");
                pair.lock = Lock::Ours;
            }
            Self::ClosePrimary => {
                pair.primary.edits = Known::No;
                // That nobody changes it any more is a change, too.
                if pair.received == Received::All {
                    pair.received = Received::Perhaps;
                }
            }
            Self::Receive => {
                assert_eq!(pair.primary.edits, Known::No, "received while it changes");
                pair.received = Received::All;
            }
            Self::ImportThere => {
                assert!(!pair.has_two_editors(), "imported while the primary pool may change it");
                assert_ne!(pair.received, Received::Nothing, "imported from nothing");
                assert_eq!(pair.fits, Known::Yes, "imported against what is there");
                pair.backup =
                    Side { edits: Known::Yes, reigns: true, hosts: Hosts::Imported, ..pair.backup };
                pair.primary.reigns = false;
            }
            Self::OpenBackup => {
                assert!(pair.is_over(), "opened without having it");
                let said = pair.attested && pair.consented;
                assert!(pair.is_surely_over() || said, "opened while home may change it");
                pair.backup.edits = Known::Yes;
            }
            Self::CloseBackup => pair.backup.edits = Known::No,
            Self::OpenPrimary => {
                assert!(pair.was_never_over(), "opened while another stands in");
                assert_eq!(pair.backup.edits, Known::No, "opened while the backup may change it");
                pair.primary.edits = Known::Yes;
                pair.primary.reigns = true;
                pair.backup.reigns = false;
            }
            Self::Keep => {
                pair.primary.edits = Known::No;
                pair.kept = true;
            }
            Self::ImportHome => {
                assert!(pair.kept, "what the primary pool had would be overwritten");
                assert_eq!(pair.backup.edits, Known::No, "imported while the backup may change it");
                pair.primary = Side {
                    edits: Known::Yes,
                    reigns: true,
                    hosts: Hosts::Imported,
                    ..pair.primary
                };
                pair.backup.reigns = false;
                if pair.received == Received::More {
                    pair.received = Received::Perhaps;
                }
            }
            Self::RemoveThere => {
                assert!(pair.is_home(), "removed before the primary pool has it");
                pair.received = Received::All;
                pair.backup.hosts = Hosts::Nothing;
            }
        }
    }
}

impl Pair {
    /// Whether the backup pool stands in for the primary pool.
    pub fn is_over(&self) -> bool {
        self.backup.reach == Reach::Up && self.backup.reigns && self.backup.hosts == Hosts::Imported
    }

    /// The same, and no failback can have brought them home: then the backup pool is closed, and
    /// only the primary pool knows.
    pub fn is_surely_over(&self) -> bool {
        self.is_over() && (self.backup.edits == Known::Yes || self.primary.reach == Reach::Up)
    }

    /// Whether the primary pool has what is its own, in the higher reign, and may change it.
    pub fn is_home(&self) -> bool {
        let is_up = self.primary.reach == Reach::Up;
        is_up && self.primary.reigns && self.primary.edits == Known::Yes && !self.has_lost()
    }

    /// Whether the primary pool has come back without what was its own, on new machines or from an
    /// old backup, and the backup pool does not stand in: only what that received is left.
    pub fn has_lost(&self) -> bool {
        let both_up = self.primary.reach == Reach::Up && self.backup.reach == Reach::Up;
        both_up && self.received == Received::More && !self.is_over()
    }

    /// Whether a failover has closed the primary pool, and the backup pool does not stand in.
    pub fn was_never_over(&self) -> bool {
        let both_up = self.primary.reach == Reach::Up && self.backup.reach == Reach::Up;
        both_up && !self.is_over() && self.primary.edits == Known::No && !self.has_lost()
    }

    /// Whether both could change it, as far as is known: what must never be without an attestation.
    pub fn has_two_editors(&self) -> bool {
        self.primary.edits == Known::Yes && self.backup.edits == Known::Yes
    }
}

impl Figures {
    /// What was received, in words.
    pub fn told(&self) -> String {
        match &self.received {
            Some((revision, at)) => {
                let objects = self.objects.map(|it| format!(", {it} objects")).unwrap_or_default();
                format!(
                    "{} received revision {revision} of {}{objects} at {at}",
                    self.backup, self.primary
                )
            }
            None if self.backup_heard => {
                format!("{} has received nothing from {} yet", self.backup, self.primary)
            }
            None => {
                let (backup, primary) = (&self.backup, &self.primary);
                format!("{backup} was not heard: what it received of {primary} is not known")
            }
        }
    }
}

/// One run at a time.
const NOBODY_ELSE: Given = Given {
    text: "No other procedure runs for this pool.",
    remedy: "wait for the other run to end, or run it again where it was interrupted.",
    say: |figures| figures.other_run.clone(),
    holds: |pair| pair.lock != Lock::Others,
};

/// The first row of every procedure.
const TAKE_LOCK: Step = Step {
    number: "a",
    text: "Take the procedure lock at every site that can be reached.",
    done: |pair| pair.lock == Lock::Ours,
    act: Act::TakeLock,
    documented: &[],
};

#[cfg(test)]
mod tests {
    use super::Figures;

    #[test]
    fn what_is_not_known_is_not_called_nothing() {
        let figures = Figures {
            primary: "primary.contoso.com".to_owned(),
            backup: "backup.contoso.com".to_owned(),
            ..Figures::default()
        };
        assert!(figures.told().ends_with("is not known"), "{}", figures.told());
        let heard = Figures { backup_heard: true, ..figures };
        assert!(heard.told().contains("has received nothing"), "{}", heard.told());
        let received = Some((7, "2026-11-21T09:00:00Z".to_owned()));
        let told = Figures { received, ..heard }.told();
        assert!(told.contains("received revision 7 of primary.contoso.com"), "{told}");
    }
}
