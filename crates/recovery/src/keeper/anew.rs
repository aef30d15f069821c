//! The store's record: begun for a new pool, and written anew for a store that lost it.

use tracing::warn;

use super::report::Report;
use super::{Keeper, KeeperError};
use crate::record::{Mirror, PoolRecord};
use crate::store::Versioned;
use crate::term::Term;

/// A record that is written anew stands above every revision that anybody can have seen: others
/// may have written this often since this keeper looked last.
const UNSEEN_REVISIONS: u64 = 1000;

impl Keeper {
    /// The store has no record of this pool: the home keeper begins one, if nobody knows the pool.
    pub(super) async fn begin(&mut self) -> Result<(), KeeperError> {
        if self.remembered.record().is_some() {
            return self.write_anew(0).await;
        }
        let pool = self.setup.pool.fqdn.clone();
        let servers = self.setup.pool.servers.clone();
        match self.place {
            topology::Place::Home => {
                let mut new = PoolRecord::at_home(&self.setup.store, servers);
                if self.partner.is_none() {
                    new.mirror = Mirror::not_declared();
                }
                let record = match self.what_backup_knows().await? {
                    None => new,
                    Some(known) => {
                        warn!(%pool, term = %known, "a store that is new, and a pool that is not");
                        PoolRecord::returned(known)
                    }
                };
                self.setup.own.put_pool(&pool, 0, &record).await?;
            }
            topology::Place::Backup => {
                let record = PoolRecord::at_backup(servers);
                self.setup.own.put_pool(&pool, 0, &record).await?;
            }
            topology::Place::HomeMirror | topology::Place::BackupMirror => {
                self.note("the pool has no record yet; the first instance of the site begins it");
            }
        }
        Ok(())
    }

    /// The pool's databases were made once, and are not there: nobody makes them anew unasked.
    pub(super) fn data_is_gone(&self) -> KeeperError {
        let (store, pool) = (&self.setup.store, &self.setup.pool.fqdn);
        let else_do = match self.setup.pool.response_groups() {
            Some(_) => format!(
                "make it anew, empty: Invoke-CsPoolFailBack {pool} -AttestCopyIsLost {store}"
            ),
            None => "fail over".to_owned(),
        };
        KeeperError::Cannot(format!(
            "the data directory of {store} is gone and it was the primary: restore it, or {else_do}"
        ))
    }

    /// The term in which the backup site knows the pool; none if the pool is new.
    async fn what_backup_knows(&self) -> Result<Option<Term>, KeeperError> {
        let (Some(other), Some(backup)) = (&self.setup.other, &self.setup.pool.stores.backup)
        else {
            return Ok(None);
        };
        let Some(known) = other.pool(&self.setup.pool.fqdn).await? else { return Ok(None) };
        if known.value.primary().is_some() || known.value.term != Term::FIRST {
            return Ok(Some(known.value.term));
        }
        // In its first reign only the copy there tells a new pool from one whose home was rebuilt.
        let report = self.ask_report(backup).await?;
        Ok(has_copy(&report).then_some(known.value.term))
    }

    /// The store's record is older than what this keeper has seen: until it is written anew it
    /// reads as *unknown* and grants nothing.
    pub(super) async fn write_record_anew(
        &mut self,
        read: &Versioned<PoolRecord>,
    ) -> Result<(), KeeperError> {
        self.write_anew(read.revision).await
    }

    async fn write_anew(&mut self, expected: u64) -> Result<(), KeeperError> {
        let Some(record) = self.remembered.record().cloned() else { return Ok(()) };
        if !self.knows_best(&record).await? {
            self.note("the management store lost its record; the primary's keeper writes it anew");
            return Ok(());
        }
        let term = record.term;
        warn!(store = self.setup.store, %term, "the store lost its record: written anew");
        let floor = self.remembered.revision() + UNSEEN_REVISIONS;
        let pool = &self.setup.pool.fqdn;
        self.setup.own.put_pool_above(pool, expected, &record, floor).await?;
        Ok(())
    }

    /// Whether what this keeper remembers is what stands.
    ///
    /// A primary that runs knows it. One that is down may have missed a turn: its partner is asked.
    /// Where the site has no primary, its first instance speaks.
    async fn knows_best(&self, record: &PoolRecord) -> Result<bool, KeeperError> {
        let Some(primary) = record.primary() else { return Ok(self.leads()) };
        if primary != self.setup.store {
            return Ok(false);
        }
        let Some(partner) = &self.partner else { return Ok(true) };
        let observed = self.setup.instance.observe().await;
        if observed.is_ok_and(|observed| !observed.in_recovery) {
            return Ok(true);
        }
        let report = self.ask_report(partner).await.map_err(|error| {
            KeeperError::Cannot(format!(
                "the management store lost its record, and whether {partner} took over before is \
                 not known: start its host ({error})"
            ))
        })?;
        Ok(report.heard <= Some(record.term))
    }
}

/// Whether anything of the pool has ever come to the backup instance.
fn has_copy(report: &Report) -> bool {
    report.runs || report.was_primary || report.position.is_some() || report.shipping.is_some()
}

#[cfg(test)]
mod tests {
    use instance::Lsn;
    use topology::Place;

    use super::has_copy;
    use crate::keeper::report::Report;
    use crate::record::PoolRecord;
    use crate::term::Term;

    /// A home site that was built anew is empty: it must not begin an empty pool beside the real.
    #[test]
    fn a_pool_is_new_only_while_the_backup_site_has_nothing_of_it() {
        let mut report = Report::new("south-a", Place::Backup);
        assert!(!has_copy(&report));
        report.position = Some(Lsn(1));
        assert!(has_copy(&report));
        for known in [Term::FIRST, Term { reign: 4, turn: 2 }] {
            let returned = PoolRecord::returned(known);
            assert_eq!(returned.primary(), None);
            assert!(returned.term.reign < known.reign, "the other site outranks it");
        }
    }
}
