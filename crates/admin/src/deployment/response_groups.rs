//! What the product can do with Response Groups, as the cmdlets see it.

use std::collections::BTreeMap;

use response_groups::model::{AudioFile, AudioRef, Kind, Object, ServiceSettings};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Reply;
use crate::watch::Watch;

/// What the product can do with Response Groups. A pool is named by its FQDN as declared.
pub trait ResponseGroups: Send + Sync {
    /// The pools that host Response Groups.
    fn front_end_pools(&self) -> Reply<'_, Vec<FrontEndPool>>;

    /// Objects of `kind` that `parent` hosts.
    fn list(&self, parent: String, kind: Kind, which: Which) -> Reply<'_, Listing>;

    /// Saves an object at `parent`, if every check allows it. Its name must be unused in every pool
    /// that can be reached; `watch` is told of those that cannot.
    fn save<'a>(&'a self, parent: String, save: Save, watch: &'a Watch) -> Reply<'a, ()>;

    /// Removes an object that nothing refers to.
    fn remove(&self, parent: String, kind: Kind, id: Uuid) -> Reply<'_, ()>;

    /// Keeps an audio file at `parent`.
    fn add_audio(&self, parent: String, audio: AudioFile) -> Reply<'_, AudioRef>;

    /// The application-level settings that `parent` holds, by owner.
    fn settings(&self, parent: String) -> Reply<'_, BTreeMap<String, ServiceSettings>>;

    /// Gives `parent` other application-level settings.
    fn set_settings(&self, parent: String, settings: ServiceSettings) -> Reply<'_, ()>;

    /// Formal agents who are signed in at `parent`.
    fn sign_ins(&self, parent: String) -> Reply<'_, Vec<SignedIn>>;

    /// Signs an agent in to a formal group, or out of it.
    fn sign_in(&self, parent: String, group: Uuid, agent: String, on: bool) -> Reply<'_, ()>;
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
    /// Whether it must be there already.
    pub as_new: bool,
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
