//! Up to where WAL was received for a backup instance, in a file beside it: the share's own note is
//! lost with the share.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use instance::shipping::Position;

const FILE_NAME: &str = "received.json";

/// The file, and what stands in it.
#[derive(Debug)]
pub(super) struct Received {
    path: PathBuf,
    noted: Option<Position>,
}

impl Received {
    pub(super) fn open(directory: &Path) -> Self {
        Self { path: directory.join(FILE_NAME), noted: read(directory) }
    }

    /// Notes a position that is later than the one before: what is lost of the share comes again
    /// from its beginning. What stands there after a crash may be a little older.
    pub(super) fn note(&mut self, position: Position) -> io::Result<()> {
        let place = |it: Position| (it.timeline, it.lsn);
        if self.noted.map(place) < Some(place(position)) {
            let new = self.path.with_extension("json.new");
            fs::write(&new, serde_json::to_vec(&position)?)?;
            fs::rename(&new, &self.path)?;
            self.noted = Some(position);
        }
        Ok(())
    }

    /// For a new copy, and after a time of its own, nothing was received yet.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        if self.noted.is_none() {
            return Ok(());
        }
        self.noted = None;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// What was noted in `directory`. A damaged file counts as nothing noted.
pub(super) fn read(directory: &Path) -> Option<Position> {
    let bytes = fs::read(directory.join(FILE_NAME)).ok()?;
    serde_json::from_slice(&bytes).ok()
}
