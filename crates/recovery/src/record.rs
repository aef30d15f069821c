//! What a site's management store holds about a pool.
//!
//! The record is the intention: procedures and keepers change it by compare-and-set, and each
//! keeper makes its own instance what the record says.

use instance::Lsn;
use serde::{Deserialize, Serialize};

use crate::term::Term;

/// What [`PoolRecord::hand_over`] says when the primary is stopped to be moved to the other site.
pub const TO_OTHER_SITE: &str = "the other site";

/// One pool as one site knows it. Each site's store holds its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolRecord {
    /// The term that this site last issued or obeyed.
    pub term: Term,
    /// Where the primary is, as far as this site is concerned.
    pub serving: Serving,
    /// How the primary of this site stands with its mirror.
    pub mirror: Mirror,
    /// Whether chat servers may connect to the primary of this site.
    pub gate: Gate,
    /// The pool's state as `Get-CsPersistentChatState` shows it.
    pub state: PoolState,
    /// Chat servers that accept clients: names of hosts.
    pub active_servers: Vec<String>,
    /// Whether this site receives the other site's WAL.
    pub shipping: Shipping,
    /// The store that the primary is asked to hand over to, within this site; or
    /// [`TO_OTHER_SITE`].
    pub hand_over: Option<String>,
    /// Whether the pool's databases have ever been made: a missing data directory is then a loss
    /// and never a reason to make new ones.
    pub initialised: bool,
    /// Stores whose copy was attested to be lost: what turns up there all the same is kept aside.
    #[serde(default)]
    pub attested_lost: Vec<String>,
}

/// Where the primary is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Serving {
    /// In this site: the store of that name is the primary.
    Here {
        /// The store's name in the topology.
        primary: String,
    },
    /// In the other site; this site stands by.
    Elsewhere,
    /// In the other site; this site's stores follow that primary directly, ready to take over.
    Following {
        /// The other site's primary.
        upstream: String,
    },
    /// Nobody knows yet: instances may run read-only, nobody may connect, nothing is shipped.
    Quarantine {
        /// What must be heard before the quarantine ends.
        why: String,
    },
}

/// How a primary stands with its mirror.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Mirror {
    /// Every acknowledged commit is on both. Published only after PostgreSQL has reported it.
    Synchronized {
        /// Flushed on the mirror when this was published.
        lsn: Lsn,
    },
    /// The primary acknowledges alone. Recorded before the first such acknowledgement.
    Suspended {
        /// The primary's position when this was recorded.
        lsn: Lsn,
        /// When it was recorded, RFC 3339 in UTC.
        since: String,
        /// The reason in words.
        why: String,
    },
    /// The pool forbids serving alone and the mirror is away: commits wait.
    Awaited,
    /// The topology gives the primary no mirror: it acknowledges alone on every ordinary day.
    NotDeclared {
        /// When it was recorded, RFC 3339 in UTC.
        since: String,
    },
}

/// Whether chat servers may connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// The primary's keeper has let clients in.
    Open,
    /// The keeper opens it as soon as the mirror is in sync or *Suspended* is recorded.
    Opening,
    /// A procedure holds it shut.
    Shut,
}

/// The pool's state, in the original's words where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PoolState {
    /// The pool uses its home databases.
    Normal,
    /// A failover is under way.
    FailingOver,
    /// The pool uses its backup databases.
    FailedOver,
    /// A failback is under way.
    FailingBack,
}

/// Whether a site receives WAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shipping {
    /// The backup site's keeper receives continuously.
    Continuous,
    /// Removed from the backup database: nothing is received.
    Removed,
}

impl Mirror {
    /// There is none.
    pub fn not_declared() -> Self {
        Self::NotDeclared { since: crate::now_utc() }
    }
}

impl PoolRecord {
    /// The record of a new pool in its home site.
    pub fn at_home(primary: &str, active_servers: Vec<String>) -> Self {
        Self {
            term: Term::FIRST,
            serving: Serving::Here { primary: primary.to_owned() },
            mirror: Mirror::Suspended {
                lsn: Lsn::default(),
                since: crate::now_utc(),
                why: "the pool is new and its mirror is not built yet".to_owned(),
            },
            gate: Gate::Opening,
            state: PoolState::Normal,
            active_servers,
            shipping: Shipping::Removed,
            hand_over: None,
            initialised: false,
            attested_lost: Vec::new(),
        }
    }

    /// The record of a home site that lost its store, or was built anew, while the backup site
    /// knows the pool in the term `known`: whatever stands here is held until a failback.
    pub fn returned(known: Term) -> Self {
        let why = format!(
            "this site's management store is new, and the backup site knows the pool in term \
             {known}: fail over, if that was not done, and then fail back to come home"
        );
        Self {
            // Below the other site's, and the reign whose posts may lie here.
            term: Term { reign: known.reign.saturating_sub(1), turn: 0 },
            serving: Serving::Quarantine { why },
            mirror: Mirror::Awaited,
            gate: Gate::Shut,
            state: PoolState::Normal,
            active_servers: Vec::new(),
            shipping: Shipping::Removed,
            hand_over: None,
            initialised: true,
            attested_lost: Vec::new(),
        }
    }

    /// The record of a new pool in its backup site.
    pub fn at_backup(active_servers: Vec<String>) -> Self {
        Self {
            term: Term::FIRST,
            serving: Serving::Elsewhere,
            mirror: Mirror::Awaited,
            gate: Gate::Shut,
            state: PoolState::Normal,
            active_servers,
            shipping: Shipping::Continuous,
            hand_over: None,
            initialised: true,
            attested_lost: Vec::new(),
        }
    }

    /// The name of the primary, when this site has it.
    pub fn primary(&self) -> Option<&str> {
        match &self.serving {
            Serving::Here { primary } => Some(primary),
            Serving::Elsewhere | Serving::Following { .. } | Serving::Quarantine { .. } => None,
        }
    }

    /// Whether the mirror holds all that was acknowledged.
    pub fn is_synchronized(&self) -> bool {
        matches!(self.mirror, Mirror::Synchronized { .. })
    }
}
