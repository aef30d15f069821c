//! The server's own log, read for why it did not start.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// What is read of each log, in bytes.
const READ_LIMIT: u64 = 16 * 1024;

/// Lines that are quoted.
const LINES_LIMIT: usize = 6;

/// What marks a line as a complaint.
const COMPLAINTS: [&str; 3] = ["FATAL:", "PANIC:", "could not"];

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

    /// What was written since, up to the last complaint; without any, the last lines.
    pub(crate) fn complaints(&self) -> String {
        let texts = files(&self.directory).into_iter().filter_map(|(path, length)| {
            let before = self.lengths.iter().find(|it| it.0 == path).map_or(0, |it| it.1);
            let start = if before <= length { before } else { 0 };
            read_from(&path, start.max(length.saturating_sub(READ_LIMIT)))
        });
        let (complaining, quiet): (Vec<_>, Vec<_>) =
            texts.map(|it| excerpt(&it)).partition(|it| it.complains);
        let chosen = if complaining.is_empty() { quiet } else { complaining };
        chosen.into_iter().map(|it| it.lines).collect::<Vec<_>>().join("\n")
    }
}

/// The part of one log that is quoted.
struct Excerpt {
    lines: String,
    complains: bool,
}

fn excerpt(text: &str) -> Excerpt {
    let lines: Vec<_> = text.lines().collect();
    let last = lines.iter().rposition(|line| COMPLAINTS.iter().any(|it| line.contains(it)));
    let end = last.map_or(lines.len(), |it| it + 1);
    let quoted = &lines[end.saturating_sub(LINES_LIMIT)..end];
    Excerpt { lines: quoted.join("\n"), complains: last.is_some() }
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
