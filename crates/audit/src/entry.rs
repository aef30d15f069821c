//! One line of the trail, and the text that it is in a host's file.

use std::io;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The longest line of the file, in bytes, its end included.
pub const MAX_LINE: usize = 16 * 1024;

/// The longest text of one field, in bytes; the rest is left out and said to be.
const MAX_FIELD: usize = 4 * 1024;

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

impl Phase {
    /// Its name, as in the file and in the database.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
            Self::Refused { .. } => "refused",
        }
    }

    /// About how many bytes of text it has.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Asked | Self::Done { .. } => 0,
            Self::Failed { code, message } | Self::Refused { code, message } => {
                code.len() + message.len()
            }
        }
    }
}

impl Entry {
    /// About how many bytes of text it has.
    pub(crate) fn size(&self) -> usize {
        let fields = [&self.host, &self.who, &self.role, &self.from, &self.cmdlet, &self.line];
        fields.iter().map(|field| field.len()).sum::<usize>() + self.phase.size()
    }
}

/// The line of `entry`, its long fields cut.
pub(crate) fn line(entry: &Entry) -> io::Result<String> {
    let mut entry = entry.clone();
    cut_fields(&mut entry, MAX_FIELD);
    let mut text = serde_json::to_string(&entry)?;
    if text.len() >= MAX_LINE {
        // Every character may take six in JSON: then only the beginning of each field is kept.
        cut_fields(&mut entry, MAX_FIELD / 16);
        text = serde_json::to_string(&entry)?;
    }
    if text.len() >= MAX_LINE {
        return Err(io::Error::other("a line of the audit would be longer than 16 KiB"));
    }
    text.push('\n');
    Ok(text)
}

fn cut_fields(entry: &mut Entry, limit: usize) {
    for field in [&mut entry.who, &mut entry.from, &mut entry.cmdlet, &mut entry.line] {
        cut(field, limit);
    }
    if let Phase::Failed { message, .. } | Phase::Refused { message, .. } = &mut entry.phase {
        cut(message, limit);
    }
}

fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        let left_out = text.len() - limit;
        text.truncate(text.floor_char_boundary(limit));
        *text = format!("{text}... ({left_out} bytes left out)");
    }
}
