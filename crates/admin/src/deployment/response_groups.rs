//! What the product can do with Response Groups, as the cmdlets see it.

use std::collections::BTreeMap;

use response_groups::compare::Compared;
use response_groups::import::Report;
use response_groups::model::{AudioFile, AudioRef, Kind, Object, ServiceSettings};
use serde::{Deserialize, Serialize};
use shell::Value;
use uuid::Uuid;

use super::{Mode, Outcome, Reply};
use crate::files::Delivery;
use crate::watch::Watch;

/// What the product can do with Response Groups. A pool is named by its FQDN as declared.
///
/// Before anything is changed at a pool, the one that it is paired with is asked whether it stands
/// in. Where that one is not heard, the change is made, and `watch` is told. With [`Mode::WhatIf`]
/// every check is made and nothing is kept.
pub trait ResponseGroups: Send + Sync {
    /// The pools that host Response Groups.
    fn front_end_pools(&self) -> Reply<'_, Vec<FrontEndPool>>;

    /// Objects of `kind` that `parent` hosts.
    fn list(&self, parent: String, kind: Kind, which: Which) -> Reply<'_, Listing>;

    /// Saves an object at `parent`, if every check allows it. Its name must be unused in every pool
    /// that can be reached; `watch` is told of those that cannot.
    fn save<'a>(&'a self, parent: String, save: Save, watch: &'a Watch) -> Reply<'a, ()>;

    /// Removes an object that nothing refers to.
    fn remove<'a>(&'a self, parent: String, remove: Remove, watch: &'a Watch) -> Reply<'a, ()>;

    /// Keeps an audio file at `parent`.
    fn add_audio<'a>(
        &'a self,
        parent: String,
        audio: AudioFile,
        mode: Mode,
        watch: &'a Watch,
    ) -> Reply<'a, AudioRef>;

    /// The application-level settings that `parent` holds, by owner.
    fn settings(&self, parent: String) -> Reply<'_, BTreeMap<String, ServiceSettings>>;

    /// Gives `parent` other application-level settings.
    fn set_settings<'a>(
        &'a self,
        parent: String,
        settings: ServiceSettings,
        mode: Mode,
        watch: &'a Watch,
    ) -> Reply<'a, ()>;

    /// Formal agents who are signed in at `parent`.
    fn sign_ins(&self, parent: String) -> Reply<'_, Vec<SignedIn>>;

    /// Signs an agent in to a formal group, or out of it.
    fn sign_in<'a>(&'a self, parent: String, sign: Sign, watch: &'a Watch) -> Reply<'a, ()>;

    /// Makes an export file, which the shell is to fetch.
    fn export(&self, order: Export) -> Reply<'_, Delivery>;

    /// Imports an export file that the shell has sent, all or nothing.
    fn import<'a>(&'a self, order: Import, watch: &'a Watch) -> Reply<'a, Report>;

    /// Moves what belongs to a pool and is hosted there to another pool, whose it is from then on:
    /// all or nothing at either pool. Ordered again, it finishes what was interrupted.
    fn move_configuration<'a>(
        &'a self,
        order: MoveConfiguration,
        watch: &'a Watch,
    ) -> Reply<'a, Report>;

    /// Compares what `parent` hosts with an export file that the shell has sent.
    fn compare(&self, order: Compare) -> Reply<'_, Vec<Compared>>;

    /// Lets the pool that it is paired with stand in for a pool.
    fn fail_over<'a>(&'a self, order: MovePool, watch: &'a Watch) -> Reply<'a, Outcome>;

    /// Brings the Response Groups of a pool home again.
    fn fail_back<'a>(&'a self, order: MovePool, watch: &'a Watch) -> Reply<'a, Outcome>;

    /// How a pool and the one that it is paired with stand to each other.
    fn pairing(&self, pool: String) -> Reply<'_, Pairing>;
}

/// An order to fail a pool over, or back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovePool {
    /// The pool that the Response Groups belong to.
    pub pool: String,
    /// It is down, the administrator says.
    pub attested: bool,
    /// The administrator accepts that the last changes are missing until it returns.
    pub accept_loss: bool,
    /// The pool's stores whose data is lost, the administrator says: they are made anew, empty.
    pub lost_copies: Vec<String>,
    /// Whether to act.
    pub mode: Mode,
    /// Who asks, for the journal.
    pub who: String,
}

/// How a pool and the one that it is paired with stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    /// The pool that the Response Groups belong to.
    pub pool: String,
    /// The pool that stands in for it.
    pub backup: String,
    /// `Active`, `FailedOver`, `Closed`, `Lost` or `Unknown`.
    pub state: &'static str,
    /// The pool where they may be changed now; none where that is not known, or while they move.
    pub changed_at: Option<String>,
    /// What was received, in words.
    pub received: String,
    /// What is not as it should be, in sentences.
    pub notes: Vec<String>,
}

/// An order to export.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// The pool that hosts what is exported.
    pub source: String,
    /// Whose.
    pub of: Owner,
    /// What the shell calls the file.
    pub file_name: String,
    /// What was exported is removed once the file is safe.
    pub remove: bool,
    /// Also where it is in service for another pool.
    pub force: bool,
    /// Not what it hosts is meant, but what its last failback has put aside.
    pub put_aside: bool,
    /// Who asks: the file is for nobody else.
    pub who: String,
}

/// An order to import.
#[allow(clippy::struct_excessive_bools, reason = "they are the cmdlet's switches")]
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The pool that is to host it.
    pub destination: String,
    /// The file, as the shell has sent it.
    pub file: Value,
    /// Who has sent it.
    pub who: String,
    /// The destination becomes the owner.
    pub overwrite_owner: bool,
    /// The destination's own settings are replaced.
    pub replace_settings: bool,
    /// Newcomers whose names are taken are given others.
    pub resolve_name_conflicts: bool,
    /// What was changed where another pool stands in is given up.
    pub force: bool,
    /// Whether to act.
    pub mode: Mode,
}

/// An order to move what belongs to a pool to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveConfiguration {
    /// The pool that hosts and owns it.
    pub source: String,
    /// The pool that is to host and own it.
    pub destination: String,
    /// Newcomers whose names are taken are given others.
    pub resolve_name_conflicts: bool,
    /// What an interrupted move brought there, and is different now, is replaced.
    pub replace: bool,
    /// Whether to act.
    pub mode: Mode,
}

/// An order to compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Compare {
    /// The pool whose objects are compared.
    pub parent: String,
    /// The file, as the shell has sent it.
    pub file: Value,
    /// Who has sent it.
    pub who: String,
}

/// A pool that hosts Response Groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrontEndPool {
    /// Its name in the DNS.
    pub fqdn: String,
    /// The site where it stands.
    pub site: String,
    /// The pool that it is paired with.
    pub backup_pool: Option<String>,
    /// Its databases, the home store first.
    pub stores: Vec<String>,
}

/// Which objects are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Which {
    /// Only this one.
    pub id: Option<Uuid>,
    /// Only the one of this name, whatever the case.
    pub name: Option<String>,
    /// Whose.
    pub of: Owner,
}

/// Whose objects are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Those that belong to the pool that hosts them.
    Parent,
    /// Those that belong to this pool.
    Pool(String),
    /// All.
    Any,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The objects, by name.
    pub objects: Vec<Object>,
    /// How many more there would be without the filter on owners, by owner.
    pub hidden: BTreeMap<String, usize>,
}

/// An object to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Save {
    /// The object, whole.
    pub object: Object,
    /// Whether it is a new one; otherwise it must be there already.
    pub as_new: bool,
    /// Whether it is only rehearsed: every check is made, and nothing is kept.
    pub mode: Mode,
}

/// An object to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remove {
    /// What it is.
    pub kind: Kind,
    /// Which one.
    pub id: Uuid,
    /// Whether it is only rehearsed.
    pub mode: Mode,
}

/// A formal agent who is to be signed in or out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// The group.
    pub group: Uuid,
    /// The agent's SIP address.
    pub agent: String,
    /// In, or out.
    pub on: bool,
    /// Whether it is only rehearsed.
    pub mode: Mode,
}

/// A formal agent who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The group.
    pub group: Uuid,
    /// Its name.
    pub name: String,
    /// The agent's SIP address.
    pub agent: String,
    /// When the agent signed in.
    pub since: jiff::Timestamp,
}
