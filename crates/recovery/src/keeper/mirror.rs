//! Being the mirror: following the primary, and taking over when it is gone.

use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::primary::after_turn;
use super::promotion::{Evidence, NotNow, may_promote};
use super::{Keeper, KeeperError};
use crate::probe::{self, Probe};
use crate::record::{Gate, Mirror, PoolRecord, Serving};
use crate::store::{LeaseState, Records, Snapshot, StoreError, Versioned};
use crate::witness::{PROBE, ProbeRequest};

/// For so long a new primary has disks and processors to itself: all its people come at once, and
/// a copy or a checkpoint can wait.
pub(super) const LET_IN: Duration = Duration::from_millis(500);

impl Keeper {
    /// One step of a mirror of `primary`.
    pub(super) async fn be_mirror(
        &mut self,
        read: &Versioned<PoolRecord>,
        snapshot: &Snapshot,
        primary: &str,
    ) -> Result<(), KeeperError> {
        self.receiver.stop().await;
        self.give_lease_up().await;
        let lease = snapshot.lease(&Records::primary_lease(&self.setup.pool.fqdn));
        // While the lease is held the witness is asked all the same, once the stream has ended: it
        // revokes the lease of processes that are gone.
        let suspects = !matches!(lease, LeaseState::Held { .. }) || self.unstreamed_since.is_some();
        if read.value.is_synchronized() && suspects && self.take_over(read, lease, primary).await? {
            return Ok(());
        }
        if !self.runs && self.is_becoming_primary(&read.value, primary).await {
            self.note(&format!("{primary} is becoming primary; then it is followed"));
            self.let_in_until = Some(Instant::now() + LET_IN);
            return Ok(());
        }
        if !self.runs && self.let_in_until.is_some_and(|until| Instant::now() < until) {
            self.note(&format!("{primary} lets people in; then it is followed"));
            return Ok(());
        }
        if self.returns(primary).await? {
            return Ok(());
        }
        self.be_standby_of(primary).await?;
        self.ahead.prepare(&self.setup.instance, self.setup.pool.database()).await;
        Ok(())
    }

    /// A copy that is begun of an instance in promotion is in vain, and people wait for its gate. A
    /// gate that itself waits for this mirror is not waited for, nor a keeper that cannot be asked.
    async fn is_becoming_primary(&self, record: &PoolRecord, primary: &str) -> bool {
        if record.gate != Gate::Opening {
            return false;
        }
        let alone = matches!(record.mirror, Mirror::Suspended { .. });
        self.ask_report(primary).await.is_ok_and(|report| alone || !report.writable)
    }

    /// Raises the turn and names itself, if every rule allows it. The promotion is then a duty.
    async fn take_over(
        &mut self,
        read: &Versioned<PoolRecord>,
        lease: LeaseState,
        primary: &str,
    ) -> Result<bool, KeeperError> {
        let (own_probe, witness_probe) = self.probe(primary).await?;
        let evidence = Evidence {
            record: &read.value,
            revision: read.revision,
            remembered_revision: self.remembered.revision(),
            lease,
            has_met_primary: self.has_met_primary,
            own_probe,
            witness_probe,
        };
        // What is known of the store may be old: whoever hears nothing of its host asks it.
        if witness_probe.is_none() && self.setup.own.store().read().await.is_err() {
            self.hears_nobody();
            return Ok(false);
        }
        if let Err(not_now) = may_promote(&evidence) {
            if not_now != NotNow::PrimaryAnswers {
                self.note(&format!("not promoted: {not_now}"));
            }
            return Ok(false);
        }
        let observed = self.setup.instance.observe().await?;
        if !observed.in_recovery {
            return Ok(false);
        }
        let why = format!("{primary} was lost");
        let mut record = read.value.clone();
        record.term = record.term.next_turn();
        record.serving = Serving::Here { primary: self.setup.store.clone() };
        record.mirror = after_turn(
            self.setup.pool.allow_suspended,
            observed.received.max(observed.replayed).unwrap_or_default(),
            &why,
        );
        record.gate = if record.gate == Gate::Shut { Gate::Shut } else { Gate::Opening };
        record.hand_over = None;
        let pool = &self.setup.pool.fqdn;
        let revision = match self.setup.own.put_pool(pool, read.revision, &record).await {
            Ok(revision) => revision,
            Err(StoreError::Conflict { .. }) => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        info!(store = self.setup.store, term = %record.term, why, "taking over");
        let read = Versioned { revision, value: record };
        self.keep(&read)?;
        debug_assert!(self.is_primary_in(&read.value));
        self.unstreamed_since = None;
        self.promote(&read.value).await?;
        Ok(true)
    }

    /// What this host and the witness host see of the primary's PostgreSQL, asked at once.
    async fn probe(&self, primary: &str) -> Result<(Probe, Option<Probe>), KeeperError> {
        let topology = &self.setup.topology;
        let unknown = || KeeperError::Cannot(format!("{primary} is not in the topology"));
        let postgres = topology.address_of_store(primary).ok_or_else(unknown)?;
        let control = self.destination(primary)?.address;
        let site = topology.site_of_store(&self.setup.store).ok_or_else(unknown)?;
        let witness = topology.witness_of(&site.name).ok_or_else(unknown)?;
        let witness =
            control::Destination { host: witness.name.clone(), address: witness.control() };
        let request = ProbeRequest { pool: self.setup.pool.fqdn.clone(), postgres, control };
        let patience = probe::PROBE_PATIENCE * 3;
        let (own, asked) = tokio::join!(
            probe::postgres(postgres),
            self.setup.client.call_idempotent::<_, Probe>(&witness, PROBE, &request, patience),
        );
        Ok((own, asked.ok()))
    }

    /// This mirror has lost its primary and its store. Whoever is met first, it is not promoted
    /// before it has met the primary: that one may have gone on with what the store does not know.
    pub(super) fn hears_nobody(&mut self) {
        if std::mem::take(&mut self.has_met_primary) {
            let store = &self.setup.store;
            warn!(store, "nobody is heard: not promoted before the primary has been met again");
        }
    }

    /// Whether this standby streams now.
    pub(super) async fn streams(&self) -> bool {
        let observed = self.setup.instance.observe().await;
        observed.is_ok_and(|observed| observed.receiver.is_some())
    }

    /// For how long this standby has not streamed. A receiver that is there at one look and gone at
    /// the next asks for what its upstream does not have: it does not stream.
    pub(super) fn unstreamed_for(&mut self, streaming: bool) -> Duration {
        let before = std::mem::replace(&mut self.streamed, streaming);
        if streaming && (before || self.unstreamed_since.is_none()) {
            self.unstreamed_since = None;
            return Duration::ZERO;
        }
        self.unstreamed_since.get_or_insert_with(Instant::now).elapsed()
    }
}
