//! The configuration of one hosting pool, in its `rgs` database.
//!
//! Every change is one transaction that checks the term, is alone with its lock, and returns when
//! its commit is as durable as the primary promises. Rules that need more than one object (names,
//! references, who may edit) are kept here, and by the schema where it can.
//!
//! | file | holds |
//! |---|---|
//! | `read` | listing: objects, names, settings |
//! | `write` | saving and removing objects, one or many |
//! | `table`, `references`, `shared` | objects as rows; what they refer to, and may not share |
//! | `audio` | audio files, and when they go |
//! | `settings`, `sign_ins` | application-level settings; formal agents who are signed in |
//! | `reign` | which pool may edit an owner's objects |
//! | `export`, `import` | all of it out, from one moment; many in, all or nothing |
//! | `moving` | all that belongs to a pool, moved to another one |
//! | `naming` | names, given by one at a time in all pools |
//! | `received` | what other pools have sent |
//! | `change`, `lease` | transactions and connections |

mod audio;
mod change;
mod error;
mod export;
mod import;
mod lease;
mod moving;
mod naming;
mod read;
mod received;
mod references;
mod reign;
mod settings;
mod shared;
mod sign_ins;
mod table;
mod write;

use std::collections::BTreeMap;

use db::{Connections, Primary};
use uuid::Uuid;

use crate::model::Object;
use change::Change;
use lease::{Lease, Leases};

pub use audio::UNUSED_AUDIO_KEPT;
pub use error::RgsError;
pub use export::{Export, Exported, ExportedObject, FromExport};
pub use import::{ImportError, NoAudio};
pub use moving::{MoveError, Moving};
pub use naming::Naming;
pub use received::{Received, ReceivedRevision};
pub use reign::{Heeded, Word};

/// The Response Groups that one pool hosts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hosting {
    leases: Leases,
    /// Whether changes are undone at their end.
    rehearsal: bool,
}

/// Which objects to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The one of this identity.
    pub id: Option<Uuid>,
    /// The one of this name, whatever its letters' case.
    pub name: Option<String>,
    /// Whose.
    pub owner: OwnerFilter,
}

/// Whose objects are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OwnerFilter {
    /// Those of the pool that hosts them.
    #[default]
    Parent,
    /// Those of one pool.
    Of(String),
    /// Everybody's.
    All,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// By name.
    pub objects: Vec<Object>,
    /// How many more there would be of other owners, by owner.
    pub hidden: BTreeMap<String, usize>,
}

/// How an object is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Save {
    /// There is none of this identity.
    New,
    /// In the place of the one of this identity.
    Change,
}

impl Hosting {
    /// The Response Groups of the pool `parent`, wherever its primary is. Connects only when asked.
    pub fn new(parent: &str, connections: Connections) -> Self {
        Self { leases: Leases::new(parent, connections), rehearsal: false }
    }

    /// The same, but every change is made, checked and undone: it fails where it would.
    #[must_use]
    pub fn rehearsing(&self) -> Self {
        Self { leases: self.leases.clone(), rehearsal: true }
    }

    /// The pool that hosts them.
    pub fn parent(&self) -> &str {
        self.leases.pool()
    }

    /// Who is the pool's primary now, as far as is known.
    pub fn primary(&self) -> Option<Primary> {
        self.leases.connections().primary()
    }

    async fn change(&self) -> Result<Change, RgsError> {
        Change::begin(&self.leases, self.rehearsal).await
    }

    /// A connection with a transaction that sees one moment and changes nothing.
    async fn look(&self) -> Result<Lease, RgsError> {
        let lease = self.leases.take().await?;
        // Compiling a question takes longer than answering it.
        let begin = "begin isolation level repeatable read read only; set local jit = off";
        lease.batch(begin).await?;
        Ok(lease)
    }
}

/// Ends a transaction of [`Hosting::look`].
async fn looked<T>(lease: Lease, result: Result<T, RgsError>) -> Result<T, RgsError> {
    if lease.batch("rollback").await.is_ok() {
        lease.give_back();
    }
    result
}

impl OwnerFilter {
    /// The one owner that is meant, if it is one.
    fn owner<'a>(&'a self, parent: &'a str) -> Option<&'a str> {
        match self {
            Self::Parent => Some(parent),
            Self::Of(owner) => Some(owner),
            Self::All => None,
        }
    }
}
