//! What a keeper remembers of its pool's record, in a file beside its instance.
//!
//! A store file that was lost or rolled back must not decide anything: the keeper knows better.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::record::PoolRecord;
use crate::store::Versioned;

const FILE_NAME: &str = "remembered.json";

/// The newest record that this keeper has seen in its site's store.
#[derive(Debug)]
pub(super) struct Remembered {
    path: PathBuf,
    newest: Option<Kept>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    revision: u64,
    record: PoolRecord,
}

impl Remembered {
    /// Reads what was remembered in `directory`. A damaged file counts as nothing remembered: it
    /// only ever makes a keeper more careful.
    pub(super) fn open(directory: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(directory)?;
        let path = directory.join(FILE_NAME);
        let newest = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).ok(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Self { path, newest })
    }

    /// The highest revision seen; 0 when none was.
    pub(super) fn revision(&self) -> u64 {
        self.newest.as_ref().map_or(0, |kept| kept.revision)
    }

    /// The record at that revision.
    pub(super) fn record(&self) -> Option<&PoolRecord> {
        self.newest.as_ref().map(|kept| &kept.record)
    }

    /// Keeps `read` if it is newer. Gives false if it is older: the store was rolled back.
    pub(super) fn keep(&mut self, read: &Versioned<PoolRecord>) -> std::io::Result<bool> {
        if read.revision < self.revision() {
            return Ok(false);
        }
        if self.newest.as_ref().is_none_or(|kept| kept.record != read.value) {
            let kept = Kept { revision: read.revision, record: read.value.clone() };
            let new = self.path.with_extension("json.new");
            let mut file = File::create(&new)?;
            file.write_all(&serde_json::to_vec_pretty(&kept)?)?;
            file.sync_all()?;
            fs::rename(&new, &self.path)?;
            self.newest = Some(kept);
        }
        Ok(true)
    }
}
