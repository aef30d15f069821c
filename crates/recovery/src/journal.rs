//! The journal of a run: append-only lines in a file, durable before each act.
//!
//! For people, and for what they attested and consented to; never for deciding where to go on.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::{Line, Mark};

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
    /// The run came to its end: all that was asked for is done.
    Finished,
    /// The run stopped before its end.
    Ended {
        /// Why. Lines of old runs that finished say nothing here, and are read as
        /// [`What::Finished`].
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

    /// The lines of the newest run of `pool`, oldest first. A torn last line is left out. One that
    /// was refused before its first row tells less than any that was not, and stands back.
    pub fn newest(&self, pool: &str) -> std::io::Result<Vec<Entry>> {
        let mut files: Vec<_> = fs::read_dir(&self.directory)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|it| it == "jsonl"))
            .collect();
        files.sort();
        let mut refused = Vec::new();
        for path in files.into_iter().rev() {
            let lines = read(&path)?;
            if lines.first().is_none_or(|line| line.pool != pool) {
                continue;
            }
            if lines.iter().any(|line| matches!(line.what, What::Row(_) | What::Finished)) {
                return Ok(lines);
            }
            if refused.is_empty() {
                refused = lines;
            }
        }
        Ok(refused)
    }

    /// The lines of one run, oldest first; none where this host has none of it.
    pub fn run(&self, run: &str) -> std::io::Result<Vec<Entry>> {
        match read(&self.path(run)?) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        }
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
            Ok(entry) => entries.push(as_noted_now(entry)),
            // Only the last line can be torn: it was being written when the host fell.
            Err(_) => break,
        }
    }
    Ok(entries)
}

fn as_noted_now(mut entry: Entry) -> Entry {
    if matches!(&entry.what, What::Ended { stopped } if stopped.is_empty()) {
        entry.what = What::Finished;
    }
    entry
}

/// A run in words: what it is, who began it, when and where, and how far it is.
pub(crate) fn tell_of(run: &str, entries: &[Entry]) -> String {
    let Some(first) = entries.first() else {
        return format!("{run}, of which this host has no journal");
    };
    let procedure = match &first.what {
        What::Began { procedure, .. } => procedure,
        What::Row(line) => &line.procedure,
        What::Finished | What::Ended { .. } => run,
    };
    let last = entries.iter().rev().find_map(|entry| match &entry.what {
        What::Row(line) => Some(line),
        What::Began { .. } | What::Finished | What::Ended { .. } => None,
    });
    let step = match last {
        None => "before its first step".to_owned(),
        Some(Line { number, text, mark, .. }) => match mark {
            Mark::Started | Mark::WouldDo => format!("at step {number}: {text}"),
            Mark::Done | Mark::AlreadyDone => format!("step {number} is done: {text}"),
            Mark::Failed(why) => format!("step {number} failed: {why}"),
        },
    };
    let Entry { who, host, at, .. } = first;
    format!("{procedure}, which {who} began at {at} on {host} ({run}); {step}")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{Entry, Journal, What, tell_of};
    use crate::engine::{Line, Mark};

    fn entry(run: &str) -> Entry {
        Entry {
            run: run.to_owned(),
            pool: "p".to_owned(),
            host: "h".to_owned(),
            who: "w".to_owned(),
            at: "2026-01-01T00:00:00Z".to_owned(),
            what: What::Finished,
        }
    }

    /// The last line of a good run, as it was written before it said so.
    const OLD: &str = r#"{"run":"run-1","pool":"p","host":"h","who":"w",
        "at":"2026-01-01T00:00:00Z","what":{"ended":{"stopped":""}}}"#;

    #[test]
    fn a_good_run_says_that_it_finished_and_old_ones_are_read_so() {
        let written = serde_json::to_string(&entry("run-1")).unwrap();
        assert!(written.ends_with(r#""what":"finished"}"#), "{written}");
        let old = serde_json::from_str(OLD).unwrap();
        assert_eq!(super::as_noted_now(old), entry("run-1"));
        let stopped = What::Ended { stopped: "why".to_owned() };
        let entry = Entry { what: stopped, ..entry("run-1") };
        assert_eq!(super::as_noted_now(entry.clone()), entry);
    }

    #[test]
    fn a_run_is_told_in_words_as_far_as_it_is() {
        let began = |it: &str| What::Began {
            procedure: it.to_owned(),
            attested: true,
            accepted: None,
            also: Vec::new(),
        };
        let row = |mark| {
            let (procedure, number) = ("fail-over".to_owned(), "3".to_owned());
            What::Row(Line { procedure, number, text: "Replay it.".to_owned(), mark })
        };
        let noted = |what| Entry { what, ..entry("run-1") };
        let mut entries = vec![noted(began("fail-over"))];
        let begun = "fail-over, which w began at 2026-01-01T00:00:00Z on h (run-1)";
        assert_eq!(tell_of("run-1", &entries), format!("{begun}; before its first step"));
        entries.push(noted(row(Mark::Started)));
        assert_eq!(tell_of("run-1", &entries), format!("{begun}; at step 3: Replay it."));
        entries.push(noted(row(Mark::Failed("torn".to_owned()))));
        assert_eq!(tell_of("run-1", &entries), format!("{begun}; step 3 failed: torn"));
        assert_eq!(tell_of("run-2", &[]), "run-2, of which this host has no journal");
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
        // One that was refused since hides nothing; where there is no other, it is told.
        let refused = |run: &str, pool: &str| {
            let what = What::Ended { stopped: "another one runs".to_owned() };
            Entry { what, pool: pool.to_owned(), ..entry(run) }
        };
        for line in [refused("run-6", "p"), refused("run-7", "q"), refused("run-8", "q")] {
            journal.append(&line).unwrap();
        }
        assert_eq!(journal.newest("p").unwrap(), vec![entry("run-2"), entry("run-2")]);
        assert_eq!(journal.newest("q").unwrap(), vec![refused("run-8", "q")]);
        assert_eq!(journal.run("run-1").unwrap(), vec![entry("run-1")]);
        assert_eq!(journal.run("run-3").unwrap(), Vec::new());
        assert!(journal.append(&entry("../escape")).is_err());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
