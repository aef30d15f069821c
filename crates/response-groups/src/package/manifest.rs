//! The manifest: where a configuration comes from, when, and what the file should hold.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::Refused;
use super::layout::{FORMAT, MANIFEST, Part, VERSION};
use super::limits::COUNT_MAX;
use super::whole;
use crate::configuration::Configuration;
use crate::import::RAISED_MAX;
use crate::model::Kind;

/// The product, as it names itself in the manifest.
const PRODUCT: &str = concat!("Standfast ", env!("CARGO_PKG_VERSION"));

/// What the exporter says of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The pool from which it was exported.
    pub source: String,
    /// Only objects of this owner were exported; of all owners if none.
    pub owner: Option<String>,
    /// When.
    pub created: Timestamp,
    /// What the source knew of each owner.
    pub owners: BTreeMap<String, Reign>,
}

/// What a pool knew of an owner when it exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Reign {
    /// Raised whenever another pool becomes the one that may edit the owner's objects.
    pub reign: i64,
    /// Raised by every change of the owner's objects.
    pub revision: i64,
}

/// The first entry of an export file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u64,
    /// The product that wrote the file, with its version.
    pub product: String,
    /// The pool from which it was exported.
    pub source: String,
    /// Only objects of this owner were exported; of all owners if none.
    pub owner: Option<String>,
    /// When.
    pub created: Timestamp,
    /// What the source knew of each owner.
    pub owners: BTreeMap<String, Reign>,
    /// How many objects of each kind there are.
    pub counts: BTreeMap<String, u64>,
    /// Every other entry of the file, in its order.
    pub entries: Vec<Entry>,
}

/// An entry of the file as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its size, unpacked.
    pub bytes: u64,
    /// The SHA-256 of it, unpacked, in hexadecimal digits.
    pub sha256: String,
}

/// What tells a manifest of ours from another's, whatever else is in it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Mark {
    format: String,
    version: u64,
}

impl Manifest {
    pub(super) fn new(header: &Header, whole: &Configuration, entries: Vec<Entry>) -> Self {
        let Header { source, owner, created, owners } = header.clone();
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            product: PRODUCT.to_owned(),
            source,
            owner,
            created,
            owners,
            counts: counts(whole),
            entries,
        }
    }

    /// The manifest in `json`, if it is one of ours and of our version.
    pub(super) fn parse(json: &[u8]) -> Result<Self, Refused> {
        let mark: Mark = serde_json::from_slice(json).map_err(|_| Refused::Foreign)?;
        if mark.format != FORMAT {
            return Err(Refused::Foreign);
        }
        if mark.version != VERSION {
            return Err(Refused::Version { found: mark.version, known: VERSION });
        }
        let read: Self =
            serde_json::from_slice(json).map_err(|it| Refused::content(MANIFEST, &it))?;
        read.check_numbers().map_err(|it| Refused::content(MANIFEST, &it))?;
        Ok(read)
    }

    /// Whether each owner is a pool and has come no further than pools come. The problem is a part
    /// of a sentence.
    pub(super) fn check_numbers(&self) -> Result<(), String> {
        for (owner, Reign { reign, revision }) in &self.owners {
            whole::check_pool(owner)?;
            for (what, number) in [("Reign", reign), ("Revision", revision)] {
                if !(0..=RAISED_MAX).contains(number) {
                    return Err(format!(
                        "{what} {number} of {owner} is not between 0 and {RAISED_MAX}"
                    ));
                }
            }
        }
        let many = self.counts.iter().find(|(_, count)| **count > COUNT_MAX);
        many.map_or(Ok(()), |(what, count)| Err(format!("{count} {what} are in no export file")))
    }

    /// How many objects the file should hold.
    pub fn objects(&self) -> u64 {
        let names = Kind::ALL.map(|kind| Part::Objects(kind).count_name());
        names
            .iter()
            .filter_map(|it| self.counts.get(*it))
            .fold(0, |all, it| all.saturating_add(*it))
    }

    /// What the exporter said.
    pub fn header(&self) -> Header {
        let Self { source, owner, created, owners, .. } = self.clone();
        Header { source, owner, created, owners }
    }
}

/// How many of each part a configuration has.
pub(super) fn counts(whole: &Configuration) -> BTreeMap<String, u64> {
    Part::ALL.into_iter().map(|it| (it.count_name().to_owned(), it.count(whole))).collect()
}

/// The SHA-256 of something, in hexadecimal digits.
pub(super) fn hexadecimal(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("text takes what is written");
        digits
    })
}
