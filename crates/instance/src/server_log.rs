//! The server's own log, read for why it did not start.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// What is read of each log, in bytes.
const READ_LIMIT: u64 = 16 * 1024;

/// Lines that are quoted.
const LINES_LIMIT: usize = 6;

/// What marks a line as a complaint.
const COMPLAINTS: [&str; 5] = ["FATAL:", "PANIC:", "ERROR:", "HINT:", "could not"];

/// The log directory, and how long each file was when we looked first.
#[derive(Debug)]
pub(crate) struct ServerLog {
    directory: PathBuf,
    lengths: Vec<(PathBuf, u64)>,
}

impl ServerLog {
    /// Remembers where the logs end now.
    pub(crate) fn from_now(directory: &Path) -> Self {
        let lengths = files(directory);
        Self { directory: directory.to_owned(), lengths }
    }

    /// Where the server writes before its log collector runs.
    pub(crate) fn startup(&self) -> PathBuf {
        self.directory.join("startup.log")
    }

    /// The last complaints written since; without any, the last lines.
    pub(crate) fn complaints(&self) -> String {
        let text: String = files(&self.directory)
            .into_iter()
            .filter_map(|(path, length)| {
                let before = self.lengths.iter().find(|it| it.0 == path).map_or(0, |it| it.1);
                let start = if before <= length { before } else { 0 };
                read_from(&path, start.max(length.saturating_sub(READ_LIMIT)))
            })
            .collect();
        let complains = |line: &&str| COMPLAINTS.iter().any(|it| line.contains(it));
        let mut lines: Vec<_> = text.lines().filter(complains).collect();
        if lines.is_empty() {
            lines = text.lines().collect();
        }
        lines[lines.len().saturating_sub(LINES_LIMIT)..].join("\n")
    }
}

fn files(directory: &Path) -> Vec<(PathBuf, u64)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|it| Some((it.path(), it.metadata().ok()?.len()))).collect()
}

fn read_from(path: &Path, start: u64) -> Option<String> {
    let mut file = File::open(path).ok()?;
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut bytes = Vec::new();
    file.take(READ_LIMIT).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
