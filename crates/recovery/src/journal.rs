//! The journal of a run: append-only lines in a file, durable before each act.
//!
//! For people, and for what they attested and consented to; never for deciding where to go on.

use std::collections::BTreeSet;
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

    /// The lines of the newest run of `pool`, oldest first, and before them those of the runs that
    /// it went on from. A torn last line is left out. One that was refused before its first row, or
    /// that found all of it done, tells less than any other, and stands back.
    pub fn newest(&self, pool: &str) -> std::io::Result<Vec<Entry>> {
        let mut files: Vec<_> = fs::read_dir(&self.directory)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|it| it == "jsonl"))
            .collect();
        files.sort();
        let (mut idle, mut found) = (Vec::new(), Vec::new());
        for path in files.into_iter().rev() {
            let lines = read(&path)?;
            if lines.first().is_none_or(|line| line.pool != pool) {
                continue;
            }
            if !has_worked(&lines) {
                if idle.is_empty() {
                    idle = lines;
                }
                continue;
            }
            let is_more = found.is_empty() || goes_on(&found, &lines);
            if !is_more || LINES_LIMIT < found.len() {
                break;
            }
            found.splice(..0, lines);
        }
        Ok(if found.is_empty() { idle } else { found })
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

/// Whether a run did more than to take the lock.
fn has_worked(run: &[Entry]) -> bool {
    let worked_at = |entry: &Entry| match &entry.what {
        What::Row(Line { number, mark, .. }) if *mark != Mark::AlreadyDone => Some(number.clone()),
        _ => None,
    };
    let rows: BTreeSet<_> = run.iter().filter_map(worked_at).collect();
    1 < rows.len()
}

/// Whether what was found went on from a run of the same procedure, which did not come to its end.
fn goes_on(found: &[Entry], before: &[Entry]) -> bool {
    let procedure = |run: &[Entry]| match run.first().map(|it| &it.what) {
        Some(What::Began { procedure, .. }) => Some(procedure.clone()),
        _ => None,
    };
    let ended = before.iter().any(|it| matches!(it.what, What::Finished));
    !ended && procedure(before).is_some() && procedure(before) == procedure(found)
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

    fn anew(name: &str) -> (std::path::PathBuf, Journal) {
        let name = format!("standfast-journal-{name}-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let journal = Journal::open(&directory).unwrap();
        (directory, journal)
    }

    /// What a run of this procedure noted that did one row besides the lock; or found it done.
    fn ran(run: &str, procedure: &str, mark: &Mark, end: Option<What>) -> Vec<Entry> {
        let row = |number: &str, mark: &Mark| {
            let (procedure, number) = (procedure.to_owned(), number.to_owned());
            What::Row(Line { procedure, number, text: "Do it.".to_owned(), mark: mark.clone() })
        };
        let (attested, accepted, also) = (false, None, Vec::new());
        let began = What::Began { procedure: procedure.to_owned(), attested, accepted, also };
        let lines = [began, row("a", &Mark::Done), row("2", mark)];
        lines.into_iter().chain(end).map(|what| Entry { what, ..entry(run) }).collect()
    }

    #[test]
    fn the_newest_run_is_told_with_those_it_went_on_from() {
        let (directory, journal) = anew("went-on");
        let stopped = || Some(What::Ended { stopped: "the host fell".to_owned() });
        let (done, finished) = (Mark::Done, Some(What::Finished));
        let runs = [
            ran("run-1", "fail-back", &done, finished.clone()),
            ran("run-2", "fail-over", &done, None),
            ran("run-3", "fail-back", &done, None),
            ran("run-4", "fail-back", &done, stopped()),
            ran("run-5", "fail-back", &done, finished.clone()),
            ran("run-6", "fail-back", &Mark::AlreadyDone, finished),
            vec![Entry { what: stopped().unwrap(), ..entry("run-7") }],
        ];
        for line in runs.iter().flatten() {
            journal.append(line).unwrap();
        }
        assert_eq!(journal.newest("p").unwrap(), runs[2..5].concat());
        assert_eq!(journal.newest("another").unwrap(), Vec::new());
        assert_eq!(journal.run("run-1").unwrap(), runs[0]);
        assert_eq!(journal.run("run-8").unwrap(), Vec::new());
        // Where there is none that did anything, the newest is told.
        for run in ["run-8", "run-9"] {
            let line = Entry { pool: "q".to_owned(), ..entry(run) };
            journal.append(&line).unwrap();
            assert_eq!(journal.newest("q").unwrap(), [line]);
        }
        assert!(journal.append(&entry("../escape")).is_err());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_torn_last_line_is_left_out() {
        let (directory, journal) = anew("torn");
        let run = ran("run-2", "fail-back", &Mark::Done, None);
        for line in &run {
            journal.append(line).unwrap();
        }
        let path = directory.join("run-2.jsonl");
        let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"{\"run\": \"ru").unwrap();
        assert_eq!(journal.newest("p").unwrap(), run);
        std::fs::remove_dir_all(directory).unwrap();
    }
}
