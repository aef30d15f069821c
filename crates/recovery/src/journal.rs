//! The journal of a run: append-only lines in a file, durable before each act.
//!
//! For people, and for what they attested and consented to; never for deciding where to go on.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::Line;

/// The most bytes that one line may have.
const LINE_LIMIT: usize = 64 * 1024;
/// The most lines that are read back of one run.
const LINES_LIMIT: usize = 10_000;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The run: a name that sorts by time.
    pub run: String,
    /// The pool.
    pub pool: String,
    /// The host that runs the procedure.
    pub host: String,
    /// Who asked for it.
    pub who: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// What happened.
    pub what: What,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A run began, with what the administrator attested and accepted.
    Began {
        /// The procedure.
        procedure: String,
        /// The other site is off, an administrator says.
        attested: bool,
        /// The measured loss that was accepted, in words.
        accepted: Option<String>,
        /// What else was attested or accepted, in sentences.
        #[serde(default)]
        also: Vec<String>,
    },
    /// A row.
    Row(Line),
    /// The run ended.
    Ended {
        /// Empty when all rows are done.
        stopped: String,
    },
}

/// The journals of one host.
#[derive(Clone, Debug)]
pub struct Journal {
    directory: PathBuf,
}

impl Journal {
    /// Journals in `directory`, which is made when it is not there.
    pub fn open(directory: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(directory)?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// Appends a line, durable when this returns.
    pub fn append(&self, entry: &Entry) -> std::io::Result<()> {
        let mut text = serde_json::to_string(entry)?;
        if LINE_LIMIT < text.len() {
            return Err(std::io::Error::other("a line of the journal is longer than 64 KiB"));
        }
        text.push('\n');
        let path = self.path(&entry.run)?;
        let is_new = !path.exists();
        let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if is_new {
            File::open(&self.directory)?.sync_all()?;
        }
        Ok(())
    }

    /// The lines of the newest run of `pool`, oldest first. A torn last line is left out.
    pub fn newest(&self, pool: &str) -> std::io::Result<Vec<Entry>> {
        let mut files: Vec<_> = fs::read_dir(&self.directory)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|it| it == "jsonl"))
            .collect();
        files.sort();
        for path in files.into_iter().rev() {
            let lines = read(&path)?;
            if lines.first().is_some_and(|line| line.pool == pool) {
                return Ok(lines);
            }
        }
        Ok(Vec::new())
    }

    fn path(&self, run: &str) -> std::io::Result<PathBuf> {
        let sound = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '.';
        if run.is_empty() || 100 < run.len() || !run.chars().all(sound) {
            return Err(std::io::Error::other("that is not the name of a run"));
        }
        Ok(self.directory.join(format!("{run}.jsonl")))
    }
}

fn read(path: &Path) -> std::io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for line in BufReader::new(File::open(path)?).lines().take(LINES_LIMIT) {
        match serde_json::from_str(&line?) {
            Ok(entry) => entries.push(entry),
            // Only the last line can be torn: it was being written when the host fell.
            Err(_) => break,
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{Entry, Journal, What};

    fn entry(run: &str) -> Entry {
        Entry {
            run: run.to_owned(),
            pool: "p".to_owned(),
            host: "h".to_owned(),
            who: "w".to_owned(),
            at: "2026-01-01T00:00:00Z".to_owned(),
            what: What::Ended { stopped: String::new() },
        }
    }

    #[test]
    fn a_torn_last_line_is_left_out() {
        let directory =
            std::env::temp_dir().join(format!("standfast-journal-{}", std::process::id()));
        let journal = Journal::open(&directory).unwrap();
        journal.append(&entry("run-1")).unwrap();
        journal.append(&entry("run-2")).unwrap();
        journal.append(&entry("run-2")).unwrap();
        let path = directory.join("run-2.jsonl");
        let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"{\"run\": \"ru").unwrap();
        assert_eq!(journal.newest("p").unwrap(), vec![entry("run-2"), entry("run-2")]);
        assert_eq!(journal.newest("another").unwrap(), Vec::new());
        assert!(journal.append(&entry("../escape")).is_err());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
