//! A site that was down whole does not know what happened meanwhile: it asks before it serves.
//!
//! That it was down whole is seen by its store, which has not known any primary in this life.

use topology::Place;

use super::duty::Duty;
use super::{Keeper, KeeperError};
use crate::record::{PoolRecord, Serving};
use crate::store::{Records, Snapshot};
use crate::term::Term;

/// What the other site's store said of its own primary.
#[derive(Debug)]
enum Heard {
    /// It has a primary, in this term.
    Serves(Term),
    /// It has none.
    StandsBy,
    /// It could not be asked.
    Nothing(String),
}

impl Keeper {
    /// Errors while this site must stay shut.
    pub(super) async fn other_site_has_not_taken_over(
        &self,
        mine: Term,
        snapshot: &Snapshot,
    ) -> Result<(), KeeperError> {
        let pool = &self.setup.pool.fqdn;
        let Some(other) = &self.setup.other else { return Ok(()) };
        if snapshot.leases.contains_key(&Records::primary_lease(pool)) {
            return Ok(());
        }
        let heard = match other.pool(pool).await {
            Ok(Some(heard)) if heard.value.primary().is_some() => Heard::Serves(heard.value.term),
            Ok(_) => Heard::StandsBy,
            Err(error) => Heard::Nothing(error.to_string()),
        };
        may_serve(self.place, mine, &heard).map_err(KeeperError::Cannot)
    }

    /// Whether the primary that this keeper remembers is held by just this record: its keeper has
    /// lost its memory with its machine, and nobody is left who could write another record anew.
    pub(super) async fn primary_obeys(&self, record: &PoolRecord) -> bool {
        let remembered = self.remembered.record().and_then(PoolRecord::primary);
        let (Serving::Quarantine { why }, Some(primary)) = (&record.serving, remembered) else {
            return false;
        };
        let held = Duty::Held { why: why.clone() }.to_string();
        primary != self.setup.store
            && self.ask_report(primary).await.is_ok_and(|report| report.duty == held)
    }
}

/// Whether the site of `place`, whose record has the primary in term `mine`, may start it.
///
/// Home can be failed over from without its knowing, so it must hear the backup site. The backup
/// site loses the pool only by its own record: it goes on even if home is lost for good.
fn may_serve(place: Place, mine: Term, heard: &Heard) -> Result<(), String> {
    match heard {
        Heard::Serves(term) if mine.reign <= term.reign => {
            Err(format!("the other site serves in term {term}: this site stays shut"))
        }
        Heard::Nothing(why) if place.is_home() => Err(format!(
            "this whole site was down, and whether the backup site took over is not known ({why}): \
             it stays shut until the backup site is heard"
        )),
        Heard::Serves(_) | Heard::StandsBy | Heard::Nothing(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use topology::Place;

    use super::{Heard, may_serve};
    use crate::term::Term;

    #[test]
    fn home_asks_and_the_backup_site_goes_on_alone() {
        let mine = Term { reign: 2, turn: 1 };
        let serves = |reign| Heard::Serves(Term { reign, turn: 0 });
        let nothing = || Heard::Nothing("away".to_owned());
        for place in Place::ALL {
            let may = |heard| may_serve(place, mine, &heard).is_ok();
            assert!(!may(serves(3)) && !may(serves(2)), "{place}: the pool is elsewhere");
            assert!(may(serves(1)), "{place}: it outranks the other site, which will fence itself");
            assert!(may(Heard::StandsBy));
            assert_eq!(may(nothing()), !place.is_home(), "{place}");
        }
    }
}
