//! The world as a procedure sees it: what was observed, small enough to try every combination.
//!
//! *Unknown* is a value and never means *down*. Exact figures for sentences are in [`Measured`].

use instance::Lsn;
use serde::{Deserialize, Serialize};

use crate::record::PoolState;

/// What was observed of a stretched pool, and what an administrator has said in this run.
#[allow(clippy::struct_excessive_bools, reason = "each is tried both ways by the battery")]
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
    /// An administrator accepts the measured loss, in the journal.
    pub consented: bool,
    /// What home had and never shipped has been found and put back.
    pub salvaged: bool,
    /// Whether shipped WAL is missing from the share.
    pub missing_log: MissingLog,
    /// Whether the home copies that must be salvaged can be read.
    pub copies: Copies,
    /// Home serves, and what the backup site took meanwhile was not read and put back yet.
    pub backup_owes: bool,
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
    /// It is not declared, its host does not answer, or an administrator does not wait for it: the
    /// primary is exposed.
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

/// Whether WAL that was shipped is missing from the share, or damaged in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MissingLog {
    /// Nothing is known to be.
    Nothing,
    /// It is: nothing after its beginning can be replayed.
    Missing,
    /// An administrator gives just this range up, in the journal.
    GivenUp,
}

/// Whether the home copies can be read, before they are made copies of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Copies {
    /// As far as can be seen without opening them; or they need not be read.
    Readable,
    /// One is gone, damaged, or on a host that does not answer.
    Unreadable,
    /// An administrator attests that those are lost, in the journal.
    AttestedLost,
    /// One that is there was attested to be lost.
    AttestedInVain,
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
    /// The pool is declared to have zero loss: home acknowledged no post that is not here, unless
    /// its chat servers were told otherwise, which nobody can know who does not hear them.
    pub zero_loss: bool,
    /// What was shipped and can never be replayed, in words.
    pub lost: Option<String>,
    /// What stands in the way, in sentences of those observed.
    pub notes: Vec<String>,
    /// The range of them, as it must be typed to give it up.
    pub missing_range: Option<String>,
    /// Up to where the backup instance has replayed.
    pub replayed: Option<Lsn>,
    /// What was said of the home site with this command, as it was typed.
    pub said: String,
    /// The pool.
    pub pool: String,
    /// The home copies that cannot be read, and why.
    pub unreadable: Vec<(String, String)>,
    /// The home copies that are there, though they were attested to be lost.
    pub in_vain: Vec<String>,
    /// The run that has the pool now, if it is another one.
    pub other_run: String,
    /// The sites that are not heard.
    #[serde(default)]
    pub not_heard: Vec<String>,
}

impl Measured {
    /// Which sites are not heard, and what that means.
    pub fn silence(&self) -> String {
        if self.not_heard.is_empty() {
            return self.loss();
        }
        let sites: Vec<_> = self.not_heard.iter().map(|it| format!("site {it}")).collect();
        format!("not heard: {}; {}", sites.join(", "), self.loss())
    }

    /// Which home copies cannot be read, and the command that goes on without them.
    pub fn unreadable_copies(&self) -> String {
        self.give_up("")
    }

    /// As [`Self::unreadable_copies`], for a salvage alone.
    pub fn unreadable_copies_in_salvage(&self) -> String {
        self.give_up("-SalvageOnly ")
    }

    fn give_up(&self, part: &str) -> String {
        let why: Vec<_> =
            self.unreadable.iter().map(|(store, why)| format!("{store}: {why}")).collect();
        let stores: Vec<_> = self.unreadable.iter().map(|(store, _)| store.as_str()).collect();
        format!(
            "{}. To go on without: Invoke-CsPersistentChatFailback -Identity {} \
             {part}-AttestCopyIsLost {}. {}",
            why.join("; "),
            self.pool,
            stores.join(","),
            self.lost_with_a_copy()
        )
    }

    /// What may be lost with a home copy that cannot be read.
    pub fn lost_with_a_copy(&self) -> String {
        format!("Perhaps lost, unless the other home copy has it: {}", self.behind())
    }

    /// Which shipped WAL is missing, and the command that goes on without.
    pub fn missing_log(&self) -> String {
        let (Some(lost), Some(range)) = (&self.lost, &self.missing_range) else {
            return "Nothing is known to be missing.".to_owned();
        };
        format!(
            "{lost}. To go on without: Invoke-CsPersistentChatFailover -Identity {}{} \
             -AcceptMissingLog {range}. The database is then brought online as it was before that \
             range; what came after is found and put back when home returns.",
            self.pool, self.said
        )
    }

    /// Which copies are there, though they were attested to be lost.
    pub fn readable_all_the_same(&self) -> String {
        format!("There and read: {}.", self.in_vain.join(", "))
    }

    /// How far behind the backup site was, in words.
    fn behind(&self) -> String {
        let heard = self.heard();
        match (self.behind_bytes, self.behind_ms) {
            (Some(bytes), Some(ms)) => format!(
                "{bytes} bytes, {}.{:03} s of work, not shipped ({heard}), and whatever home \
                 acknowledged after that",
                ms / 1000,
                ms % 1000
            ),
            _ => format!("an amount that is not known; {heard}"),
        }
    }

    /// When home was last heard, in words.
    fn heard(&self) -> String {
        match &self.heard_at {
            Some(at) => format!("home was last heard at {at}"),
            None => "when home was last heard is not known".to_owned(),
        }
    }

    /// The sentence that an administrator accepts or does not.
    pub fn loss(&self) -> String {
        let heard = self.heard();
        let posts = if self.zero_loss {
            "; by the topology file here the pool has zero loss: posts are missing only if \
             chat servers at home had been told otherwise"
        } else {
            ""
        };
        match (self.behind_bytes, self.behind_ms) {
            (Some(bytes), Some(ms)) => format!(
                "{heard}; the backup site was then {bytes} bytes and \
                 {}.{:03} s behind; whatever home acknowledged after that is not here until home \
                 returns{posts}",
                ms / 1000,
                ms % 1000
            ),
            _ => format!("{heard}; how far behind is not known{posts}"),
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

    /// Whether every home copy can be read, or is attested to be lost.
    pub fn copies_are_judged(&self) -> bool {
        matches!(self.copies, Copies::Readable | Copies::AttestedLost)
    }

    /// Whether the home site has the pool in a reign above the backup's.
    pub fn home_serves(&self) -> bool {
        self.home.standing == Standing::Primary && self.home.reigns
    }
}

#[cfg(test)]
mod tests {
    use super::Measured;

    #[test]
    fn zero_loss_is_what_is_declared_and_no_proof() {
        let measured =
            Measured { behind_bytes: Some(8), behind_ms: Some(1), ..Measured::default() };
        assert!(measured.loss().contains("is not here until home returns"));
        let measured = Measured { zero_loss: true, ..measured };
        assert!(measured.loss().contains("is not here until home returns; by the topology file"));
    }
}
