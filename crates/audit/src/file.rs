//! A host's own file of the trail: lines of JSON, durable before the act.
//!
//! The file is only ever appended to. A line is written and synced before anything is done, and
//! another when it has ended; what cannot be audited is not done. Whoever copies the file reads
//! what is durable of it, and nothing else.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

use crate::entry::{Entry, MAX_LINE, line};

/// The file's name within its directory.
pub const FILE: &str = "audit.jsonl";

/// The most bytes that are read at once; many times the longest line.
const BATCH_BYTES: usize = 512 * 1024;

/// The most lines that are read at once.
const BATCH_LINES: usize = 500;

/// The audit file of one host. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Audit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    end: Mutex<End>,
    path: PathBuf,
    host: String,
    /// How many bytes of it are durable.
    written: watch::Sender<u64>,
}

/// The file's end.
#[derive(Debug)]
struct End {
    file: File,
    /// Whether the last line may have been cut: the next one then begins on a line of its own.
    is_torn: bool,
}

/// Some lines of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Each with the place where it begins.
    pub lines: Vec<(u64, Entry)>,
    /// Where the next batch begins; where this one began, if there is nothing more.
    pub next: u64,
    /// How many lines were passed over because they cannot be read: cut by a crash.
    pub unreadable: usize,
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
        let (written, _) = watch::channel(file.metadata()?.len());
        let end = Mutex::new(End { file, is_torn: false });
        Ok(Self(Arc::new(Inner { end, path, host: host.to_owned(), written })))
    }

    /// The host whose file it is.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Appends `entry`; it is durable when this returns.
    pub async fn append(&self, entry: Entry) -> io::Result<()> {
        let inner = Arc::clone(&self.0);
        let write = move || {
            let line = line(&entry)?;
            let mut end = inner.end.lock().unwrap_or_else(PoisonError::into_inner);
            let length = end.append(line)?;
            inner.written.send_replace(length);
            Ok(())
        };
        tokio::task::spawn_blocking(write).await.map_err(io::Error::other)?
    }

    /// Tells how many bytes of it are durable, now and from now on.
    pub fn written(&self) -> watch::Receiver<u64> {
        self.0.written.subscribe()
    }

    /// Durable lines from `place` on, where a line begins.
    pub async fn batch(&self, place: u64) -> io::Result<Batch> {
        self.read(place, BATCH_BYTES, |place, bytes| batch(place, &bytes)).await
    }

    /// Where the next line begins, if the one at `place` is that of this id and phase.
    pub async fn after(&self, place: u64, id: Uuid, phase: String) -> io::Result<Option<u64>> {
        let next = move |place: u64, bytes: Vec<u8>| {
            let end = bytes.iter().position(|byte| *byte == b'\n')?;
            let entry: Entry = serde_json::from_slice(&bytes[..end]).ok()?;
            (entry.id == id && entry.phase.name() == phase).then(|| place + length(&bytes[..=end]))
        };
        self.read(place, MAX_LINE, next).await
    }

    /// Has `understand` the durable bytes from `place` on, at most `limit` of them.
    async fn read<T: Send + 'static>(
        &self,
        place: u64,
        limit: usize,
        understand: impl FnOnce(u64, Vec<u8>) -> T + Send + 'static,
    ) -> io::Result<T> {
        let (path, durable) = (self.0.path.clone(), *self.0.written.borrow());
        let read = move || {
            let there = usize::try_from(durable.saturating_sub(place)).unwrap_or(usize::MAX);
            let mut bytes = vec![0; there.min(limit)];
            File::open(path)?.read_exact_at(&mut bytes, place)?;
            Ok(understand(place, bytes))
        };
        tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
    }
}

impl End {
    /// Appends a line durably; gives the length of the file.
    fn append(&mut self, mut line: String) -> io::Result<u64> {
        if std::mem::replace(&mut self.is_torn, true) {
            line.insert(0, '\n');
        }
        self.file.write_all(line.as_bytes())?;
        self.is_torn = false;
        self.file.sync_data()?;
        Ok(self.file.metadata()?.len())
    }
}

/// The whole lines in `bytes`, which stand at `place`.
fn batch(mut place: u64, bytes: &[u8]) -> Batch {
    let mut batch = Batch::default();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let is_whole = line.ends_with(b"\n");
        // Only what is no line of ours fills all that is read at once.
        if batch.lines.len() == BATCH_LINES || !is_whole && line.len() < BATCH_BYTES {
            break;
        }
        match serde_json::from_slice(line) {
            Ok(entry) => batch.lines.push((place, entry)),
            Err(_) if line.trim_ascii().is_empty() => {}
            Err(_) => batch.unreadable += 1,
        }
        place += length(line);
    }
    batch.next = place;
    batch
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).expect("what was read fits into a u64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_after_one_that_was_cut_stands_by_itself() {
        let path = std::env::temp_dir().join(format!("standfast-{}", Uuid::now_v7()));
        std::fs::write(&path, "cut by a full di").unwrap();
        let mut end = End { file: File::open(&path).unwrap(), is_torn: false };
        end.append("not writable\n".to_owned()).unwrap_err();
        end.file = OpenOptions::new().append(true).open(&path).unwrap();
        assert_eq!(end.append("one\n".to_owned()).unwrap(), 21);
        assert_eq!(end.append("two\n".to_owned()).unwrap(), 25);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "cut by a full di\none\ntwo\n");
        std::fs::remove_file(&path).unwrap();
    }
}
