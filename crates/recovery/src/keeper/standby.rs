//! Being a standby: seeded, started, streaming, and seeded anew when it cannot follow.

use std::time::Duration;

use control::CallError;
use instance::{
    ClientRole, ControlData, CopyOptions, Found, Gate, OldDirectory, Role, Settings, Standby,
    StopMode, Upstream,
};
use tracing::{info, warn};

use super::old_copy;
use super::report::Report;
use super::routes::{REPORT, ReportRequest};
use super::{Keeper, KeeperError, START_PATIENCE, STOP_PATIENCE};
use crate::probe::{self, Probe};
use crate::record::PoolRecord;
use crate::record::TO_OTHER_SITE;

/// A standby that has not streamed for this long, while its upstream answers, cannot follow it.
const STREAM_PATIENCE: Duration = Duration::from_secs(8);
/// How long another keeper may take to report.
const ASK_PATIENCE: Duration = Duration::from_millis(800);
/// How long a copy of a whole instance may take.
const COPY_PATIENCE: Duration = Duration::from_hours(6);

impl Keeper {
    /// One step of an instance that streams from `upstream`.
    pub(super) async fn be_standby_of(&mut self, upstream: &str) -> Result<(), KeeperError> {
        self.receiver.stop().await;
        let standby = Standby::from(self.upstream(upstream)?);
        match self.setup.instance.found().await? {
            Found::Missing | Found::Unusable(_) => self.seed(upstream, standby).await,
            Found::Foreign(why) => Err(self.foreign(why)),
            Found::Stopped(control)
                if fell_as_primary(&control) || old_copy::is_marked(&self.setup.directory) =>
            {
                info!(store = self.setup.store, upstream, "cannot simply follow: copied anew");
                self.seed(upstream, standby).await
            }
            Found::Stopped(_) => self.start_as(standby).await,
            Found::Running { .. } => self.stream(upstream, standby).await,
        }
    }

    /// Starts an instance that is not running, as a standby.
    pub(super) async fn start_as(&mut self, standby: Standby) -> Result<(), KeeperError> {
        self.settle(|settings| self.be_told(settings, standby)).await?;
        self.setup.instance.start(START_PATIENCE).await?;
        self.unstreamed_since = None;
        Ok(())
    }

    /// A running standby: does it stream, and from the right instance?
    async fn stream(&mut self, upstream: &str, standby: Standby) -> Result<(), KeeperError> {
        if self.fence_if_primary().await? {
            return Ok(());
        }
        self.settle(|settings| self.be_told(settings, standby.clone())).await?;
        let observed = self.setup.instance.observe().await?;
        let streams = observed.receiver.is_some();
        self.has_met_primary |= streams;
        let waited = self.unstreamed_for(streams);
        if waited < STREAM_PATIENCE {
            return Ok(());
        }
        let unknown = || KeeperError::Cannot(format!("{upstream} is not in the topology"));
        let address = self.setup.topology.address_of_store(upstream).ok_or_else(unknown)?;
        if probe::postgres(address).await != Probe::Answers {
            self.note(&format!("waiting for {upstream}, which does not answer"));
            return Ok(());
        }
        warn!(store = self.setup.store, upstream, "cannot follow: a new copy is made");
        self.setup.instance.stop(StopMode::Immediate, STOP_PATIENCE).await?;
        self.seed(upstream, standby).await
    }

    /// Kills a primary that is none any more. Tells whether there was one.
    pub(super) async fn fence_if_primary(&mut self) -> Result<bool, KeeperError> {
        if self.setup.instance.observe().await?.in_recovery {
            return Ok(false);
        }
        warn!(store = self.setup.store, "a primary that is none any more is fenced");
        self.setup.instance.kill().await?;
        Ok(true)
    }

    /// A verified copy of `upstream`, put in the place of whatever was here, and started.
    pub(super) async fn seed(
        &mut self,
        upstream: &str,
        standby: Standby,
    ) -> Result<(), KeeperError> {
        self.copy_from(upstream, standby).await?;
        self.setup.instance.start(START_PATIENCE).await?;
        self.unstreamed_since = None;
        Ok(())
    }

    /// The copy itself. What fell as a primary is kept aside until an administrator releases it.
    pub(super) async fn copy_from(
        &mut self,
        upstream: &str,
        standby: Standby,
    ) -> Result<ControlData, KeeperError> {
        let source = self.source(upstream)?;
        let instance = self.setup.instance.clone();
        match instance.found().await? {
            Found::Running { .. } => {
                instance.stop(StopMode::Immediate, STOP_PATIENCE).await?;
            }
            // Its files are gone, and it may still be running without them.
            Found::Missing => {
                instance.kill().await?;
            }
            Found::Foreign(_) | Found::Unusable(_) | Found::Stopped(_) => {}
        }
        let marked = old_copy::is_marked(&self.setup.directory);
        let old = if marked { OldDirectory::Keep } else { OldDirectory::Remove };
        // It may take hours, in which nothing is received: that is to be seen.
        self.look().await;
        info!(store = self.setup.store, upstream, "copying");
        self.note(&format!("copying {upstream}"));
        let mut settings = self.fresh_settings();
        self.be_told(&mut settings, standby);
        let options = CopyOptions { slot: None, old, limit: COPY_PATIENCE };
        let report = self.report.clone();
        let copied = instance.base_backup_from(&source, &settings, &options, move |progress| {
            report.send_modify(|report| {
                let (done, total) = (progress.done_bytes, progress.total_bytes);
                report.note = format!("copying: {done} of {total} bytes");
            });
        });
        let copied = copied.await?;
        if let Some(old) = copied.old {
            info!(store = self.setup.store, old = %old.display(), "the old copy is kept aside");
        }
        old_copy::unmark(&self.setup.directory).map_err(|source| self.file_error(source))?;
        Ok(copied.control)
    }

    /// What an instance of this pool is told that has been told nothing yet.
    pub(super) fn fresh_settings(&self) -> Settings {
        Settings { clients: self.clients(), ..Settings::default() }
    }

    /// Who may be let in.
    pub(super) fn clients(&self) -> Vec<ClientRole> {
        let pool = &self.setup.pool;
        let client = |role: &str| ClientRole {
            role: role.to_owned(),
            databases: vec![pool.database().to_owned()],
        };
        pool.database_roles().into_iter().map(client).collect()
    }

    /// What a standby is told. It waits for its partner from its first moment as a primary.
    pub(super) fn be_told(&self, settings: &mut Settings, standby: Standby) {
        settings.gate = Gate::Shut;
        settings.synchronous.clone_from(&self.partner);
        settings.role = Role::Standby(standby);
    }

    pub(super) fn upstream(&self, store: &str) -> Result<Upstream, KeeperError> {
        let application_name = self.setup.store.clone();
        Ok(Upstream { source: self.source(store)?, slot: None, application_name })
    }

    /// One step of an instance that nobody may use: stopped, and left as it is.
    pub(super) async fn be_held(&mut self, record: &PoolRecord) -> Result<(), KeeperError> {
        self.receiver.stop().await;
        self.give_lease_up().await;
        match self.setup.instance.found().await? {
            Found::Running { .. } => {
                // One that does not answer may be a primary, and is fenced all the same.
                let observed = self.setup.instance.observe().await;
                let is_standby = observed.is_ok_and(|observed| observed.in_recovery);
                if !is_standby {
                    self.mark_old_copy()?;
                }
                info!(store = self.setup.store, "fenced: PostgreSQL is stopped, left as it is");
                // A standby writes down how far it has replayed, so that it can go on from there.
                let mode = if is_standby { StopMode::Fast } else { StopMode::Immediate };
                let stopped = self.setup.instance.stop(mode, STOP_PATIENCE).await;
                if let Err(error) = stopped {
                    warn!(store = self.setup.store, %error, "it does not stop: it is killed");
                    self.setup.instance.kill().await?;
                }
                self.settle(|settings| settings.gate = Gate::Shut).await?;
            }
            Found::Stopped(control) if may_hold_more(&control, record) => self.mark_old_copy()?,
            Found::Stopped(_) | Found::Missing | Found::Foreign(_) | Found::Unusable(_) => {}
        }
        Ok(())
    }

    pub(super) fn mark_old_copy(&self) -> Result<(), KeeperError> {
        old_copy::mark(&self.setup.directory).map_err(|source| self.file_error(source))
    }

    /// Another keeper's report.
    pub(super) async fn ask_report(&self, store: &str) -> Result<Report, KeeperError> {
        let destination = self.destination(store)?;
        let request = ReportRequest { store: store.to_owned() };
        let asked = self.setup.client.call_idempotent(&destination, REPORT, &request, ASK_PATIENCE);
        asked.await.map_err(|error: CallError| {
            KeeperError::Cannot(format!("the keeper of {store} cannot be asked: {error}"))
        })
    }
}

/// Whether a stopped instance of a fenced site may hold what the other site has not: every primary
/// but one that was stopped in order, to be moved there.
fn may_hold_more(control: &ControlData, record: &PoolRecord) -> bool {
    let moved = record.hand_over.as_deref() == Some(TO_OTHER_SITE) && control.state.is_clean();
    !control.state.is_standby() && !moved
}

/// Whether a stopped instance was a primary and did not end in order: it may hold what nobody has.
pub(super) fn fell_as_primary(control: &ControlData) -> bool {
    !control.state.is_standby() && !control.state.is_clean()
}

#[cfg(test)]
mod tests {
    use instance::{ControlData, Lsn, ServerState};

    use super::may_hold_more;
    use crate::record::PoolRecord;
    use crate::record::TO_OTHER_SITE;

    #[test]
    fn every_fenced_primary_is_kept_but_one_that_was_moved() {
        let control = |state| ControlData {
            system_identifier: 1,
            state,
            timeline: 1,
            checkpoint: Lsn::ZERO,
            redo: Lsn::ZERO,
            minimum_recovery_end: Lsn::ZERO,
            minimum_recovery_timeline: 1,
            checksums: true,
            segment_bytes: 1,
        };
        let mut record = PoolRecord::at_home("north-a", Vec::new());
        let [crashed, clean] = [ServerState::InProduction, ServerState::ShutDown].map(control);
        let standby = control(ServerState::InArchiveRecovery);
        let keeps = |record: &PoolRecord| {
            [&crashed, &clean, &standby].map(|control| may_hold_more(control, record))
        };
        assert_eq!(keeps(&record), [true, true, false]);
        record.hand_over = Some(TO_OTHER_SITE.to_owned());
        assert_eq!(keeps(&record), [true, false, false]);
    }
}
