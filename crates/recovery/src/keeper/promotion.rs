//! Whether a mirror may be promoted. Pure: every rule of the management store stands here.

use thiserror::Error;

use crate::probe::Probe;
use crate::record::PoolRecord;
use crate::record::TO_OTHER_SITE;
use crate::store::LeaseState;

/// What a mirror's keeper knows when it asks itself whether to promote.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// The record as the store holds it now.
    pub record: &'a PoolRecord,
    /// The record's revision in the store.
    pub revision: u64,
    /// The highest revision that this keeper has ever seen.
    pub remembered_revision: u64,
    /// The primary's lease.
    pub lease: LeaseState,
    /// Whether this mirror has streamed from its primary since it last had nobody at all.
    pub has_met_primary: bool,
    /// What this host sees of the primary's PostgreSQL.
    pub own_probe: Probe,
    /// What the witness host sees of it; `None` when the witness could not be asked.
    pub witness_probe: Option<Probe>,
}

/// Why a mirror is not promoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotNow {
    /// The mirror may lack acknowledged commits.
    #[error("the mirror is recorded as out of sync: it may lack acknowledged posts")]
    NotSynchronized,
    /// The primary was stopped on purpose.
    #[error("a procedure moves the primary")]
    HandedOver,
    /// The primary still has its lease.
    #[error("the primary holds its lease")]
    LeaseHeld,
    /// The store was restarted less than a full lease ago.
    #[error("the management store was restarted and does not know who held the lease")]
    LeaseUnknown,
    /// The store's file is older than what this keeper has seen.
    #[error("the management store has lost or rolled back its record")]
    StoreRolledBack,
    /// Mirror and witness meet first.
    #[error(
        "this mirror had lost both its primary and its store, and met the store first: start the \
         primary's host, or, if that is lost, Invoke-CsDatabaseFailover -AttestPrimaryIsDown"
    )]
    PrimaryNotMet,
    /// One of the two signals is missing.
    #[error("PostgreSQL still answers there, so it is not down")]
    PrimaryAnswers,
    /// The second pair of eyes is away.
    #[error("the witness cannot be asked what it sees")]
    WitnessAway,
}

/// Whether the mirror may be promoted now.
///
/// All must hold: the record says *Synchronized*; the primary's lease has ended or was given up;
/// neither this host nor the witness host gets an answer from the primary's PostgreSQL. Where
/// everybody had lost everybody, the primary must have been met again first. *Unknown* is never
/// taken for *down*.
pub fn may_promote(evidence: &Evidence<'_>) -> Result<(), NotNow> {
    if evidence.revision < evidence.remembered_revision {
        return Err(NotNow::StoreRolledBack);
    }
    if !evidence.record.is_synchronized() {
        return Err(NotNow::NotSynchronized);
    }
    // A switchover that its primary did not live to finish is a loss like any other.
    if evidence.record.hand_over.as_deref() == Some(TO_OTHER_SITE) {
        return Err(NotNow::HandedOver);
    }
    match evidence.lease {
        LeaseState::Ended { .. } | LeaseState::GivenUp { .. } | LeaseState::Free => {}
        LeaseState::Held { .. } => return Err(NotNow::LeaseHeld),
        LeaseState::Unknown => return Err(NotNow::LeaseUnknown),
    }
    if !evidence.has_met_primary {
        return Err(NotNow::PrimaryNotMet);
    }
    if evidence.own_probe == Probe::Answers {
        return Err(NotNow::PrimaryAnswers);
    }
    match evidence.witness_probe {
        Some(Probe::Answers) => Err(NotNow::PrimaryAnswers),
        Some(Probe::NobodyListens | Probe::Silent) => Ok(()),
        None => Err(NotNow::WitnessAway),
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, NotNow, may_promote};
    use crate::probe::Probe;
    use crate::record::{Mirror, PoolRecord, TO_OTHER_SITE};
    use crate::store::LeaseState;

    const PROBES: [Probe; 3] = [Probe::Answers, Probe::NobodyListens, Probe::Silent];

    fn leases() -> [LeaseState; 5] {
        let holder = "north-1".to_owned();
        [
            LeaseState::Held { holder: holder.clone(), left_ms: 1 },
            LeaseState::Ended { holder: holder.clone() },
            LeaseState::GivenUp { holder },
            LeaseState::Unknown,
            LeaseState::Free,
        ]
    }

    fn mirrors() -> [Mirror; 4] {
        let lsn = instance::Lsn::ZERO;
        let suspended = Mirror::Suspended { lsn, since: String::new(), why: String::new() };
        let not_declared = Mirror::NotDeclared { since: String::new() };
        [Mirror::Synchronized { lsn }, suspended, Mirror::Awaited, not_declared]
    }

    /// Every combination there is: exactly the stated conjunction promotes.
    #[test]
    fn exactly_the_stated_conjunction_promotes() {
        let mut promoted = 0;
        for record in records() {
            for lease in leases() {
                promoted += check_probes(&record, &lease);
            }
        }
        // Leases, pairs of probes, revisions, and a hand-over to the mirror or none.
        assert_eq!(promoted, 3 * 4 * 2 * 2);
    }

    fn records() -> Vec<PoolRecord> {
        let with = |mirror, hand_over: Option<&str>| {
            let mut record = PoolRecord::at_home("north-1", Vec::new());
            record.mirror = mirror;
            record.hand_over = hand_over.map(str::to_owned);
            record
        };
        let mirrors = mirrors().into_iter();
        let over = [None, Some("north-2"), Some(TO_OTHER_SITE)];
        mirrors.flat_map(|mirror| over.map(|to| with(mirror.clone(), to))).collect()
    }

    /// Tries every pair of probes at every revision, and tells how many promote.
    fn check_probes(record: &PoolRecord, lease: &LeaseState) -> u32 {
        let witnesses = || PROBES.map(Some).into_iter().chain([None]);
        let pairs = PROBES.into_iter().flat_map(|own| witnesses().map(move |other| (own, other)));
        let memories = [(6, true), (7, true), (8, true), (8, false)];
        let mut promoted = 0;
        for ((own_probe, witness_probe), (revision, has_met_primary)) in
            pairs.flat_map(|pair| memories.map(|memory| (pair, memory)))
        {
            let evidence = Evidence {
                record,
                revision,
                remembered_revision: 7,
                lease: lease.clone(),
                has_met_primary,
                own_probe,
                witness_probe,
            };
            let ended = matches!(
                lease,
                LeaseState::Ended { .. } | LeaseState::GivenUp { .. } | LeaseState::Free
            );
            let down = own_probe != Probe::Answers
                && !matches!(witness_probe, None | Some(Probe::Answers));
            let moves = record.hand_over.as_deref() == Some(TO_OTHER_SITE);
            let stands = record.is_synchronized() && !moves && 7 <= revision && has_met_primary;
            assert_eq!(may_promote(&evidence).is_ok(), ended && down && stands, "{evidence:?}");
            promoted += u32::from(ended && down && stands);
        }
        promoted
    }

    #[test]
    fn a_suspended_mirror_is_never_promoted() {
        let record = PoolRecord::at_home("north-1", Vec::new());
        let evidence = Evidence {
            record: &record,
            revision: 1,
            remembered_revision: 0,
            lease: LeaseState::GivenUp { holder: "north-1".to_owned() },
            has_met_primary: true,
            own_probe: Probe::NobodyListens,
            witness_probe: Some(Probe::NobodyListens),
        };
        assert_eq!(may_promote(&evidence), Err(NotNow::NotSynchronized));
    }
}
