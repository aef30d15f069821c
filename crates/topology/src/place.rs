//! Places: where an instance was designed to stand. Its role, primary or standby, is another word.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a store stands in its pool. It never changes while the topology stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Home,
    HomeMirror,
    Backup,
    BackupMirror,
}

impl Place {
    /// Every place, in the order in which people name them.
    pub const ALL: [Self; 4] = [Self::Home, Self::HomeMirror, Self::Backup, Self::BackupMirror];

    /// The place of the mirror's other half: home and home mirror, backup and backup mirror.
    pub fn partner(self) -> Self {
        match self {
            Self::Home => Self::HomeMirror,
            Self::HomeMirror => Self::Home,
            Self::Backup => Self::BackupMirror,
            Self::BackupMirror => Self::Backup,
        }
    }

    /// Whether the place is in the pool's home site.
    pub fn is_home(self) -> bool {
        match self {
            Self::Home | Self::HomeMirror => true,
            Self::Backup | Self::BackupMirror => false,
        }
    }

    /// Whether the place was designed for a mirror.
    pub fn is_mirror(self) -> bool {
        match self {
            Self::HomeMirror | Self::BackupMirror => true,
            Self::Home | Self::Backup => false,
        }
    }

    /// The key of the place in a topology file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::HomeMirror => "home_mirror",
            Self::Backup => "backup",
            Self::BackupMirror => "backup_mirror",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Home => "home",
            Self::HomeMirror => "home mirror",
            Self::Backup => "backup",
            Self::BackupMirror => "backup mirror",
        })
    }
}

/// The names of a pool's stores, by place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stores {
    pub home: String,
    pub home_mirror: Option<String>,
    pub backup: Option<String>,
    pub backup_mirror: Option<String>,
}

impl Stores {
    /// The name of the store at `place`, if the pool has one there.
    pub fn at(&self, place: Place) -> Option<&str> {
        match place {
            Place::Home => Some(&self.home),
            Place::HomeMirror => self.home_mirror.as_deref(),
            Place::Backup => self.backup.as_deref(),
            Place::BackupMirror => self.backup_mirror.as_deref(),
        }
    }

    /// The place of the store named `store`, if it is one of these.
    pub fn place_of(&self, store: &str) -> Option<Place> {
        Place::ALL.into_iter().find(|place| self.at(*place) == Some(store))
    }

    /// Every place that is taken, with the name of its store.
    pub fn iter(&self) -> impl Iterator<Item = (Place, &str)> {
        Place::ALL.into_iter().filter_map(|place| self.at(place).map(|store| (place, store)))
    }
}
