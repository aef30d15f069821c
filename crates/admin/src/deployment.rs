//! What the product can do, as the cmdlets see it. The server implements it.
//!
//! Plain values only: how a pool is failed over or a room is stored is not known here.

mod content;
pub mod response_groups;

use std::pin::Pin;

use audit::{Invocation, Query};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use topology::Topology;

pub use self::content::{Connected, NewRoom, NewUser, Password, Room, User};
use self::response_groups::ResponseGroups;
use crate::fault::Fault;
use crate::watch::{StepState, Watch};

/// What a deployment gives back, later.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// Whether to act, or only to tell what would be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Act.
    Act,
    /// Tell.
    WhatIf,
}

/// What the product can do.
pub trait Deployment: Send + Sync {
    /// The domain of the users, and the pools with their servers.
    fn layout(&self) -> Reply<'_, Layout>;

    /// The state of every pool.
    fn pool_states(&self) -> Reply<'_, Vec<PoolNow>>;

    /// Sets a pool's state: the row of the procedure that leads there, with the same givens.
    fn set_pool_state<'a>(&'a self, order: SetState, watch: &'a Watch) -> Reply<'a, Outcome>;

    /// Sets a pool's active servers, if they still are what was expected.
    fn set_active_servers<'a>(&'a self, order: SetActive, watch: &'a Watch) -> Reply<'a, Outcome>;

    /// Every database of a pool's current site, with its mirror.
    fn mirror_states(&self, pool: String) -> Reply<'_, Vec<MirrorNow>>;

    /// Makes the home or the mirror database of the serving site primary.
    fn database_failover<'a>(&'a self, order: Switch, watch: &'a Watch) -> Reply<'a, Outcome>;

    /// The published topology.
    fn topology(&self) -> Reply<'_, Published>;

    /// Publishes a topology, if the published one still is what was expected.
    fn publish_topology<'a>(&'a self, order: Publish, watch: &'a Watch) -> Reply<'a, Published>;

    /// Looks at every host, store and share that the published topology names.
    fn test_topology(&self) -> Reply<'_, Vec<Finding>>;

    /// Fails a pool over to its backup site.
    fn failover<'a>(&'a self, order: Failover, watch: &'a Watch) -> Reply<'a, Outcome>;

    /// Does one row of a failover, with the procedure's own prerequisites.
    fn failover_row<'a>(&'a self, order: FailoverRowOrder, watch: &'a Watch) -> Reply<'a, Outcome>;

    /// Who is connected to the primary database of a pool; at most [`MAX_LISTED`].
    fn connections(&self, pool: String) -> Reply<'_, Vec<Connected>>;

    /// Ends a server's connection to the primary database of a pool.
    fn end_connection(&self, pool: String, pid: i32) -> Reply<'_, ()>;

    /// Brings a pool home again.
    fn failback<'a>(&'a self, order: Failback, watch: &'a Watch) -> Reply<'a, Outcome>;

    /// How well a pool is protected now.
    fn protection(&self, pool: String) -> Reply<'_, Protection>;

    /// The newest procedure run of a pool, oldest line first.
    fn journal(&self, pool: String) -> Reply<'_, Vec<JournalLine>>;

    /// What was run and refused, from every pool's database, or from that of one pool alone.
    fn audit_trail(&self, pool: Option<String>, query: Query) -> Reply<'_, AuditTrail>;

    /// The accounts of a pool, by address; at most [`MAX_LISTED`].
    fn users(&self, pool: String) -> Reply<'_, Vec<User>>;

    /// Makes an account.
    fn create_user(&self, pool: String, user: NewUser) -> Reply<'_, User>;

    /// Gives an account another password.
    fn set_password(&self, pool: String, address: String, password: Password) -> Reply<'_, ()>;

    /// Removes an account; what it wrote stays.
    fn remove_user(&self, pool: String, address: String) -> Reply<'_, ()>;

    /// The rooms of a pool, by name; at most [`MAX_LISTED`].
    fn rooms(&self, pool: String) -> Reply<'_, Vec<Room>>;

    /// Makes a room.
    fn create_room(&self, pool: String, room: NewRoom) -> Reply<'_, Room>;

    /// Removes a room with everything that was written in it.
    fn remove_room(&self, pool: String, name: String) -> Reply<'_, ()>;

    /// What it can do with Response Groups.
    fn response_groups(&self) -> &dyn ResponseGroups;
}

/// The most accounts or rooms that are listed at once.
pub const MAX_LISTED: usize = 100_000;

/// What was read of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditTrail {
    /// The newest first, as many as were wanted.
    pub invocations: Vec<Invocation>,
    /// Whether there are older ones.
    pub has_more: bool,
    /// The pools whose databases could not be asked, and why.
    pub silent: Vec<(String, String)>,
}

/// What names mean in this deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The domain of the users.
    pub domain: String,
    /// The pools.
    pub pools: Vec<PoolLayout>,
}

/// A pool as it is declared, with its active servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolLayout {
    /// Its name in the DNS.
    pub fqdn: String,
    /// The site where it is at home.
    pub site: String,
    /// The domain of its rooms.
    pub rooms: String,
    /// Every server.
    pub servers: Vec<String>,
    /// Those that accept clients.
    pub active: Vec<String>,
    /// The port for clients.
    pub client_port: u16,
    /// Its databases, the home store first.
    pub stores: Vec<String>,
}

/// `Normal` or `FailedOver`: what an administrator can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PoolState {
    /// The pool uses its home databases.
    Normal,
    /// The pool uses its backup databases.
    FailedOver,
}

/// The state of one pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolNow {
    /// Its name in the DNS.
    pub fqdn: String,
    /// `Normal`, `FailingOver`, `FailedOver`, `FailingBack`, or `Unknown`.
    pub state: String,
    /// The store that is primary, if that is known.
    pub primary: Option<String>,
    /// Its place: `home`, `home mirror`, `backup`, `backup mirror`.
    pub place: Option<String>,
    /// The term, in words.
    pub term: Option<String>,
    /// The mirror, in words.
    pub mirror: Option<String>,
}

/// What becomes of an order: its rows, and what is good to know.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// The rows of the procedure, in order; none where it is no procedure.
    pub steps: Vec<Step>,
    /// Sentences.
    pub notes: Vec<String>,
    /// Sentences that want attention.
    pub warnings: Vec<String>,
}

/// A row of a procedure and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its number on the manual's page.
    pub number: String,
    /// Its sentence.
    pub text: String,
    /// What becomes of it.
    pub state: StepState,
}

/// An order to set a pool's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetState {
    /// The pool.
    pub pool: String,
    /// The wanted state.
    pub state: PoolState,
    /// Whether to act.
    pub mode: Mode,
    /// Who asks, for the journal.
    pub who: String,
}

/// An order to set a pool's active servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetActive {
    /// The pool.
    pub pool: String,
    /// The active servers when the order was made: otherwise it is refused.
    pub expected: Vec<String>,
    /// The wanted active servers.
    pub servers: Vec<String>,
    /// Whether to act.
    pub mode: Mode,
    /// Who asks, for the journal.
    pub who: String,
}

/// A database and its mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirrorNow {
    /// The database's name, such as `mgc`.
    pub database: String,
    /// The store at the place of the primary database (home, or backup after a failover).
    pub primary_store: String,
    /// The store at the place of its mirror; none if there is none.
    pub mirror_store: Option<String>,
    /// What the first is now.
    pub on_primary: MirrorRole,
    /// What the second is now.
    pub on_mirror: MirrorRole,
    /// How they stand to each other.
    pub status: MirrorStatus,
}

/// What a database is, in the original's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MirrorRole {
    /// It takes writes.
    Principal,
    /// It follows.
    Mirror,
    /// It cannot be reached, or there is none.
    DatabaseInaccessibleOrMirroringNotEnabled,
}

/// How two databases stand to each other, in the original's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MirrorStatus {
    /// Everything acknowledged is on both.
    Synchronized,
    /// The mirror is catching up.
    Synchronizing,
    /// The primary serves alone.
    Suspended,
    /// The mirror cannot be reached, or there is none.
    Disconnected,
}

/// An order to make the other database of a site primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// The pool.
    pub pool: String,
    /// Which database is to be primary.
    pub to: Principal,
    /// Whether to act.
    pub mode: Mode,
    /// The present primary is down for good, the administrator says.
    pub primary_is_down: bool,
    /// Who asks, for the journal.
    pub who: String,
}

/// The two databases of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// The one that stands at the primary's place.
    Primary,
    /// The one that stands at the mirror's place.
    Mirror,
}

/// A published topology.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Counts up with every publication.
    pub revision: u64,
    /// When it was published, if that is known.
    pub at: Option<Timestamp>,
    /// What it means.
    pub topology: Topology,
    /// Its file, as published.
    pub text: String,
}

/// An order to publish a topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The revision that is to be followed: otherwise it is refused.
    pub expected: u64,
    /// What it means.
    pub topology: Topology,
    /// Its file.
    pub text: String,
    /// Also if something declared is in use and would go.
    pub force: bool,
    /// Who asks.
    pub who: String,
}

/// What was found in looking at one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub subject: String,
    /// Whether it is as it should be.
    pub result: Verdict,
    /// What was seen, and what to do.
    pub message: String,
}

/// Whether something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It is.
    Success,
    /// It is, but something about it wants attention.
    Warning,
    /// It is not.
    Failure,
}

/// An order to fail over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failover {
    /// The pool.
    pub pool: String,
    /// The administrator says that the home site is off.
    pub site_is_down: bool,
    /// The administrator accepts losing what was measured.
    pub accept_loss: bool,
    /// The range of shipped WAL that the administrator gives up.
    pub missing_log: Option<String>,
    /// The gate is to be opened before the mirror is in sync.
    pub without_mirror: bool,
    /// Whether to act.
    pub mode: Mode,
    /// Who asks, for the journal.
    pub who: String,
}

/// A row of a failover that the documents' page has as a line of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailoverRow {
    /// Remove log shipping from the backup database.
    RemoveLogShipping,
    /// Bring the backup database online.
    RestoreDatabase,
    /// Establish its mirror.
    InstallMirror,
}

/// An order to do one row of a failover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailoverRowOrder {
    /// The pool.
    pub pool: String,
    /// Which row.
    pub row: FailoverRow,
    /// The administrator says that the home site is off.
    pub site_is_down: bool,
    /// The administrator accepts losing what was measured.
    pub accept_loss: bool,
    /// Whether to act.
    pub mode: Mode,
    /// Who asks, for the journal.
    pub who: String,
}

/// How much of a failback is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailbackPart {
    /// All of it.
    Whole,
    /// Only the salvage; the pool stays where it is.
    SalvageOnly,
    /// Its turning back, before home is promoted.
    TurnBack,
    /// Home alone: the backup site is down, an administrator says.
    Alone {
        /// What was said at the backup site is given up.
        accept_loss: bool,
    },
}

/// An order to fail back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failback {
    /// The pool.
    pub pool: String,
    /// How much of it.
    pub part: FailbackPart,
    /// The home stores whose copies are lost, the administrator says.
    pub lost_copies: Vec<String>,
    /// The gate is to be opened before the mirror is in sync.
    pub without_mirror: bool,
    /// Whether to act.
    pub mode: Mode,
    /// Who asks, for the journal.
    pub who: String,
}

/// How well a pool is protected. What is not known is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// The pool.
    pub now: PoolNow,
    /// Each site: its name and how it is, in words.
    pub sites: Vec<(String, String)>,
    /// The primary's commit position minus what is durable at the backup site, in bytes.
    pub behind_bytes: Option<u64>,
    /// The same in time.
    pub behind: Option<SignedDuration>,
    /// When these were measured.
    pub measured: Option<Timestamp>,
    /// How fast the primary wrote until then, in bytes per second.
    pub rate: Option<u64>,
    /// What is at the backup site and not replayed yet, in bytes.
    pub waiting_for_replay: Option<u64>,
    /// Log shipping, in words.
    pub shipping: String,
    /// Since when the pool serves without a mirror, if it does.
    pub exposed_since: Option<Timestamp>,
}

/// A line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    /// When.
    pub at: String,
    /// The run.
    pub run: String,
    /// The host that ran it.
    pub host: String,
    /// Who asked.
    pub who: String,
    /// What happened.
    pub what: String,
}
