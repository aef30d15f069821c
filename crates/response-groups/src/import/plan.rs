//! What an import is planned upon, what may be asked of it, and what it comes to.
//!
//! The plan is made by a pure function and carried out by the store, in the transaction in which
//! [`Existing`] was read: between the two nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::configuration::{AudioEntry, Configuration};
use crate::model::{Kind, Object, ServiceSettings, SignIn};

/// What stands at the destination before an import, and what names other pools have taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Existing {
    /// The destination: the pool that hosts what is written.
    pub parent: String,
    /// Every object there, of every owner.
    pub objects: Vec<Named>,
    /// What these name of each other.
    pub references: BTreeSet<Reference>,
    /// Those of them that are hours of business for one workflow only.
    pub private: BTreeSet<Uuid>,
    /// Every object of the other pools that could be asked.
    pub elsewhere: Vec<Elsewhere>,
    /// What the destination knows of each owner.
    pub owners: BTreeMap<String, Standing>,
    /// The reign of what the destination has received of each owner.
    pub received: BTreeMap<String, i64>,
    /// The owners whose application-level settings are there.
    pub settings: BTreeSet<String>,
}

/// An object by its identity and what no other may have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named {
    /// What it is.
    pub kind: Kind,
    /// Its identity, the same in every copy.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The pool that it belongs to.
    pub owner: String,
    /// Its SIP address, if it is a workflow.
    pub uri: Option<String>,
}

impl From<&Object> for Named {
    fn from(it: &Object) -> Self {
        let uri = match it {
            Object::Workflow(it) => Some(it.primary_uri.clone()),
            _ => None,
        };
        let (name, owner) = (it.name().to_owned(), it.owner().to_owned());
        Self { kind: it.kind(), id: it.id(), name, owner, uri }
    }
}

/// An object that names another one. Identities are unique within a kind only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Which one names.
    pub from: (Kind, Uuid),
    /// Which one it names.
    pub to: (Kind, Uuid),
}

/// An object that another pool hosts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Elsewhere {
    /// The object.
    pub object: Named,
    /// The pool that hosts it.
    pub pool: String,
}

/// What a pool knows of an owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Raised whenever another pool becomes the one that may edit the owner's objects.
    pub reign: i64,
    /// Whether this pool is the one that may.
    pub edits: bool,
    /// Raised by every transaction that changes anything of the owner here.
    pub revision: i64,
}

/// The highest reign and the highest revision that there may be. Nobody comes near it by changing
/// hands or objects; who names a higher one has made it up.
pub const RAISED_MAX: i64 = 1 << 48;

/// How far above what is known at the destination the reign of what comes in may be: further than
/// any owner ever changes hands, and never so far that a few imports come to [`RAISED_MAX`].
pub const REIGN_AHEAD_MAX: i64 = 1_000_000;

/// How many reigns an owner's own pool may have come to, each by a procedure that was stopped,
/// before whoever stands in for it hears of any.
pub const UNHEARD_MAX: i64 = 100;

impl Standing {
    /// What tells one state of an owner's objects from another: the reign and the revision.
    pub fn place(self) -> (i64, i64) {
        (self.reign, self.revision)
    }

    /// The reign of whoever may edit next; none if there is no higher one.
    pub fn next_reign(self) -> Option<i64> {
        above(self.reign)
    }
}

/// A reign higher than this one.
pub(super) fn above(reign: i64) -> Option<i64> {
    reign.checked_add(1).filter(|it| (1..=RAISED_MAX).contains(it))
}

/// A reign higher than this one, and than any that an owner's own pool can have come to unheard:
/// under one and the same reign, both would change it when that pool is back.
pub fn above_unheard(known: i64) -> Option<i64> {
    above(known.checked_add(UNHEARD_MAX)?)
}

/// What comes in: an export file, or a received revision.
#[derive(Clone, Debug)]
pub struct Incoming<'a> {
    /// What it holds. It holds together: whatever an object refers to is there.
    pub configuration: &'a Configuration,
    /// The pool from which it was exported.
    pub source: &'a str,
    /// The only owner whose objects it holds, if they were chosen.
    pub owner: Option<&'a str>,
    /// What the source knew of each owner's reign.
    pub reigns: BTreeMap<String, i64>,
    /// What the source had been given of the owner's objects: one of these that it has no more was
    /// removed there, and is removed here, too; and whoever signed out there is signed out here.
    /// Empty for a file.
    pub given: BTreeSet<Uuid>,
}

impl Incoming<'_> {
    /// The pool whose application-level settings may take the place of the destination's.
    pub fn exported_pool(&self) -> &str {
        self.owner.unwrap_or(self.source)
    }
}

/// What an administrator asks of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "they are the cmdlet's switches")]
pub struct Options {
    /// The destination becomes the owner of what comes in.
    pub overwrite_owner: bool,
    /// The application-level settings that come in take the place of those that are there.
    pub replace_settings: bool,
    /// A newcomer whose name is taken is given another one.
    pub resolve_name_conflicts: bool,
    /// The pools that own what comes in are lost: the destination may edit it from now on.
    pub owner_is_away: bool,
}

/// What an import writes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// With their final owner and name, those first that others refer to. One that is there
    /// already, by its identity, is replaced.
    pub write: Vec<Object>,
    /// To be removed, unless something that stays refers to it.
    pub remove: Vec<Named>,
    /// The audio files to be stored, with their final owner. One that is there already is given
    /// this owner and keeps its content.
    pub audio: Vec<AudioEntry>,
    /// By owner; they take the place of those that are there.
    pub settings: Vec<(String, ServiceSettings)>,
    /// Agents to be signed in, beside those who are.
    pub sign_ins: Vec<SignIn>,
    /// The owner of whose groups everybody else is signed out: the source has taken their calls.
    pub sign_out_of: Option<String>,
    /// The owners whose objects the destination may edit from now on, and under which reign.
    pub claim: Vec<(String, i64)>,
    /// What the destination has been given of an owner for whom it stands in from now on, if that
    /// is not what it has received.
    pub base: Option<Base>,
    /// What the administrator is told.
    pub report: Report,
}

/// What a pool that stands in was given: what differs from it later, it has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Base {
    /// Whose it is.
    pub owner: String,
    /// The owner's reign and revision then.
    pub place: (i64, i64),
    /// All of it.
    pub configuration: Configuration,
}

impl Plan {
    /// What is at the destination once this is carried out upon `existing`. What is to be removed
    /// and stays in use is left out.
    pub fn outcome(&self, existing: &Existing) -> BTreeSet<Named> {
        let key = |it: &Named| (it.kind, it.id);
        let written: BTreeSet<Named> = self.write.iter().map(Named::from).collect();
        let going = self.remove.iter().map(key);
        let replaced: BTreeSet<_> = written.iter().map(key).chain(going).collect();
        let staying = existing.objects.iter().filter(|it| !replaced.contains(&key(it)));
        staying.cloned().chain(written).collect()
    }
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many objects were written, by kind.
    pub written: BTreeMap<Kind, usize>,
    /// How many of these took the place of an older copy, by kind.
    pub updated: BTreeMap<Kind, usize>,
    /// How many were removed because the source had removed them, by kind.
    pub removed: BTreeMap<Kind, usize>,
    /// What was given another name.
    pub renamed: Vec<Renamed>,
    /// The owners whose application-level settings were written.
    pub settings: Vec<String>,
    /// A sentence for each thing that the import leaves as it is and that somebody may miss.
    pub left_behind: Vec<String>,
}

/// An object that was given another name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Renamed {
    /// What it is.
    pub kind: Kind,
    /// Its identity.
    pub id: Uuid,
    /// The name it came with.
    pub old: String,
    /// The name it has now.
    pub new: String,
}

/// Where the content of audio files is read from while an import is carried out.
pub trait AudioSource {
    /// The bytes of one file, or a sentence that says why they cannot be had.
    fn content(&mut self, id: Uuid) -> Result<Vec<u8>, String>;
}
