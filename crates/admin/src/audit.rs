//! Who ran what, when, from where, with what result: lines of JSON, durable before the act.
//!
//! The file is only ever appended to. A line is written and synced before anything is done, and
//! another when it has ended; what cannot be audited is not done.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The longest line of the file, in bytes, its end included.
pub const MAX_LINE: usize = 16 * 1024;

/// The longest text of one field, in bytes; the rest is left out and said to be.
const MAX_FIELD: usize = 4 * 1024;

/// The file's name within its directory.
pub const FILE: &str = "audit.jsonl";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The same in both lines of one invocation; sorts by time.
    pub id: Uuid,
    /// When this line was written.
    pub at: Timestamp,
    /// The host that ran it.
    pub host: String,
    /// Who asked.
    pub who: String,
    /// In which role.
    pub role: String,
    /// From which address.
    pub from: String,
    /// The cmdlet's name, which is its audit name.
    pub cmdlet: String,
    /// The normalised line, without secrets.
    pub line: String,
    /// What had become of it.
    pub phase: Phase,
}

/// What had become of an invocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// About to be run.
    Asked,
    /// Run to its end.
    Done {
        /// How many objects it returned.
        objects: usize,
    },
    /// Not run, or not to its end.
    Failed {
        /// The fault's code.
        code: String,
        /// What happened.
        message: String,
    },
    /// Refused before anything was done.
    Refused {
        /// The fault's code.
        code: String,
        /// What happened.
        message: String,
    },
}

/// The audit file of one host. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Audit {
    file: Arc<Mutex<File>>,
    host: Arc<str>,
}

impl Audit {
    /// Opens the file in `directory`, which is made if it is not there, for `host`.
    ///
    /// A line that a crash has cut is closed off, so that what follows can be read.
    pub fn open(directory: &Path, host: &str) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join(FILE);
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&path)?;
        if file.seek(SeekFrom::End(0))? > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        file.sync_all()?;
        File::open(directory)?.sync_all()?;
        Ok(Self { file: Arc::new(Mutex::new(file)), host: host.into() })
    }

    /// The host whose file it is.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Appends `entry`; it is durable when this returns.
    pub async fn append(&self, entry: Entry) -> io::Result<()> {
        let file = Arc::clone(&self.file);
        let write = move || {
            let line = line(&entry)?;
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(line.as_bytes())?;
            file.sync_data()
        };
        tokio::task::spawn_blocking(write).await.map_err(io::Error::other)?
    }
}

/// The line of `entry`, its long fields cut.
fn line(entry: &Entry) -> io::Result<String> {
    let mut entry = entry.clone();
    for field in [&mut entry.who, &mut entry.from, &mut entry.cmdlet, &mut entry.line] {
        cut(field, MAX_FIELD);
    }
    if let Phase::Failed { message, .. } | Phase::Refused { message, .. } = &mut entry.phase {
        cut(message, MAX_FIELD);
    }
    let mut text = serde_json::to_string(&entry)?;
    if text.len() >= MAX_LINE {
        // Every character may take six in JSON: then only the beginning of each field is kept.
        let fields = [&mut entry.who, &mut entry.from, &mut entry.cmdlet, &mut entry.line];
        for field in fields {
            cut(field, MAX_FIELD / 16);
        }
        if let Phase::Failed { message, .. } | Phase::Refused { message, .. } = &mut entry.phase {
            cut(message, MAX_FIELD / 16);
        }
        text = serde_json::to_string(&entry)?;
    }
    if text.len() >= MAX_LINE {
        return Err(io::Error::other("a line of the audit would be longer than 16 KiB"));
    }
    text.push('\n');
    Ok(text)
}

fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        let left_out = text.len() - limit;
        text.truncate(text.floor_char_boundary(limit));
        *text = format!("{text}... ({left_out} bytes left out)");
    }
}
