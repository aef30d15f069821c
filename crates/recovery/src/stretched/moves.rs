//! What a move between the sites does to their records. Pure, so that runs which cross each other
//! can be tried in every order.
//!
//! The sites have no compare-and-set in common. So one record decides each question: whether a
//! failback goes through or is turned back is decided by home's, which both change, and only from
//! *following*. Where home cannot be asked, the reign is raised above any that home can have been
//! given, and home fences itself when it is heard.

use instance::Lsn;
use thiserror::Error;

use crate::keeper::after_turn;
use crate::record::{Gate, Mirror, PoolRecord, PoolState, Serving, Shipping, TO_OTHER_SITE};

/// Why a record is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Refused {
    /// The failback was turned back while this run slept.
    #[error(
        "the backup site's primary is not stopped for the move any more: look, and run it again"
    )]
    NotStopped,
    /// Home is not what was prepared for the move.
    #[error("home does not follow the backup site's primary any more: run the failback again")]
    NotFollowing,
    /// It was a primary when home was promoted, and has not heard of it.
    #[error("the backup site has not fenced itself yet: what it took must be kept; run it again")]
    NotFenced,
    /// The mirror may lack what was acknowledged.
    #[error("the mirror is not recorded as in sync any more: it may lack acknowledged posts")]
    NotInSync,
    /// The failback was quicker.
    #[error("home was brought online meanwhile: run the failback to its end")]
    HomeIsOnline,
}

/// Raises home's reign above the backup site's and names home's first store the primary.
///
/// Gives false when home has a primary already.
pub(super) fn go_home(
    home: &mut PoolRecord,
    backup: &PoolRecord,
    store: &str,
    allow_suspended: bool,
) -> Result<bool, Refused> {
    if home.primary().is_some() {
        return Ok(false);
    }
    if !is_stopped_to_move(backup) {
        return Err(Refused::NotStopped);
    }
    if !matches!(home.serving, Serving::Following { .. }) {
        return Err(Refused::NotFollowing);
    }
    home.term = home.term.max(backup.term).next_reign();
    home.serving = Serving::Here { primary: store.to_owned() };
    home.mirror = after_turn(allow_suspended, Lsn::ZERO, "came home");
    home.gate = Gate::Shut;
    home.state = PoolState::FailingBack;
    home.shipping = Shipping::Removed;
    home.hand_over = None;
    Ok(true)
}

/// Raises home's reign above any that the backup site can have, and names `store` the primary.
///
/// `heard` is the backup site's reign, if it could be asked. Gives false when home has that primary
/// by its own record and the backup site was heard: then nothing can have moved there. A failover
/// that home did not see is outranked, so that the backup site stays shut when it returns.
pub(super) fn go_home_alone(
    home: &mut PoolRecord,
    heard: Option<u64>,
    store: &str,
    allow_suspended: bool,
) -> bool {
    if heard.is_some() && home.primary() == Some(store) {
        return false;
    }
    home.term.reign = home.term.reign.max(heard.unwrap_or_default());
    if heard.is_none() {
        // The failover that home did not see.
        home.term = home.term.next_reign();
    }
    home.term = home.term.next_reign();
    home.serving = Serving::Here { primary: store.to_owned() };
    home.mirror = after_turn(allow_suspended, Lsn::ZERO, "came home alone");
    home.gate = Gate::Shut;
    home.state = PoolState::FailingBack;
    home.active_servers.clear();
    home.shipping = Shipping::Removed;
    home.hand_over = None;
    home.attested_lost.clear();
    true
}

/// Keeps home from being brought online by a failback that was interrupted or sleeps.
pub(super) fn keep_home_back(home: &mut PoolRecord, backup: &PoolRecord) -> Result<bool, Refused> {
    match &home.serving {
        Serving::Here { .. } if backup.term.reign < home.term.reign => Err(Refused::HomeIsOnline),
        Serving::Following { .. } => {
            let why = "the failback was turned back: run it again to come home".to_owned();
            home.serving = Serving::Quarantine { why };
            home.gate = Gate::Shut;
            Ok(true)
        }
        Serving::Here { .. } | Serving::Elsewhere | Serving::Quarantine { .. } => Ok(false),
    }
}

/// Raises the backup site's reign above home's and names the primary, with its gate shut.
///
/// `heard` is home's reign, if home could be asked. Gives false when the backup site has the pool
/// already, and its primary was not stopped to be moved.
pub(super) fn fail_over(
    backup: &mut PoolRecord,
    heard: Option<u64>,
    store: &str,
    allow_suspended: bool,
) -> bool {
    if backup.primary().is_some() && !is_stopped_to_move(backup) {
        return false;
    }
    let stood_by = matches!(backup.serving, Serving::Elsewhere);
    backup.term.reign = backup.term.reign.max(heard.unwrap_or_default());
    if heard.is_none() && !stood_by {
        // A failback may have gone through that this site has not heard of.
        backup.term = backup.term.next_reign();
    }
    backup.term = backup.term.next_reign();
    let primary = backup.primary().unwrap_or(store).to_owned();
    backup.serving = Serving::Here { primary };
    backup.mirror = after_turn(allow_suspended, Lsn::ZERO, "failed over");
    backup.gate = Gate::Shut;
    backup.state = PoolState::FailingOver;
    backup.active_servers.clear();
    backup.hand_over = None;
    true
}

/// Names the mirror the primary of its site, in the next turn: its primary is attested to be down.
pub(super) fn take_over(
    record: &mut PoolRecord,
    mirror: &str,
    allow_suspended: bool,
) -> Result<bool, Refused> {
    let Some(primary) = record.primary().filter(|primary| *primary != mirror) else {
        return Ok(false);
    };
    if !record.is_synchronized() || is_stopped_to_move(record) {
        return Err(Refused::NotInSync);
    }
    let why = format!("{primary} was attested to be down");
    record.term = record.term.next_turn();
    record.serving = Serving::Here { primary: mirror.to_owned() };
    record.mirror = after_turn(allow_suspended, Lsn::ZERO, &why);
    record.gate = if record.gate == Gate::Shut { Gate::Shut } else { Gate::Opening };
    record.hand_over = None;
    Ok(true)
}

/// Has the backup site stand by for home, in home's term, and receive its WAL.
pub(super) fn stand_by(backup: &mut PoolRecord, home: &PoolRecord) -> Result<bool, Refused> {
    if backup.primary().is_some() && !is_stopped_to_move(backup) {
        return Err(Refused::NotFenced);
    }
    let before = backup.clone();
    backup.term = home.term;
    backup.serving = Serving::Elsewhere;
    backup.mirror = Mirror::Awaited;
    backup.shipping = Shipping::Continuous;
    backup.gate = Gate::Shut;
    backup.hand_over = None;
    backup.active_servers.clear();
    Ok(*backup != before)
}

/// Whether the record has its primary stopped for a move to the other site.
pub(super) fn is_stopped_to_move(record: &PoolRecord) -> bool {
    record.primary().is_some() && record.hand_over.as_deref() == Some(TO_OTHER_SITE)
}

#[cfg(test)]
mod tests {
    use super::{
        Refused, fail_over, go_home, go_home_alone, is_stopped_to_move, keep_home_back, stand_by,
        take_over,
    };
    use crate::record::{Mirror, PoolRecord, Serving, TO_OTHER_SITE};
    use crate::term::Term;

    /// Home follows, and the backup site's primary is stopped: everything but the promotion.
    fn about_to_go_home() -> (PoolRecord, PoolRecord) {
        let mut home = PoolRecord::at_home("north-a", Vec::new());
        home.serving = Serving::Following { upstream: "south-a".to_owned() };
        let mut backup = PoolRecord::at_backup(Vec::new());
        assert!(fail_over(&mut backup, None, "south-a", true));
        assert_eq!(backup.term, Term { reign: 2, turn: 0 }, "it stood by, and knows home's reign");
        backup.hand_over = Some(TO_OTHER_SITE.to_owned());
        (home, backup)
    }

    fn serves(record: &PoolRecord) -> bool {
        record.primary().is_some() && !is_stopped_to_move(record)
    }

    #[test]
    fn either_the_failback_or_its_turning_back_goes_through() {
        // The failback looks at the backup site, sleeps, and wakes after it was turned back.
        let (mut home, mut backup) = about_to_go_home();
        let looked = backup.clone();
        assert_eq!(keep_home_back(&mut home, &backup), Ok(true));
        backup.hand_over = None;
        assert_eq!(go_home(&mut home, &looked, "north-a", true), Err(Refused::NotFollowing));
        assert!(serves(&backup) && !serves(&home));
        assert_eq!(go_home(&mut home, &backup, "north-a", true), Err(Refused::NotStopped));

        // The other way round.
        let (mut home, backup) = about_to_go_home();
        assert_eq!(go_home(&mut home, &backup, "north-a", true), Ok(true));
        assert_eq!(keep_home_back(&mut home, &backup), Err(Refused::HomeIsOnline));
        assert!(serves(&home) && !serves(&backup));
        assert_eq!(go_home(&mut home, &backup, "north-a", true), Ok(false), "once");
    }

    #[test]
    fn a_home_lost_again_is_outranked_however_far_the_failback_had_come() {
        for promoted in [false, true] {
            for fenced in [false, true] {
                let (mut home, mut backup) = about_to_go_home();
                if promoted {
                    go_home(&mut home, &backup, "north-a", true).unwrap();
                }
                if fenced {
                    backup.serving = Serving::Quarantine { why: String::new() };
                }
                assert!(fail_over(&mut backup, None, "south-a", true));
                assert!(home.term.reign < backup.term.reign, "{promoted} {fenced}");
                assert!(serves(&backup));
                assert!(!fail_over(&mut backup, None, "south-a", true), "once");
            }
        }
    }

    #[test]
    fn a_home_that_goes_on_alone_outranks_a_backup_site_that_returns() {
        let (mut home, mut backup) = about_to_go_home();
        backup.hand_over = None;
        home.serving = Serving::Quarantine { why: String::new() };
        assert!(go_home_alone(&mut home, None, "north-b", true));
        assert!(backup.term.reign < home.term.reign);
        assert_eq!(home.primary(), Some("north-b"));
        assert!(!go_home_alone(&mut home, Some(2), "north-b", true), "once");
        // After a failover from a home that was lost before it was heard, the gap is as wide again.
        let (mut home, mut backup) = about_to_go_home();
        go_home(&mut home, &backup, "north-a", true).unwrap();
        fail_over(&mut backup, None, "south-a", true);
        home.serving = Serving::Quarantine { why: String::new() };
        assert!(go_home_alone(&mut home, None, "north-a", true));
        assert!(backup.term.reign < home.term.reign);
    }

    /// Home was down whole and knows nothing of the failover: it has the pool by its own record.
    #[test]
    fn a_failover_that_home_never_heard_of_is_outranked() {
        let mut home = PoolRecord::at_home("north-a", Vec::new());
        let mut backup = PoolRecord::at_backup(Vec::new());
        assert!(fail_over(&mut backup, None, "south-a", true));
        assert!(go_home_alone(&mut home, None, "north-a", true));
        assert!(backup.term.reign < home.term.reign, "{} {}", backup.term, home.term);
        assert_eq!(home.primary(), Some("north-a"));
    }

    #[test]
    fn only_a_mirror_in_sync_takes_over_by_word() {
        let mut record = PoolRecord::at_home("north-a", Vec::new());
        assert_eq!(take_over(&mut record, "north-b", true), Err(Refused::NotInSync));
        record.mirror = Mirror::Synchronized { lsn: instance::Lsn::ZERO };
        assert_eq!(take_over(&mut record, "north-a", true), Ok(false));
        assert_eq!(take_over(&mut record, "north-b", true), Ok(true));
        assert_eq!((record.primary(), record.term.turn), (Some("north-b"), 1));
        assert_eq!(take_over(&mut record, "north-b", true), Ok(false), "once");
    }

    #[test]
    fn a_backup_site_that_still_serves_is_not_made_a_copy_of_home() {
        let (mut home, mut backup) = about_to_go_home();
        go_home(&mut home, &backup, "north-a", true).unwrap();
        let stopped = backup.clone();
        backup.hand_over = None;
        assert_eq!(stand_by(&mut backup, &home), Err(Refused::NotFenced));
        backup.serving = Serving::Quarantine { why: String::new() };
        assert_eq!(stand_by(&mut backup, &home), Ok(true));
        assert_eq!(stand_by(&mut backup, &home), Ok(false), "once");
        let mut backup = stopped;
        assert_eq!(stand_by(&mut backup, &home), Ok(true));
        assert_eq!(backup.term, home.term);
    }

    #[test]
    fn the_primary_after_a_switchover_is_the_one_that_goes_on() {
        let (_, mut backup) = about_to_go_home();
        backup.serving = Serving::Here { primary: "south-b".to_owned() };
        assert!(fail_over(&mut backup, Some(1), "south-a", true));
        assert_eq!(backup.primary(), Some("south-b"));
        assert_eq!(backup.term.reign, 3);
    }
}
