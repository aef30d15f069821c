//! The keeper: our hand beside one instance, which makes it what the pool's record says.
//!
//! A keeper looks (at its site's store and at its own PostgreSQL), reads its [`duty`] off the
//! record, takes one step towards it, and looks again. It decides nothing that the record does not
//! say, except to stop itself and to be promoted, and both only by the rules in [`promotion`] and
//! [`mirroring`].
//!
//! What it does not know: procedures, other pools, chat.

mod ahead;
mod anew;
mod content;
pub mod duty;
mod guard;
mod judged;
mod lease;
mod mirror;
pub mod mirroring;
pub mod old_copy;
mod primary;
pub mod promotion;
mod quarantine;
mod received;
mod remembered;
pub mod report;
mod returning;
mod routes;
mod shipped;
mod silence;
mod stand;
mod standby;

use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use control::{Client, Destination};
use instance::{Error as InstanceError, Instance, Lsn, Settings, Source};
use thiserror::Error;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use topology::{Place, Pool, Topology};
use tracing::{debug, info, warn};

use crate::record::PoolRecord;
use crate::store::{LeaseState, OfPool, Records, Snapshot, Snapshots, StoreError, Versioned};
use ahead::Ahead;
use duty::Duty;
pub use judged::Drained;
pub use lease::LEASE;
use lease::LeaseHolder;
pub(crate) use primary::after_turn;
use received::Received;
use remembered::Remembered;
use report::Report;
pub use routes::install as install_routes;
pub use routes::{
    COPY, CopySeen, DRAINED, GIVE_UP, GiveUp, NO_COPY, REPORT, ReportRequest, SETTLE,
};

/// How often a keeper looks when nothing calls it.
const TICK: Duration = Duration::from_millis(150);
/// The pause after a turn that failed.
const FAILED_PAUSE: Duration = Duration::from_millis(700);
/// How long a fast stop may take before it becomes an immediate one.
const STOP_PATIENCE: Duration = Duration::from_secs(20);
/// How long a start may take, crash recovery included.
const START_PATIENCE: Duration = Duration::from_mins(5);

/// What must be done to the content of a fresh primary before anybody is let in.
///
/// Called after each promotion and after the first start; must be idempotent. Gets a connection of
/// the superuser to the pool's database.
pub type PrimaryHook = Arc<
    dyn Fn(instance::Connection) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>>
        + Send
        + Sync,
>;

/// All that one keeper is given.
pub struct Setup {
    /// The pool's declaration.
    pub pool: Pool,
    /// The deployment's.
    pub topology: Arc<Topology>,
    /// The name of the instance's store in the topology.
    pub store: String,
    /// The instance to care for.
    pub instance: Instance,
    /// This site's management store.
    pub own: Records,
    /// What it said last.
    pub snapshots: Snapshots,
    /// The other site's, for a stretched pool. One that lives in one site waits for nobody else.
    pub other: Option<Records>,
    /// For questions to the witness and to other keepers.
    pub client: Client,
    /// What a fresh primary needs.
    pub hook: PrimaryHook,
    /// Where this keeper keeps its own files.
    pub directory: PathBuf,
    /// Where shipped WAL lies, on the host of the backup instance.
    pub share: PathBuf,
    /// This program, for PostgreSQL's `restore_command`.
    pub program: PathBuf,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("store", &self.store).finish_non_exhaustive()
    }
}

/// Why a turn failed. The keeper says it in its report and tries again.
#[derive(Debug, Error)]
pub enum KeeperError {
    /// The management store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// PostgreSQL.
    #[error(transparent)]
    Instance(#[from] InstanceError),
    /// SQL on our own instance.
    #[error("PostgreSQL refused {what}: {source}")]
    Sql {
        /// What was asked.
        what: &'static str,
        /// What it said.
        source: tokio_postgres::Error,
    },
    /// The share or its receiver.
    #[error(transparent)]
    Shipping(#[from] instance::shipping::ShippingError),
    /// The keeper's own files.
    #[error("the keeper's file in {directory} could not be written: {source}")]
    File {
        /// Where.
        directory: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What the record asks for cannot be done, and why.
    #[error("{0}")]
    Cannot(String),
}

/// A running keeper, as the rest of the host sees it.
#[derive(Clone, Debug)]
pub struct Handle {
    /// The store's name.
    pub store: String,
    report: watch::Receiver<Report>,
    instance: Instance,
    share: PathBuf,
    /// The pool's.
    database: &'static str,
    salvaging: watch::Sender<bool>,
    held: watch::Receiver<bool>,
    directory: PathBuf,
}

/// Starts the keeper of `setup`. It runs until `shutdown`, and then stops its instance.
pub fn start(
    setup: Setup,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> Result<Handle, KeeperError> {
    let keeper = Keeper::new(setup)?;
    let handle = Handle {
        store: keeper.setup.store.clone(),
        report: keeper.report.subscribe(),
        instance: keeper.setup.instance.clone(),
        share: keeper.setup.share.clone(),
        database: keeper.setup.pool.database(),
        salvaging: keeper.salvaging.clone(),
        held: keeper.held.subscribe(),
        directory: keeper.setup.directory.clone(),
    };
    tasks.spawn(Arc::clone(&keeper.lease).renew(shutdown.clone()));
    let partner = keeper.partner.clone();
    let address = partner.as_deref().and_then(|it| keeper.setup.topology.address_of_store(it));
    if let (Some(store), Some(address)) = (partner, address) {
        let partner = guard::Partner { store, address };
        let (instance, lease) = (keeper.setup.instance.clone(), Arc::clone(&keeper.lease));
        tasks.spawn(guard::watch(instance, lease, partner, shutdown.clone()));
    }
    tasks.spawn(keeper.run(shutdown.clone()));
    Ok(handle)
}

/// The keeper's memory between turns.
struct Keeper {
    setup: Setup,
    place: Place,
    partner: Option<String>,
    lease: Arc<LeaseHolder>,
    remembered: Remembered,
    report: watch::Sender<Report>,
    /// An old copy is being read: the instance is not to be touched.
    salvaging: watch::Sender<bool>,
    /// The record says that nobody may use the instance.
    held: watch::Sender<bool>,
    /// When the mirror was last seen streaming, by a primary's keeper.
    mirror_seen: Instant,
    /// Since when a standby has not streamed.
    unstreamed_since: Option<Instant>,
    /// Whether a standby streamed at the last look.
    streamed: bool,
    /// Whether a mirror has streamed from its primary since it last had nobody at all.
    has_met_primary: bool,
    /// How far the primary was when its commits began to wait for the mirror: what was acknowledged
    /// alone lies before it.
    waits_from: Option<Lsn>,
    /// Since when a primary that runs has not answered.
    silent_since: Option<Instant>,
    /// Since when the instance has refused every connection.
    refused_since: Option<Instant>,
    /// Since when the instance of a primary has been down, with the mirror in sync.
    down_since: Option<Instant>,
    /// Until when a new primary is left alone, by its keeper and by that of its future mirror.
    let_in_until: Option<Instant>,
    /// The receiver of shipped WAL, on the host of the backup instance.
    receiver: shipped::Receiving,
    /// What it received, as far as is remembered beside the instance.
    received: Received,
    /// What a mirror has ready for its promotion.
    ahead: Ahead,
    /// Owns checkpoints after promotions.
    checkpoints: TaskTracker,
    /// Whether PostgreSQL ran at the last look.
    runs: bool,
    /// Whether the hook has been run in this term.
    prepared: Option<crate::term::Term>,
}

impl Keeper {
    fn new(setup: Setup) -> Result<Self, KeeperError> {
        let unplaced = || KeeperError::Cannot(format!("{} has no place in a pool", setup.store));
        let place = setup.pool.stores.place_of(&setup.store).ok_or_else(unplaced)?;
        let partner = setup.topology.partner_of(&setup.store).map(|store| store.name.clone());
        let life = format!("{}/{}", setup.store, std::process::id());
        let lease_name = Records::primary_lease(&setup.pool.fqdn);
        let lease = LeaseHolder::new(lease_name, life, Arc::clone(setup.own.store()));
        let remembered = Remembered::open(&setup.directory)
            .map_err(|source| KeeperError::File { directory: setup.directory.clone(), source })?;
        let (report, _) = watch::channel(Report::new(&setup.store, place));
        let (salvaging, _) = watch::channel(false);
        let (held, _) = watch::channel(false);
        Ok(Self {
            place,
            partner,
            lease: Arc::new(lease),
            remembered,
            report,
            salvaging,
            held,
            mirror_seen: Instant::now(),
            unstreamed_since: None,
            streamed: false,
            // A standby that outlived our crash never lost anybody.
            has_met_primary: matches!(setup.instance.pid(), Ok(Some(_))),
            waits_from: None,
            silent_since: None,
            refused_since: None,
            down_since: None,
            let_in_until: None,
            receiver: shipped::Receiving::default(),
            received: Received::open(&setup.directory),
            ahead: Ahead::default(),
            checkpoints: TaskTracker::new(),
            runs: false,
            prepared: None,
            setup,
        })
    }

    /// Whether this is the home or the backup instance, and not a mirror.
    fn leads(&self) -> bool {
        matches!(self.place, Place::Home | Place::Backup)
    }

    async fn run(mut self, shutdown: CancellationToken) {
        let (mut snapshots, pool) = (self.setup.snapshots.clone(), self.setup.pool.fqdn.clone());
        let mut failing = String::new();
        loop {
            let snapshot = snapshots.borrow().clone();
            let saw = OfPool::new(snapshot.as_deref(), &pool);
            let pause = match self.turn(snapshot.as_deref()).await {
                Ok(()) => {
                    failing.clear();
                    TICK
                }
                Err(error) => {
                    self.note(&error.to_string());
                    let said = error.to_string();
                    if said != failing {
                        warn!(store = self.setup.store, "{said}");
                        failing = said;
                    }
                    FAILED_PAUSE
                }
            };
            let ran = self.runs;
            self.look().await;
            if ran && !self.runs {
                // It fell while we were busy: nobody watched it.
                self.fell().await;
            }
            let is_news = |now: &Option<Arc<Snapshot>>| OfPool::new(now.as_deref(), &pool) != saw;
            let news = async { snapshots.wait_for(is_news).await.is_ok() };
            tokio::select! {
                () = shutdown.cancelled() => break,
                followed = news => if !followed { break },
                () = gone(&self.setup.instance, self.runs) => self.fell().await,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.close().await;
    }

    /// One look and one step.
    async fn turn(&mut self, snapshot: Option<&Snapshot>) -> Result<(), KeeperError> {
        if *self.salvaging.borrow() {
            return Ok(());
        }
        let Some(snapshot) = snapshot else { return self.carry_on().await };
        let Some(read) = Records::pool_in(snapshot, &self.setup.pool.fqdn)? else {
            return self.begin().await;
        };
        if !self.keep(&read)? {
            if !self.primary_obeys(&read.value).await {
                return self.write_record_anew(&read).await;
            }
            self.obey(&read)?;
        }
        if read.value.attested_lost.contains(&self.setup.store) {
            self.keep_what_turned_up().await?;
        }
        let duty = self.duty(&read.value);
        self.told(&duty);
        self.held.send_replace(matches!(duty, Duty::Held { .. }));
        if matches!(duty, Duty::Primary { .. } | Duty::Mirror { .. } | Duty::Follow { .. }) {
            // What it receives from elsewhere does not go on from what was shipped once.
            self.received.forget().map_err(|source| self.file_error(source))?;
        }
        match duty {
            Duty::Primary { .. } => self.be_primary(&read, snapshot).await,
            Duty::Mirror { of } => self.be_mirror(&read, snapshot, &of).await,
            Duty::Shipped { receiving } => self.be_shipped(receiving).await,
            Duty::Cascade { of } | Duty::Follow { of } => self.be_standby_of(&of).await,
            Duty::Held { .. } => self.be_held(&read.value).await,
        }
    }

    fn duty(&self, record: &PoolRecord) -> Duty {
        duty::of(record, &self.setup.store, self.partner.as_deref(), self.leads())
    }

    fn keep(&mut self, read: &Versioned<PoolRecord>) -> Result<bool, KeeperError> {
        self.remembered.keep(read).map_err(|source| self.file_error(source))
    }

    /// As [`Self::keep`], although this keeper remembers a newer one.
    fn obey(&mut self, read: &Versioned<PoolRecord>) -> Result<(), KeeperError> {
        self.remembered.obey(read).map_err(|source| self.file_error(source))
    }

    /// The data directory holds what is not ours.
    fn foreign(&self, why: String) -> KeeperError {
        let directory = self.setup.instance.spec().data.clone();
        instance::Error::Foreign { directory, why }.into()
    }

    fn file_error(&self, source: std::io::Error) -> KeeperError {
        KeeperError::File { directory: self.setup.directory.clone(), source }
    }

    /// The store is away: what runs goes on, except a primary that sees nobody at all (see
    /// [`guard`]).
    async fn carry_on(&mut self) -> Result<(), KeeperError> {
        if matches!(self.setup.instance.pid(), Ok(None)) {
            self.note("the management store does not answer, and PostgreSQL is down here");
        } else {
            self.note("the management store does not answer; what runs goes on");
        }
        let duty = self.remembered.record().map(|record| self.duty(record));
        if let Some(Duty::Mirror { .. }) = duty
            && !self.streams().await
        {
            self.hears_nobody();
        }
        Ok(())
    }

    /// The instance's processes are gone, and nobody asked them to go.
    async fn fell(&mut self) {
        if self.lease.is_wanted() {
            info!(store = self.setup.store, "PostgreSQL is gone here: the lease is given up");
            match self.lease.give_up().await {
                Ok(LeaseState::GivenUp { .. }) => {}
                Ok(other) => debug!(?other, "the lease was not ours any more"),
                Err(error) => warn!(%error, "the lease could not be given up: it will end"),
            }
        }
    }

    /// Tells the store at once that the lease is not needed, so that nobody waits for its end.
    async fn give_lease_up(&self) {
        if self.lease.is_wanted()
            && let Err(error) = self.lease.give_up().await
        {
            debug!(%error, "the lease ends by itself");
        }
    }

    /// An orderly end: the lease is given up and the instance stopped.
    async fn close(mut self) {
        self.receiver.stop().await;
        let stopped = self.setup.instance.stop(instance::StopMode::Fast, STOP_PATIENCE).await;
        if let Err(error) = stopped {
            warn!(store = self.setup.store, %error, "PostgreSQL was not stopped");
        }
        self.give_lease_up().await;
    }

    /// See [`settle`].
    async fn settle(&self, change: impl FnOnce(&mut Settings)) -> Result<(), KeeperError> {
        settle(&self.setup.instance, change).await
    }

    /// Where and how to copy from another instance.
    fn source(&self, store: &str) -> Result<Source, KeeperError> {
        let unknown = || KeeperError::Cannot(format!("{store} is not in the topology"));
        let host = self.setup.topology.host_of_store(store).ok_or_else(unknown)?;
        let port = self.setup.topology.store(store).ok_or_else(unknown)?.port;
        Ok(Source { name: host.name.clone(), address: host.address, port })
    }

    /// The control port of the host of `store`.
    fn destination(&self, store: &str) -> Result<Destination, KeeperError> {
        let unknown = || KeeperError::Cannot(format!("{store} is not in the topology"));
        let host = self.setup.topology.host_of_store(store).ok_or_else(unknown)?;
        Ok(Destination { host: host.name.clone(), address: host.control() })
    }
}

/// Gives the instance the settings that `change` makes of its present ones, if they differ.
async fn settle(
    instance: &Instance,
    change: impl FnOnce(&mut Settings),
) -> Result<(), KeeperError> {
    let present = instance.settings()?;
    let mut wanted = present.clone();
    change(&mut wanted);
    if wanted != present {
        instance.write_settings(&wanted).await?;
    }
    Ok(())
}

/// Waits until a postmaster that ran is gone; for ever if none ran.
async fn gone(instance: &Instance, ran: bool) {
    if !ran {
        return std::future::pending().await;
    }
    if let Err(error) = instance.exited().await {
        warn!(%error, "the postmaster cannot be watched");
        std::future::pending::<()>().await;
    }
}
