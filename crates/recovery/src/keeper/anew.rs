//! The store's record: begun for a new pool, and written anew for a store that lost it.

use tracing::warn;

use super::{Keeper, KeeperError};
use crate::record::PoolRecord;
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
                if let Some(other) = &self.setup.other
                    && let Some(known) = other.pool(&pool).await?
                    && (known.value.primary().is_some() || known.value.term != Term::FIRST)
                {
                    return Err(KeeperError::Cannot(format!(
                        "this site has no record of {pool}, but the other site has one in term \
                         {}: a lost store is not a new pool; fail back to bring the pool home",
                        known.value.term
                    )));
                }
                let record = PoolRecord::at_home(&self.setup.store, servers);
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
