//! The world as a procedure sees it: what was observed, small enough to try every combination.
//!
//! *Unknown* is a value and never means *down*. Exact figures for sentences are in [`Measured`].

use serde::{Deserialize, Serialize};

use crate::record::PoolState;

/// What was observed of a stretched pool, and what an administrator has said in this run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct World {
    /// The site where the pool was designed to be served.
    pub home: Site,
    /// The site that it fails over to.
    pub backup: Site,
    /// The pool's state, as the site with the highest term has it.
    pub state: PoolState,
    /// Where the active servers are.
    pub active: Active,
    /// Who runs a procedure for this pool.
    pub lock: Lock,
    /// An administrator attests, in the journal, that the home site is off.
    pub attested: bool,
    /// Whether home may have acknowledged what never reached the share.
    pub unshipped: Unshipped,
    /// An administrator accepts the measured loss, in the journal.
    pub consented: bool,
    /// What home had and never shipped has been found and put back.
    pub salvaged: bool,
    /// Whether the mirror that this run means has taken over.
    pub switched: Switched,
}

/// What was observed of one site.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Site {
    /// Whether its management store and its first keeper answer.
    pub reach: Reach,
    /// What it is to the pool, by its own record.
    pub standing: Standing,
    /// Whether its reign is the higher one of the two, as far as known.
    pub reigns: bool,
    /// Whether its first instance takes writes.
    pub writable: Known,
    /// Whether chat servers may connect to it.
    pub gate: Known,
    /// How its primary stands with the mirror beside it.
    pub mirror: MirrorSeen,
    /// Log shipping into this site.
    pub shipping: ShippingSeen,
    /// Whether what the share holds is complete, closed and verified to its end.
    pub closed: bool,
    /// Whether everything that it could receive from the other site has been replayed.
    pub replayed: bool,
}

/// Whether something answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reach {
    /// It answered.
    Up,
    /// It did not, and why is not known.
    Unknown,
}

/// What a site is to the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Standing {
    /// It has the primary.
    Primary,
    /// It had the primary, which was stopped with a shutdown checkpoint to be moved.
    Stopped,
    /// It stands by.
    StandsBy,
    /// Its instances follow the other site's primary directly.
    Follows,
    /// It is fenced: nobody may connect, and nothing is written.
    Fenced,
    /// It was not heard.
    Unknown,
}

/// Yes, no, or nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Known {
    /// Observed to be so.
    Yes,
    /// Observed not to be so.
    No,
    /// Not observed.
    Unknown,
}

/// How a primary stands with its mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MirrorSeen {
    /// In sync, and recorded so.
    InSync,
    /// Its keeper answers and it is not in sync yet.
    Building,
    /// It is not declared, or its host does not answer: the primary is exposed.
    Away,
}

/// Log shipping into a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ShippingSeen {
    /// Received and replayed as it is written, and checked to be so.
    Flowing,
    /// Asked for, and not seen to flow yet.
    Starting,
    /// Removed.
    Removed,
}

/// Where the active servers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Active {
    /// The list is empty.
    Nobody,
    /// In the home site, or in both.
    Home,
    /// In the backup site only.
    Backup,
}

/// Who holds the procedure lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lock {
    /// Nobody.
    Free,
    /// This run, at every site that can be reached.
    Ours,
    /// Another run.
    Others,
}

/// How far a switchover has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Switched {
    /// The instance that should be the primary is not.
    NotYet,
    /// It is.
    Over,
    /// It is, and the former primary is its mirror in sync.
    AndMirrored,
}

/// Whether home may have acknowledged what never reached the share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unshipped {
    /// Proven: the share holds everything.
    Nothing,
    /// As far behind as [`Measured`] says, or more.
    Perhaps,
}

/// The figures behind a world, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Bytes that home had and the backup site had not, when home was last heard.
    pub behind_bytes: Option<u64>,
    /// The same in milliseconds of work.
    pub behind_ms: Option<u64>,
    /// When home was last heard, RFC 3339 in UTC.
    pub heard_at: Option<String>,
    /// What was shipped and can never be replayed, in words.
    pub lost: Option<String>,
    /// What stands in the way, in sentences of those observed.
    pub notes: Vec<String>,
}

impl Measured {
    /// The sentence that an administrator accepts or does not.
    pub fn loss(&self) -> String {
        let heard = self.heard_at.as_deref().unwrap_or("never");
        match (self.behind_bytes, self.behind_ms) {
            (Some(bytes), Some(ms)) => format!(
                "home was last heard at {heard}; the backup site was then {bytes} bytes and \
                 {}.{:03} s behind; whatever home acknowledged after that is not here until home \
                 returns",
                ms / 1000,
                ms % 1000
            ),
            _ => format!("home was last heard at {heard}; how far behind is not known"),
        }
    }
}

impl World {
    /// Whether both sites could take posts: what must never be.
    pub fn has_two_primaries(&self) -> bool {
        self.home.writable == Known::Yes && self.backup.writable == Known::Yes
    }

    /// Whether the home site cannot take posts, for certain.
    pub fn home_is_fenced(&self) -> bool {
        self.home.reach == Reach::Up
            && matches!(
                self.home.standing,
                Standing::Fenced | Standing::Follows | Standing::StandsBy | Standing::Stopped
            )
            && self.home.writable == Known::No
    }

    /// Whether the backup site has the pool in a reign above home's.
    pub fn backup_serves(&self) -> bool {
        self.backup.standing == Standing::Primary && self.backup.reigns
    }

    /// Whether the home site has the pool in a reign above the backup's.
    pub fn home_serves(&self) -> bool {
        self.home.standing == Standing::Primary && self.home.reigns
    }
}
