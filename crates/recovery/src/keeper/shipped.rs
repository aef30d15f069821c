//! Being fed by log shipping, at the backup site: the receiver, the share, the standby behind it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use instance::shipping::restore::restore_command;
use instance::shipping::{
    Feed, Figures, Position, Receiver, ReceiverSettings, Reign, Sample, Share, ShippingError,
    Standing,
};
use instance::{ControlData, Found, Lsn, Standby, Upstream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::judged::{Judged, begins_anew, judge};
use super::old_copy;
use super::report::ShippingReport;
use super::stand::{Remedy, Stalled, Stand};
use super::standby::fell_as_primary;
use super::{Keeper, KeeperError};
use crate::record::PoolRecord;

/// The name by which the receiver is known to those that feed it.
const RECEIVER_NAME: &str = "standfast_receiver";
/// Between the end of a page's last record and the next page's first lies this much at most.
pub(super) const PAGE_HEADER_BYTES: u64 = 64;
/// An instance that ends so soon after its start does so again and again.
const ENDS_BY_ITSELF: Duration = Duration::from_mins(1);
/// How often closed files that nobody needs are removed.
const RETIRE_EVERY: Duration = Duration::from_mins(1);

/// The receiver, while there is one.
#[derive(Debug, Default)]
pub(super) struct Receiving {
    running: Option<Running>,
    /// When the instance was last started to replay what comes.
    started: Option<Instant>,
    /// Where the replay stands still, if it does.
    pub(super) stand: Option<Stand>,
    /// Where what is received does, if so.
    pub(super) stalled: Option<Stalled>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

#[derive(Debug)]
struct Running {
    receiver: Receiver,
    reign: u64,
    fed_from: Option<String>,
    /// How that one is called where the receiver speaks of it.
    source: Option<String>,
    /// The mirror never had what comes next: the primary feeds us until we have caught up.
    past_the_mirror: bool,
    retired: tokio::time::Instant,
}

impl Running {
    /// Whether WAL comes: some has come from whoever feeds us now, or there is none to come. A
    /// connection alone proves nothing.
    fn receives(&self) -> bool {
        let standing = self.receiver.standing();
        let Standing::Receiving { since, .. } = &*standing.borrow() else { return false };
        *self.receiver.flushed().borrow() != *since || self.is_behind_by(PAGE_HEADER_BYTES)
    }

    /// Whether the mirror has all that comes next: it is in sync, and we have nearly as much.
    fn has_caught_up(&self) -> bool {
        self.receives() && self.is_behind_by(instance::SEGMENT_BYTES)
    }

    fn is_behind_by(&self, bytes: u64) -> bool {
        self.receiver.figures().is_some_and(|it| it.bytes <= bytes)
    }
}

impl Receiving {
    /// Up to where WAL was received.
    pub(super) fn flushed(&self) -> Option<Position> {
        *self.running.as_ref()?.receiver.flushed().borrow()
    }

    /// Up to where WAL was received and could be read, if a source is connected that has more.
    pub(super) fn waits_at(&self) -> Option<Lsn> {
        let running = self.running.as_ref()?;
        let is_connected =
            matches!(&*running.receiver.standing().borrow(), Standing::Receiving { .. });
        let has_all = running.is_behind_by(PAGE_HEADER_BYTES);
        self.flushed().filter(|_| is_connected && !has_all).map(|it| it.lsn)
    }

    /// Why what is shipped can never continue the copy that is here, if that is so: the source has
    /// let go of WAL that was not shipped, the share is on a dead branch, or what comes is damaged
    /// each time.
    fn needs_new_copy(&self) -> Option<Arc<ShippingError>> {
        let standing = self.running.as_ref()?.receiver.standing().borrow().clone();
        match standing {
            Standing::Waiting { why, .. } | Standing::Stopped { why: Some(why) } => matches!(
                *why,
                ShippingError::Removed { .. }
                    | ShippingError::Diverged { .. }
                    | ShippingError::Damaged { .. }
            )
            .then_some(why),
            Standing::Idle
            | Standing::Connecting { .. }
            | Standing::Receiving { .. }
            | Standing::Full { .. }
            | Standing::Stopped { why: None } => None,
        }
    }

    /// Has the primary feed us where its mirror lacks what comes next: it was copied after that was
    /// written. Tells whether that may help.
    fn pass_the_mirror(&mut self, primary: &str, why: &ShippingError) -> bool {
        let Some(running) = &mut self.running else { return false };
        let by_mirror = running.fed_from.as_deref().is_some_and(|it| it != primary);
        let of_another = match &*running.receiver.standing().borrow() {
            Standing::Waiting { source, .. } => running.source.as_ref() != Some(source),
            _ => false,
        };
        if of_another {
            // Said of the one before; the one that feeds us now has not answered yet.
            return true;
        }
        let helps = by_mirror && matches!(why, ShippingError::Removed { .. });
        running.past_the_mirror |= helps;
        helps
    }

    /// Ends the receiver; what it received stays, durable.
    pub(super) async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            let end = running.receiver.stop().await;
            info!(?end, "the receiver of shipped WAL is stopped");
        }
    }
}

impl Keeper {
    /// One step of an instance that is fed from the share.
    pub(super) async fn be_shipped(&mut self, receiving: bool) -> Result<(), KeeperError> {
        self.give_lease_up().await;
        let source = if receiving {
            self.hear_source().await
        } else {
            // What is not to be received need not be heard of: the source may be long silent.
            self.receiver.stop().await;
            Err(KeeperError::Cannot("nothing is to be shipped".to_owned()))
        };
        let command = restore_command(&self.setup.program, &self.setup.share);
        let standby = Standby { upstream: None, restore_command: Some(command) };
        let found = self.setup.instance.found().await?;
        if let Found::Stopped(control) = &found
            && fell_as_primary(control)
        {
            // It may hold what nobody else has: the new copy is put beside it.
            self.mark_old_copy()?;
        }
        if receiving && self.needs_copy(&found) {
            return self.begin_shipping(&source?, standby).await;
        }
        match found {
            Found::Foreign(why) => return Err(self.foreign(why)),
            Found::Missing | Found::Unusable(_) => {
                self.note("there is no copy here to replay anything into");
                return Ok(());
            }
            Found::Stopped(control) => {
                if !self.goes_on(&control, source.as_ref().ok(), standby.clone()).await? {
                    return Ok(());
                }
            }
            Found::Running { .. } => {
                let observed = self.setup.instance.observe().await?;
                if observed.in_recovery {
                    // It may have streamed from a primary beside it until now.
                    self.settle(|settings| self.be_told(settings, standby.clone())).await?;
                    let remedy = self.look_at_stand(&observed).await?;
                    match (remedy, source.as_ref().ok()) {
                        (Some(Remedy::ReceiveAgain), Some(_)) => self.receiver.stop().await,
                        (Some(Remedy::CopyAnew), Some(source)) => {
                            return self.begin_shipping(source, standby).await;
                        }
                        (None, _) | (_, None) => {}
                    }
                } else if receiving {
                    self.mark_old_copy()?;
                    self.fence_if_primary().await?;
                    return Ok(());
                }
            }
        }
        if !receiving {
            return Ok(());
        }
        if let Some(why) = self.receiver.needs_new_copy()
            && let Ok(source) = &source
            && !self.receiver.pass_the_mirror(source.primary().unwrap_or_default(), &why)
        {
            warn!(store = self.setup.store, %why, "log shipping begins anew with a new copy");
            return self.begin_shipping(source, standby).await;
        }
        self.receive(source).await
    }

    /// Starts an instance that is there to replay what comes; from a new copy where it cannot, and
    /// `source` is heard. Tells whether it has gone on with what it had.
    async fn goes_on(
        &mut self,
        control: &ControlData,
        source: Option<&PoolRecord>,
        standby: Standby,
    ) -> Result<bool, KeeperError> {
        if let Some(lost) = self.stopped_by_the_share(control).await? {
            warn!(store = self.setup.store, lost, "what is shipped cannot be replayed");
            self.note(&lost);
            if let Some(source) = source {
                self.begin_shipping(source, standby).await?;
                return Ok(false);
            }
        }
        self.receiver.started = Some(Instant::now());
        let started = self.start_as(standby.clone()).await;
        if let (Err(error), Some(source)) = (&started, source)
            && !control.state.is_standby()
        {
            warn!(store = self.setup.store, %error, "does not go on as a standby");
            self.begin_shipping(source, standby).await?;
            return Ok(false);
        }
        started.map(|()| true)
    }

    /// What is missing from the share or damaged in it, if an instance that was just started to
    /// replay it has ended by itself. Looking costs reading all that it has not replayed.
    async fn stopped_by_the_share(
        &self,
        control: &ControlData,
    ) -> Result<Option<String>, KeeperError> {
        let just_started = self.receiver.started.is_some_and(|it| it.elapsed() < ENDS_BY_ITSELF);
        if !just_started || !control.state.is_standby() {
            return Ok(None);
        }
        let (judged, replayed) = (self.judged(), begins_anew(control));
        let look = move || judge(&judged, replayed);
        let looked = tokio::task::spawn_blocking(look).await;
        let looked = looked.map_err(|error| KeeperError::Cannot(error.to_string()))?;
        Ok(looked?.lost)
    }

    pub(super) fn judged(&self) -> Judged {
        Judged { share: self.setup.share.clone(), directory: self.setup.directory.clone() }
    }

    /// Whether there is nothing here that could replay what is shipped. A primary that was stopped
    /// in order, to be moved, can: the other site went on where it ended. An old copy cannot: it is
    /// on a branch of its own, even if it was opened as a standby when it was salvaged.
    fn needs_copy(&self, found: &Found) -> bool {
        match found {
            Found::Missing | Found::Unusable(_) => true,
            Found::Stopped(control) => {
                let old = old_copy::is_marked(&self.setup.directory);
                old || !(control.state.is_standby() || control.state.is_clean())
            }
            Found::Foreign(_) | Found::Running { .. } => false,
        }
    }

    /// The other site's record, if it has the primary.
    async fn hear_source(&self) -> Result<PoolRecord, KeeperError> {
        let cannot = |why: &str| KeeperError::Cannot(format!("nothing can be shipped: {why}"));
        let other = self.setup.other.as_ref().ok_or_else(|| cannot("there is no other site"))?;
        let read = other.pool(&self.setup.pool.fqdn).await?;
        let record = read.ok_or_else(|| cannot("the pool has not begun at its home site"))?.value;
        if record.primary().is_none() || !record.initialised {
            return Err(cannot("the other site does not have the primary yet"));
        }
        Ok(record)
    }

    /// A fresh copy of the source, and a receiver that begins where the copy does.
    async fn begin_shipping(
        &mut self,
        source: &PoolRecord,
        standby: Standby,
    ) -> Result<(), KeeperError> {
        self.receiver.stop().await;
        let primary = source.primary().expect("the source was chosen because it has the primary");
        let reign = Reign(source.term.reign);
        let share = Share::create(&self.setup.share)?;
        let control = self.copy_from(primary, standby).await?;
        if share.highest_reign()? == reign {
            // What was received for an older copy does not continue this one. Until there was this
            // one, it was all that is here of the other site.
            share.set_aside(reign)?;
        }
        self.received.forget().map_err(|error| self.file_error(error))?;
        let begin = Position { timeline: control.timeline, lsn: control.redo };
        self.start_receiver(source, Some(begin))?;
        self.setup.instance.start(super::START_PATIENCE).await?;
        Ok(())
    }

    fn start_receiver(
        &mut self,
        source: &PoolRecord,
        begin: Option<Position>,
    ) -> Result<(), KeeperError> {
        let settings = ReceiverSettings {
            share: self.setup.share.clone(),
            reign: Reign(source.term.reign),
            binaries: self.setup.instance.spec().binaries.clone(),
            begin,
            histories: Some(self.setup.instance.spec().data.join("pg_wal")),
        };
        let receiver = Receiver::start(settings, &self.receiver.tasks, &self.receiver.shutdown)?;
        self.receiver.running = Some(Running {
            receiver,
            reign: source.term.reign,
            fed_from: None,
            source: None,
            past_the_mirror: false,
            retired: tokio::time::Instant::now(),
        });
        Ok(())
    }

    /// Keeps the receiver on the right source: the mirror while it is in sync, so that nothing is
    /// shipped that a switchover could undo; the primary alone otherwise.
    async fn receive(
        &mut self,
        source: Result<PoolRecord, KeeperError>,
    ) -> Result<(), KeeperError> {
        let Ok(source) = source else {
            self.note("the other site is not heard; what is shipped goes on being replayed");
            return Ok(());
        };
        let primary = source.primary().expect("only a record with the primary is a source");
        let is_over = |it: &Running| it.reign != source.term.reign || !it.receiver.has_its_folder();
        if self.receiver.running.as_ref().is_some_and(is_over) {
            self.receiver.stop().await;
        }
        if self.receiver.running.is_none() {
            let control = self.setup.instance.control_data().await?;
            let begin = lacks_from(&control);
            let (timeline, lsn) = (begin.timeline, begin.lsn);
            info!(store = self.setup.store, timeline, %lsn, "goes on with what is shipped");
            self.start_receiver(&source, Some(begin))?;
        }
        let mirror = self.setup.topology.partner_of(primary).map(|store| store.name.as_str());
        let running = self.receiver.running.as_mut().expect("it was started above");
        running.past_the_mirror &= !running.has_caught_up();
        let by_mirror = source.is_synchronized() && !running.past_the_mirror;
        let fed_from = mirror.filter(|_| by_mirror).unwrap_or(primary);
        let upstream = Upstream {
            source: self.source(fed_from)?,
            slot: None,
            application_name: RECEIVER_NAME.to_owned(),
        };
        let feed = Feed::of(&upstream, &self.setup.instance.spec().tls);
        let sample =
            self.ask_report(primary).await.ok().and_then(|report| {
                Some(Sample { lsn: report.position?, at: report.at.parse().ok()? })
            });
        let redo = self.setup.instance.control_data().await?.redo;
        let running = self.receiver.running.as_mut().expect("it was started above");
        running.fed_from = Some(fed_from.to_owned());
        running.source = Some(feed.name.clone());
        running.receiver.feed_from(Some(feed));
        if let Some(sample) = sample {
            running.receiver.note_source(sample);
        }
        if RETIRE_EVERY <= running.retired.elapsed() {
            running.retired = tokio::time::Instant::now();
            let needs = instance::shipping::Needs { oldest_base_backup: None, restored: redo };
            running.receiver.retire(needs).await?;
        }
        Ok(())
    }

    /// How log shipping stands; while no receiver runs, as it was recorded last. What is said to
    /// have been received is remembered first.
    pub(super) fn shipping_report(&mut self) -> Result<Option<ShippingReport>, KeeperError> {
        if let Some(running) = &self.receiver.running {
            let standing = running.receiver.standing().borrow().clone();
            let figures = running.receiver.figures();
            let flushed = *running.receiver.flushed().borrow();
            if let Some(flushed) = flushed {
                let noted = self.received.note(flushed);
                noted.map_err(|error| self.file_error(error))?;
            }
            let flushed = flushed.map(|position| position.lsn);
            let mut report = figures.as_ref().map(of_figures).unwrap_or_default();
            report.held = true;
            report.receiving = running.receives();
            report.fed_from.clone_from(&running.fed_from);
            report.flushed = flushed.or(report.flushed);
            report.note = said_by(&standing, report.receiving);
            return Ok(Some(report));
        }
        if !self.setup.share.exists() {
            return Ok(None);
        }
        let share = Share::open(&self.setup.share)?;
        let Some(folder) = share.folders()?.into_iter().next() else { return Ok(None) };
        Ok(Figures::read(&folder)?.as_ref().map(of_figures))
    }
}

fn of_figures(figures: &Figures) -> ShippingReport {
    let milliseconds = Duration::try_from_secs_f64(figures.seconds).unwrap_or_default().as_millis();
    ShippingReport {
        flushed: Some(figures.flushed),
        source: Some(figures.source),
        heard_at: Some(figures.heard_at.to_string()),
        behind_bytes: Some(figures.bytes),
        behind_ms: u64::try_from(milliseconds).ok(),
        bytes_per_second: whole(figures.bytes_per_second),
        ..ShippingReport::default()
    }
}

/// From where on a stopped or running standby may lack WAL: what it must replay to be consistent it
/// has itself. A source that was copied later need not have that.
fn lacks_from(control: &ControlData) -> Position {
    if control.state.is_standby() && control.redo < control.minimum_recovery_end {
        let timeline = control.minimum_recovery_timeline;
        Position { timeline, lsn: control.minimum_recovery_end }
    } else {
        Position { timeline: control.timeline, lsn: control.redo }
    }
}

/// A rate as a whole number; none if it is none.
fn whole(rate: f64) -> Option<u64> {
    let whole = Duration::try_from_secs_f64(rate).ok()?;
    Some(whole.as_secs())
}

fn said_by(standing: &Standing, receives: bool) -> String {
    match standing {
        Standing::Receiving { source, .. } if !receives => {
            format!("connected to {source}, and nothing has come yet")
        }
        Standing::Idle => "it has nobody to receive from".to_owned(),
        Standing::Connecting { source } => format!("connecting to {source}"),
        Standing::Receiving { .. } | Standing::Stopped { why: None } => String::new(),
        Standing::Waiting { why, .. }
        | Standing::Full { why }
        | Standing::Stopped { why: Some(why) } => why.to_string(),
    }
}
