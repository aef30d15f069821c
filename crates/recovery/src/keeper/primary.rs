//! Being the primary: made, started, promoted; its mirror, its gate, its lease.

use std::sync::Arc;
use std::time::Instant;

use instance::{
    Connection, Error as InstanceError, Found, Gate as PostgresGate, Observation, Role, Settings,
    StopMode, SyncState,
};
use tracing::{debug, info, warn};

use super::content::{no_wait, write_term};
use super::mirror::LET_IN;
use super::mirroring::{self, Seen, Standing, Step};
use super::{Duty, Keeper, KeeperError, START_PATIENCE, STOP_PATIENCE, settle};
use crate::probe::{self, Probe};
use crate::record::{Gate, Mirror, PoolRecord, Serving, TO_OTHER_SITE};
use crate::store::{Snapshot, StoreError, Versioned};

/// How long a promotion may take.
const PROMOTE_PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);
/// How long a fallen primary waits for its mirror to take over before it starts again itself.
const TAKEOVER_PATIENCE: std::time::Duration = std::time::Duration::from_secs(6);
/// How long a primary that runs may be silent: longer than any machine is merely busy.
const SILENCE_PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// Free bytes of a disk below which a primary has no room for another segment of WAL.
const ROOM_BYTES: u64 = instance::SEGMENT_BYTES;

impl Keeper {
    /// One step of a primary.
    pub(super) async fn be_primary(
        &mut self,
        read: &Versioned<PoolRecord>,
        snapshot: &Snapshot,
    ) -> Result<(), KeeperError> {
        self.receiver.stop().await;
        match self.setup.instance.found().await? {
            Found::Missing if !read.value.initialised => self.create(&read.value).await,
            Found::Missing => Err(self.data_is_gone()),
            Found::Foreign(why) => Err(self.foreign(why)),
            Found::Unusable(why) => Err(KeeperError::Cannot(why)),
            // One that fell meanwhile is started once more, to be stopped in order.
            Found::Stopped(control) if moves_away(&read.value) && control.state.is_clean() => {
                self.note("stopped to be moved to the other site");
                self.give_lease_up().await;
                Ok(())
            }
            Found::Stopped(_) => self.start_again(read, snapshot).await,
            Found::Running { .. } => self.serve(read).await,
        }
    }

    /// Makes the pool's databases, once in the life of a pool.
    async fn create(&mut self, record: &PoolRecord) -> Result<(), KeeperError> {
        info!(store = self.setup.store, "making the pool's databases");
        let instance = &self.setup.instance;
        instance.initdb(&self.fresh_settings()).await?;
        instance.start(START_PATIENCE).await?;
        self.lease.take().await?;
        instance.provision().await?;
        let client = instance.connect(self.setup.pool.database()).await?;
        self.prepare_content(client, record).await?;
        let pool = &self.setup.pool.fqdn;
        self.setup
            .own
            .change_pool(pool, |record| !std::mem::replace(&mut record.initialised, true))
            .await?;
        Ok(())
    }

    /// A primary that is down: started again only when nobody else can have taken over.
    async fn start_again(
        &mut self,
        read: &Versioned<PoolRecord>,
        snapshot: &Snapshot,
    ) -> Result<(), KeeperError> {
        if read.value.is_synchronized() && self.partner.is_some() {
            let since = *self.down_since.get_or_insert_with(Instant::now);
            if since.elapsed() < TAKEOVER_PATIENCE {
                self.note("PostgreSQL fell here; its mirror takes over");
                // It may have fallen while this keeper was busy, and nobody have noticed.
                self.give_lease_up().await;
                return Ok(());
            }
        }
        self.other_site_has_not_taken_over(read.value.term, snapshot).await?;
        if read.value.gate == Gate::Open && self.partner.is_some() {
            // Nobody connects until the mirror is in sync again or *Suspended* is recorded.
            let changed = PoolRecord { gate: Gate::Opening, ..read.value.clone() };
            return self.put(read, &changed).await;
        }
        self.lease.take().await?;
        if !self.still_stands(read).await? {
            return Ok(());
        }
        info!(store = self.setup.store, "starting the primary again");
        self.settle(|settings| {
            settings.gate = PostgresGate::Shut;
            settings.synchronous = self.name_to_wait_for(&read.value);
        })
        .await?;
        self.setup.instance.start(START_PATIENCE).await?;
        self.begins_to_serve();
        Ok(())
    }

    /// A running instance that the record calls primary.
    async fn serve(&mut self, read: &Versioned<PoolRecord>) -> Result<(), KeeperError> {
        self.down_since = None;
        let asked = Instant::now();
        let observed = match self.hear().await {
            Err(error @ InstanceError::TimedOut { .. }) => {
                self.silent_since.get_or_insert(asked);
                return self.be_silent(error).await;
            }
            observed => observed?,
        };
        self.silent_since = None;
        if observed.in_recovery {
            return self.promote(&read.value).await;
        }
        if !self.lease.is_wanted() {
            self.lease.take().await?;
        }
        if self.let_in_until.is_none_or(|until| until <= Instant::now()) {
            self.settle(|settings| settings.role = Role::Primary).await?;
        }
        if self.prepared != Some(read.value.term) {
            let client = self.setup.instance.connect(self.setup.pool.database()).await?;
            self.prepare_content(client, &read.value).await?;
        }
        self.note_full_disk();
        if self.hands_over(&read.value, &observed).await? {
            return Ok(());
        }
        self.tend_mirror(read, &observed).await?;
        self.tend_gate(&read.value).await
    }

    /// A primary that runs and does not answer keeps its mirror from taking over: it is ended, once
    /// it is silent to its own host by both ways for long enough.
    async fn be_silent(&mut self, error: InstanceError) -> Result<(), KeeperError> {
        let since = self.silent_since.unwrap_or_else(Instant::now);
        let spec = self.setup.instance.spec();
        let address = (spec.address, spec.port).into();
        if since.elapsed() < SILENCE_PATIENCE || probe::postgres(address).await == Probe::Answers {
            return Err(error.into());
        }
        warn!(store = self.setup.store, %error, "PostgreSQL runs and is silent: it is ended");
        self.setup.instance.kill().await?;
        self.silent_since = None;
        Ok(())
    }

    /// Whether the record is still what was read: asked before what only that allows.
    async fn still_stands(&self, read: &Versioned<PoolRecord>) -> Result<bool, KeeperError> {
        let now = self.setup.own.pool(&self.setup.pool.fqdn).await?;
        Ok(now.as_ref() == Some(read))
    }

    /// A primary whose disk is full answers, and nothing that is written comes to its end.
    fn note_full_disk(&self) {
        let data = &self.setup.instance.spec().data;
        if let Some(free) = instance::free_bytes(data).filter(|free| *free < ROOM_BYTES) {
            self.note(&format!(
                "the disk below {} is full ({free} bytes left): whoever writes waits; make room \
                 there, or switch over",
                data.display()
            ));
        }
    }

    /// What was known of the mirror is of another life of PostgreSQL.
    fn begins_to_serve(&mut self) {
        self.mirror_seen = Instant::now();
        self.waits_from = None;
    }

    /// Becomes primary. The record says so already, so nobody else can.
    ///
    /// People wait, so what can go on at once does. Where the record says that nobody is waited
    /// for, the settings of a primary that is alone are taken up before it is one, and its role is
    /// written when people are in; otherwise the partner is waited for from its first moment, and
    /// nobody is let in. Where the content needs nothing but the term, which every transaction asks
    /// for, the gate is opened together with that.
    pub(super) async fn promote(&mut self, record: &PoolRecord) -> Result<(), KeeperError> {
        let instance = self.setup.instance.clone();
        let name = self.name_to_wait_for(record);
        let database = self.setup.pool.database();
        let mut ahead = std::mem::take(&mut self.ahead);
        let (leased, client) = tokio::join!(self.lease.take(), ahead.take(&instance, database));
        leased?;
        let client = client?;
        let alone = record.gate == Gate::Opening && name.is_none();
        let (asked, hook) = (instance.clone(), Arc::clone(&self.setup.hook));
        let needs_nothing = async move {
            // A standby can only say that nothing is to be done: whatever else it says, or if it
            // cannot be asked, the hook is called when it is primary.
            if !alone {
                return false;
            }
            let Ok(second) = ahead.take(&asked, database).await else { return false };
            no_wait(&second).await.is_ok() && hook(second).await.is_ok()
        };
        let (settled, promoted, needs_nothing) = tokio::join!(
            settle(&instance, |settings| {
                if alone {
                    settings.synchronous = None;
                    settings.gate = PostgresGate::Open;
                }
            }),
            instance::promote(&client, PROMOTE_PATIENCE),
            needs_nothing,
        );
        promoted?;
        settled?;
        info!(store = self.setup.store, term = %record.term, "promoted");
        self.begins_to_serve();
        if needs_nothing {
            let (written, opened) =
                tokio::join!(write_term(&client, record), self.tend_gate(record));
            written?;
            self.prepared = Some(record.term);
            opened?;
        } else {
            let waits = async {
                if alone { Ok(()) } else { settle(&instance, |it| it.synchronous = name).await }
            };
            let (settled, prepared) = tokio::join!(waits, self.prepare_content(client, record));
            settled?;
            prepared?;
            self.tend_gate(record).await?;
        }
        debug!(store = self.setup.store, needs_nothing, "people are let in");
        // Its role is written after that, too: until then it would be promoted again.
        self.let_in_until = Some(Instant::now() + LET_IN);
        // Until a checkpoint, pg_rewind takes this primary for one of the old timeline. Whoever
        // rewinds earlier asks for one.
        self.checkpoints.spawn(async move {
            tokio::time::sleep(LET_IN).await;
            let checkpoint =
                async { instance::checkpoint(&*instance.connect("postgres").await?).await };
            if let Err(error) = checkpoint.await {
                warn!(%error, "the checkpoint after the promotion failed");
            }
        });
        Ok(())
    }

    /// Writes the term into the content database and does what a fresh primary needs.
    async fn prepare_content(
        &mut self,
        client: Connection,
        record: &PoolRecord,
    ) -> Result<(), KeeperError> {
        // Its commits do not wait: the mirror may be away, and this is what must be done before
        // anybody can say so. What is acknowledged later lies behind it in the WAL.
        write_term(&client, record).await?;
        (self.setup.hook)(client).await.map_err(|why| {
            KeeperError::Cannot(format!("the pool's database could not be prepared: {why}"))
        })?;
        self.prepared = Some(record.term);
        Ok(())
    }

    /// The partner's name, unless the record says that it is not waited for.
    fn name_to_wait_for(&self, record: &PoolRecord) -> Option<String> {
        match record.mirror {
            Mirror::Suspended { .. } | Mirror::NotDeclared { .. } => None,
            Mirror::Synchronized { .. } | Mirror::Awaited => self.partner.clone(),
        }
    }

    /// Takes the next step about the mirror.
    async fn tend_mirror(
        &mut self,
        read: &Versioned<PoolRecord>,
        observed: &Observation,
    ) -> Result<(), KeeperError> {
        let Some(partner) = self.partner.clone() else {
            return self.tend_no_mirror(read, observed).await;
        };
        let named = waits_for(observed, &partner);
        if !named {
            self.waits_from = None;
        } else if self.waits_from.is_none() {
            self.waits_from = observed.flushed;
        }
        let seen = self.sees(observed, &partner);
        if matches!(seen, Seen::Streaming { .. }) {
            self.mirror_seen = Instant::now();
        }
        let standing = Standing {
            recorded: &read.value.mirror,
            seen,
            named,
            position: observed.flushed.unwrap_or_default(),
            away_for: self.mirror_seen.elapsed(),
            allow_suspended: self.setup.pool.allow_suspended,
        };
        let step = mirroring::next(&standing);
        let mirror = match step {
            Step::Nothing => return Ok(()),
            // Only while *Suspended* stands: a primary that slept may have been replaced since.
            Step::ClearName if !self.still_stands(read).await? => return Ok(()),
            Step::ClearName => return Ok(self.setup.instance.set_synchronous(None).await?),
            Step::SetName => {
                return Ok(self.setup.instance.set_synchronous(Some(&partner)).await?);
            }
            Step::RecordSuspended => Mirror::Suspended {
                lsn: standing.position,
                since: crate::now_utc(),
                why: format!("{partner} has not streamed for {:.1?}", standing.away_for),
            },
            Step::RecordAwaited => Mirror::Awaited,
            Step::RecordSynchronized { lsn } => Mirror::Synchronized { lsn },
        };
        info!(store = self.setup.store, ?mirror, "recorded");
        let changed = PoolRecord { mirror, ..read.value.clone() };
        self.put(read, &changed).await
    }

    /// No mirror is declared: that is recorded first, and then commits wait for nobody.
    async fn tend_no_mirror(
        &self,
        read: &Versioned<PoolRecord>,
        observed: &Observation,
    ) -> Result<(), KeeperError> {
        if !matches!(read.value.mirror, Mirror::NotDeclared { .. }) {
            info!(store = self.setup.store, "recorded: no mirror is declared");
            let changed = PoolRecord { mirror: Mirror::not_declared(), ..read.value.clone() };
            return self.put(read, &changed).await;
        }
        if observed.synchronous_standby_names.is_empty() {
            return Ok(());
        }
        Ok(self.setup.instance.set_synchronous(None).await?)
    }

    /// Lets clients in, or keeps them out, as the record says.
    async fn tend_gate(&mut self, record: &PoolRecord) -> Result<(), KeeperError> {
        let instance = &self.setup.instance;
        // An instance that was made by an older program does not know all of them yet.
        let open = |settings: &mut Settings| {
            settings.gate = PostgresGate::Open;
            settings.clients = self.clients();
        };
        match record.gate {
            Gate::Shut => self.settle(|settings| settings.gate = PostgresGate::Shut).await,
            Gate::Open => self.settle(open).await,
            Gate::Opening => {
                let recorded = matches!(record.mirror, Mirror::Suspended { .. });
                let in_sync = match (&record.mirror, &self.partner) {
                    (Mirror::Synchronized { .. }, Some(partner)) => {
                        let observed = instance.observe().await?;
                        let seen = self.sees(&observed, partner);
                        matches!(seen, Seen::Streaming { synchronous: true, .. })
                    }
                    (
                        Mirror::Awaited | Mirror::Suspended { .. } | Mirror::NotDeclared { .. },
                        _,
                    )
                    | (_, None) => false,
                };
                if !(recorded || in_sync || self.partner.is_none()) {
                    return Ok(());
                }
                self.settle(open).await?;
                let pool = &self.setup.pool.fqdn;
                let term = record.term;
                self.setup
                    .own
                    .change_pool(pool, |record| {
                        let ours = record.term == term && record.gate == Gate::Opening;
                        if ours {
                            record.gate = Gate::Open;
                        }
                        ours
                    })
                    .await?;
                Ok(())
            }
        }
    }

    /// Hands over to the mirror when the record asks: nothing is lost, because the mirror has the
    /// shutdown checkpoint before the record names it primary.
    async fn hands_over(
        &mut self,
        record: &PoolRecord,
        observed: &Observation,
    ) -> Result<bool, KeeperError> {
        if moves_away(record) {
            info!(store = self.setup.store, "stopping, to be moved to the other site");
            self.settle(|settings| settings.gate = PostgresGate::Shut).await?;
            // A fast stop waits until every standby that streams has the shutdown checkpoint.
            self.setup.instance.stop(StopMode::Fast, STOP_PATIENCE).await?;
            self.give_lease_up().await;
            return Ok(true);
        }
        let Some(to) = record.hand_over.clone() else { return Ok(false) };
        if to == self.setup.store || !record.is_synchronized() {
            return Ok(false);
        }
        if !matches!(self.sees(observed, &to), Seen::Streaming { synchronous: true, .. }) {
            return Ok(false);
        }
        info!(store = self.setup.store, to, "handing over to the mirror");
        self.settle(|settings| settings.gate = PostgresGate::Shut).await?;
        let instance = &self.setup.instance;
        instance.stop(StopMode::Fast, STOP_PATIENCE).await?;
        let end = instance.control_data().await?.checkpoint;
        let received = self.ask_report(&to).await.ok().and_then(|report| report.received);
        let proven = received.is_some_and(|received| end < received);
        let pool = self.setup.pool.fqdn.clone();
        let lsn = end;
        self.setup
            .own
            .change_pool(&pool, |record| {
                if record.hand_over.take().is_none() {
                    return false;
                }
                if proven {
                    record.term = record.term.next_turn();
                    record.serving = Serving::Here { primary: to.clone() };
                    record.mirror = after_turn(self.setup.pool.allow_suspended, lsn, "handed over");
                    record.gate = Gate::Opening;
                }
                true
            })
            .await?;
        self.give_lease_up().await;
        Ok(true)
    }

    /// What PostgreSQL says of the standby `partner`. In sync is only who also has what was
    /// acknowledged before commits waited for it.
    fn sees(&self, observed: &Observation, partner: &str) -> Seen {
        let has_all = |flushed| self.waits_from.is_some_and(|from| from <= flushed);
        match observed.sender(partner) {
            None => Seen::Absent,
            Some(sender) if sender.state != "streaming" => Seen::CatchingUp,
            Some(sender) => {
                let flushed = sender.flushed.unwrap_or_default();
                let synchronous = sender.sync == SyncState::Sync && has_all(flushed);
                Seen::Streaming { flushed, synchronous }
            }
        }
    }

    async fn put(
        &self,
        read: &Versioned<PoolRecord>,
        changed: &PoolRecord,
    ) -> Result<(), KeeperError> {
        match self.setup.own.put_pool(&self.setup.pool.fqdn, read.revision, changed).await {
            // Somebody was quicker: the next look shows what stands now.
            Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The mirror has said yes to [`Duty::Primary`] by compare-and-set.
    pub(super) fn is_primary_in(&self, record: &PoolRecord) -> bool {
        matches!(self.duty(record), Duty::Primary { .. })
    }
}

/// Whether a procedure moves the primary to the other site.
fn moves_away(record: &PoolRecord) -> bool {
    record.hand_over.as_deref() == Some(TO_OTHER_SITE)
}

/// How the mirror is recorded by the compare-and-set that raises the turn: the old primary is away,
/// and whether posts may go on without it is the pool's own choice.
pub(crate) fn after_turn(allow_suspended: bool, lsn: instance::Lsn, why: &str) -> Mirror {
    if allow_suspended {
        Mirror::Suspended { lsn, since: crate::now_utc(), why: why.to_owned() }
    } else {
        Mirror::Awaited
    }
}

/// Whether every commit waits for the standby `partner`: what is so, not what was told.
fn waits_for(observed: &Observation, partner: &str) -> bool {
    observed.synchronous_standby_names.contains(&format!("\"{partner}\""))
}
