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

    /// Keeps `read` if it is newer: of a higher term, or of the same and as recent. Gives false if
    /// it is older: the store was rolled back, or was written anew by one who knows less.
    pub(super) fn keep(&mut self, read: &Versioned<PoolRecord>) -> std::io::Result<bool> {
        let newest = self.newest.as_ref().map(|kept| (kept.record.term, kept.revision));
        if newest.is_some_and(|newest| (read.value.term, read.revision) < newest) {
            return Ok(false);
        }
        self.obey(read)?;
        Ok(true)
    }

    /// Keeps `read`, whatever was remembered.
    pub(super) fn obey(&mut self, read: &Versioned<PoolRecord>) -> std::io::Result<()> {
        let same = |kept: &Kept| kept.record == read.value && kept.revision <= read.revision;
        if !self.newest.as_ref().is_some_and(same) {
            let kept = Kept { revision: read.revision, record: read.value.clone() };
            let new = self.path.with_extension("json.new");
            let mut file = File::create(&new)?;
            file.write_all(&serde_json::to_vec_pretty(&kept)?)?;
            file.sync_all()?;
            fs::rename(&new, &self.path)?;
            self.newest = Some(kept);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Remembered;
    use crate::record::PoolRecord;
    use crate::store::Versioned;
    use crate::term::Term;

    #[test]
    fn what_is_older_by_term_or_by_revision_is_not_kept() {
        let name = format!("standfast-remembered-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let mut remembered = Remembered::open(&directory).unwrap();
        let mut keep = |turn, revision| {
            let term = Term { reign: 1, turn };
            let value = PoolRecord { term, ..PoolRecord::at_home("first", Vec::new()) };
            remembered.keep(&Versioned { revision, value }).unwrap()
        };
        assert!(keep(0, 7));
        assert!(!keep(0, 6), "the store was rolled back");
        assert!(keep(1, 3), "the store was lost, and written anew by the primary of a later term");
        assert!(!keep(1, 2));
        assert!(!keep(0, 2000), "the store was written anew by one who had missed a turn");
        assert_eq!(Remembered::open(&directory).unwrap().revision(), 3, "it is on disk");
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
