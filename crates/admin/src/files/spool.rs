//! The spool: whose files are here, and for how long.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tracing::{info, warn};
use uuid::Uuid;

use super::disk::unwritable;
use super::entry::{Entry, Following, State};
use super::limits::{KEPT, MAX_FILE_BYTES, MAX_FILES, MAX_SPOOL_BYTES};
use crate::fault::{Fault, FaultKind};

/// The files of one host that are on their way. Cheap to clone.
#[derive(Clone)]
pub struct Spool(Arc<Inner>);

struct Inner {
    directory: PathBuf,
    files: Mutex<BTreeMap<Uuid, Entry>>,
}

/// A file that a shell has sent.
#[derive(Debug)]
pub struct Taken {
    /// Its token.
    pub token: Uuid,
    /// Its name on the shell's machine.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal; the spool has compared it.
    pub sha256: String,
    /// The file, at its beginning.
    pub file: File,
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("directory", &self.0.directory).finish_non_exhaustive()
    }
}

impl Spool {
    /// The spool in `directory`, which belongs to it alone: what an earlier process left goes.
    pub fn open(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        for left in std::fs::read_dir(directory)? {
            std::fs::remove_file(left?.path())?;
        }
        let files = Mutex::default();
        Ok(Self(Arc::new(Inner { directory: directory.to_owned(), files })))
    }

    /// The file that `given` (what a parameter of [`shell::Type::Upload`] holds) means, if `who`
    /// has sent it. It stays in the spool, for a rehearsal and the run after it, until others need
    /// its place.
    pub fn take(&self, given: &shell::Value, who: &str) -> Result<Taken, Fault> {
        let token = match given {
            shell::Value::Object(object) => object.get("Token").map(ToString::to_string),
            other => Some(other.to_string()),
        };
        let token = token.and_then(|it| it.parse().ok()).ok_or_else(unknown)?;
        let path = self.path(token);
        let mut files = self.files();
        let entry = own(&mut files, token, who)?;
        match entry.state {
            State::Arrived => {}
            State::Arriving(_) | State::Offered(_) => return Err(unknown()),
        }
        entry.served = true;
        Ok(Taken {
            token,
            name: entry.name.clone(),
            bytes: entry.bytes,
            sha256: entry.sha256.clone(),
            file: File::open(path).map_err(|error| unwritable(&error))?,
        })
    }

    /// Removes a file that is needed no more. One that is being worked on stays readable there.
    pub fn discard(&self, token: Uuid) {
        if self.files().remove(&token).is_some() {
            self.unlink(token);
        }
    }

    /// Removes what nobody has asked for within [`KEPT`].
    pub fn sweep(&self) {
        let mut gone = Vec::new();
        self.files().retain(|token, entry| {
            let busy = matches!(entry.state, State::Offered(Following::Running));
            let stays = busy || entry.touched.elapsed() < KEPT;
            if !stays {
                info!(%token, entry.who, entry.name, "a file that nobody wants is removed");
                gone.push(*token);
            }
            stays
        });
        for token in gone {
            self.unlink(token);
        }
    }

    /// Makes sure that one more file of `bytes` fits: those that were served go, the oldest first.
    pub(super) fn make_room(
        &self,
        files: &mut BTreeMap<Uuid, Entry>,
        bytes: u64,
    ) -> Result<(), Fault> {
        loop {
            let Err(full) = room(files, bytes) else { return Ok(()) };
            let served = files.iter().filter(|(_, entry)| entry.served);
            let oldest = served.min_by_key(|(_, entry)| entry.touched).map(|(token, _)| *token);
            let Some(oldest) = oldest.filter(|_| bytes <= MAX_FILE_BYTES) else { return Err(full) };
            files.remove(&oldest);
            self.unlink(oldest);
        }
    }

    pub(super) fn path(&self, token: Uuid) -> PathBuf {
        self.0.directory.join(token.to_string())
    }

    pub(super) fn files(&self) -> MutexGuard<'_, BTreeMap<Uuid, Entry>> {
        self.0.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn unlink(&self, token: Uuid) {
        if let Err(error) = std::fs::remove_file(self.path(token)) {
            warn!(%token, %error, "a file that travelled cannot be removed");
        }
    }
}

/// Whether one more file of `bytes` fits.
fn room(files: &BTreeMap<Uuid, Entry>, bytes: u64) -> Result<(), Fault> {
    let full = |message: String, hint: &str| {
        Err(Fault::new(FaultKind::Unavailable, "spool-full", message, hint))
    };
    if bytes > MAX_FILE_BYTES {
        let message = format!("a file of {bytes} bytes is too large to travel");
        return full(message, &format!("at most {MAX_FILE_BYTES} bytes are taken"));
    }
    let held: u64 = files.values().map(|it| it.bytes).sum();
    if files.len() >= MAX_FILES || held.saturating_add(bytes) > MAX_SPOOL_BYTES {
        let message = format!("{} files with {held} bytes are on their way already", files.len());
        return full(message, "try again later, or ask another host with --via");
    }
    Ok(())
}

/// The entry of `token`, if it belongs to `who`; it counts as asked for.
pub(super) fn own<'f>(
    files: &'f mut BTreeMap<Uuid, Entry>,
    token: Uuid,
    who: &str,
) -> Result<&'f mut Entry, Fault> {
    let entry = files.get_mut(&token).filter(|it| it.who == who).ok_or_else(unknown)?;
    entry.touched = Instant::now();
    Ok(entry)
}

pub(super) fn unknown() -> Fault {
    Fault::new(
        FaultKind::Missing,
        "unknown-file",
        "this host does not know the file (any more)",
        format!(
            "run the cmdlet again; a file stays for {} minutes, until the host restarts, and for \
             whoever sent or asked for it",
            KEPT.as_secs() / 60
        ),
    )
}
