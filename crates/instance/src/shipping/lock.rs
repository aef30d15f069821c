//! One writer per share.
//!
//! The lock is an open file that `pg_receivewal` inherits as its standard input, so it is held for
//! as long as either of us lives: a receiver started after ours was killed finds out that the
//! killed one's child still writes, and ends that child first.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::Share;
use super::error::{ShippingError, at};

/// How long a killed child may take to let go of the lock.
const ORPHAN_DEADLINE: Duration = Duration::from_secs(5);

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(5);

/// The right to write into a share, until it is dropped.
#[derive(Debug)]
pub struct WriterLock {
    file: File,
    path: PathBuf,
    holder: Holder,
}

/// Who holds the lock, for the next one to read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    /// Tells this process from a later one of the same number.
    started: u64,
    child: Option<u32>,
    child_started: u64,
}

impl WriterLock {
    /// Takes the lock, or says who holds it.
    pub fn take(share: &Share) -> Result<Self, ShippingError> {
        let path = share.directory().join("writer.lock");
        let options =
            File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.map_err(at("open", &path))?;
        let end = Instant::now() + ORPHAN_DEADLINE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(at("lock", &path)(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            let holder = read_holder(&mut file);
            let alive = holder.pid != 0 && started(holder.pid) == Some(holder.started);
            if alive || Instant::now() >= end {
                let share = share.directory().to_owned();
                return Err(ShippingError::Held { share, pid: holder.pid });
            }
            end_orphan(&holder);
            std::thread::park_timeout(PAUSE);
        }
        let pid = std::process::id();
        let holder = Holder { pid, started: started(pid).unwrap_or(0), ..Holder::default() };
        let mut lock = Self { file, path, holder };
        lock.write_holder()?;
        Ok(lock)
    }

    /// The lock as a child's standard input: the child holds it, too.
    pub(super) fn stdin(&self) -> Result<Stdio, ShippingError> {
        Ok(self.file.try_clone().map_err(at("share", &self.path))?.into())
    }

    /// Remembers the child, so that it can be ended when we no longer can.
    pub(super) fn remember_child(&mut self, pid: u32) -> Result<(), ShippingError> {
        self.holder.child = Some(pid);
        self.holder.child_started = started(pid).unwrap_or(0);
        self.write_holder()
    }

    fn write_holder(&mut self) -> Result<(), ShippingError> {
        let text = serde_json::to_vec(&self.holder).expect("numbers are JSON");
        let written = self.file.rewind().and_then(|()| {
            self.file.set_len(0)?;
            self.file.write_all(&text)
        });
        written.map_err(at("write", &self.path))
    }
}

fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    // It may be in the middle of being written; then it is looked at again.
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Ends the child of a receiver that is gone.
fn end_orphan(holder: &Holder) {
    let Some(child) = holder.child.filter(|it| started(*it) == Some(holder.child_started)) else {
        return;
    };
    let Ok(pid) = i32::try_from(child) else { return };
    tracing::warn!(pid, "end pg_receivewal of a receiver that is gone");
    // If it is gone already, that is as well.
    kill(Pid::from_raw(pid), Signal::SIGKILL).ok();
}

/// When a living process began, in the kernel's ticks.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; the state is the first word after it.
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    if matches!(words.next()?, "Z" | "X") {
        return None;
    }
    words.nth(18)?.parse().ok()
}
