//! The processes of a data directory, found by looking rather than by believing a file.
//!
//! The server's processes each lead a session of their own, so a process group does not hold them;
//! but every one of them, and every command they run, works in the data directory. Wall clocks are
//! not compared: they may have been set since.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::Error;

/// Larger than any postmaster.pid, in bytes.
const PID_FILE_LIMIT: usize = 64 * 1024;

/// What postmaster.pid says of a start, in its eighth line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Not yet to be connected to.
    Starting,
    Stopping,
    /// Takes connections, as a primary or as a standby.
    Ready,
}

/// What postmaster.pid says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: u32,
    pub(crate) status: Status,
    /// The identifier of the shared memory segment that guards the data directory.
    pub(crate) shared_memory: Option<u64>,
}

impl PidFile {
    pub(crate) fn read(data: &Path) -> Result<Option<Self>, Error> {
        let path = data.join("postmaster.pid");
        match fs::read_to_string(&path) {
            Ok(text) if text.len() > PID_FILE_LIMIT => Ok(None),
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path, error)),
        }
    }

    /// `None` while the file is being written; a negative number is a single-user server.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse::<i32>().ok()?.unsigned_abs();
        let mut lines = lines.skip(5);
        let shared_memory =
            lines.next().and_then(|it| it.split_whitespace().nth(1)).and_then(|it| it.parse().ok());
        let status = match lines.next().map(str::trim) {
            Some("ready" | "standby") => Status::Ready,
            Some("stopping") => Status::Stopping,
            _ => Status::Starting,
        };
        Some(Self { pid, status, shared_memory })
    }
}

/// A running process, held by a descriptor: its number cannot come to mean another one.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    descriptor: OwnedFd,
}

impl Process {
    /// Takes hold of a process; `None` if it is gone.
    pub(crate) fn hold(pid: u32) -> Result<Option<Self>, Error> {
        let Some(raw) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
        match pidfd_open(raw, PidfdFlags::NONBLOCK) {
            Ok(descriptor) => Ok(Some(Self { pid, descriptor })),
            Err(rustix::io::Errno::SRCH) => Ok(None),
            // Numbers are given out again, to threads, too: after a restart of the machine or of a
            // container the number in an old postmaster.pid may be one of ours.
            Err(_) if is_thread(pid) => Ok(None),
            Err(error) => Err(Error::io("watch", &proc(pid), error.into())),
        }
    }

    /// Signals it; a process that is gone already is no error.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Error> {
        match pidfd_send_signal(&self.descriptor, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(Error::io("signal", &proc(self.pid), error.into())),
        }
    }

    /// Waits until it has ended, even if nobody has reaped it.
    #[expect(
        deprecated,
        reason = "sound for a descriptor owned here and never replaced; its successor is unsafe"
    )]
    pub(crate) async fn ended(self) -> Result<(), Error> {
        let path = proc(self.pid);
        let watch = || async {
            let descriptor = AsyncFd::with_interest(self.descriptor, Interest::READABLE)?;
            let _readable = descriptor.readable().await?;
            Ok(())
        };
        watch().await.map_err(|it| Error::io("watch", &path, it))
    }

    /// Waits until it has ended, up to a limit.
    pub(crate) async fn ended_within(self, limit: Duration) -> Result<bool, Error> {
        match tokio::time::timeout(limit, self.ended()).await {
            Ok(ended) => ended.map(|()| true),
            Err(_) => Ok(false),
        }
    }
}

/// The postmaster that runs on a data directory, whoever started it.
pub(crate) fn running(data: &Path) -> Result<Option<Process>, Error> {
    let Some(said) = PidFile::read(data)? else { return Ok(None) };
    // Held first and looked at afterwards: what is seen is what is held.
    let Some(process) = Process::hold(said.pid)? else { return Ok(None) };
    let Some(home) = identity(data) else { return Ok(None) };
    Ok((works_in(said.pid, home) && is_postmaster(said.pid)).then_some(process))
}

/// Set for the postmaster, inherited by the commands that it runs.
pub(crate) const MARK: &str = "STANDFAST_POSTMASTER";

/// Every live process of the server that works in the data directory; nobody's shell that happens
/// to stand there.
pub(crate) fn inhabitants(data: &Path) -> Result<Vec<Process>, Error> {
    let Some(home) = identity(data) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let entries = fs::read_dir("/proc").map_err(|it| Error::io("list", "/proc".as_ref(), it))?;
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|it| it.parse().ok()) else { continue };
        if !works_in(pid, home) || !(runs_postgres(pid) || is_marked(pid)) {
            continue;
        }
        if let Some(process) = Process::hold(pid)?
            && works_in(pid, home)
        {
            found.push(process);
        }
    }
    Ok(found)
}

/// How long a process has had a processor, in nanoseconds; `None` if it is gone, or if the system
/// does not count.
pub(crate) fn processor_time(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(proc(pid).join("schedstat")).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// Processes still attached to a shared memory segment.
pub(crate) fn attached(shared_memory: u64) -> Result<usize, Error> {
    let path = Path::new("/proc/sysvipc/shm");
    let text = fs::read_to_string(path).map_err(|it| Error::io("read", path, it))?;
    Ok(attachments(&text, shared_memory).unwrap_or(0))
}

/// Columns: key, shmid, perms, size, cpid, lpid, nattch, …
fn attachments(text: &str, shared_memory: u64) -> Option<usize> {
    text.lines().skip(1).find_map(|line| {
        let mut columns = line.split_whitespace().skip(1);
        (columns.next()?.parse::<u64>().ok()? == shared_memory)
            .then(|| columns.nth(4)?.parse().ok())
            .flatten()
    })
}

fn proc(pid: u32) -> std::path::PathBuf {
    format!("/proc/{pid}").into()
}

/// Is this the number of a thread, and of no process?
fn is_thread(number: u32) -> bool {
    let status = fs::read_to_string(proc(number).join("status")).unwrap_or_default();
    let process = status.lines().find_map(|line| line.strip_prefix("Tgid:"));
    process.and_then(|it| it.trim().parse().ok()).is_some_and(|process: u32| process != number)
}

/// A directory's device and number: they stay when it is renamed.
fn identity(directory: &Path) -> Option<(u64, u64)> {
    fs::metadata(directory).ok().map(|it| (it.dev(), it.ino()))
}

/// A zombie has no working directory, and other users' processes do not show theirs.
fn works_in(pid: u32, home: (u64, u64)) -> bool {
    identity(&proc(pid).join("cwd")) == Some(home)
}

/// The postmaster keeps its command line; every child of it writes `postgres: …` over its own.
fn is_postmaster(pid: u32) -> bool {
    let line = fs::read(proc(pid).join("cmdline")).unwrap_or_default();
    runs_postgres(pid) && !line.starts_with(b"postgres: ")
}

/// An upgraded program reads `postgres (deleted)`.
fn runs_postgres(pid: u32) -> bool {
    let program = fs::read_link(proc(pid).join("exe")).unwrap_or_default();
    program.file_name().is_some_and(|it| it.to_string_lossy().starts_with("postgres"))
}

/// Was it started by a postmaster of ours?
fn is_marked(pid: u32) -> bool {
    let environment = fs::read(proc(pid).join("environ")).unwrap_or_default();
    environment.split(|it| *it == 0).any(|it| it.starts_with(MARK.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_pid_file_at_every_stage() {
        let whole = "4711\n/data\n1700000000\n5432\n/run/x\n127.0.0.1\n 54 131077\nready   \n";
        let read = PidFile::parse(whole).unwrap();
        assert_eq!(
            (read.pid, read.status, read.shared_memory),
            (4711, Status::Ready, Some(131_077))
        );
        let young = PidFile::parse("4711\n/data\n1700000000\n5432\n").unwrap();
        assert_eq!((young.status, young.shared_memory), (Status::Starting, None));
        assert_eq!(PidFile::parse(""), None);
        assert_eq!(PidFile::parse("-12\n/data\n").unwrap().pid, 12);
    }

    #[test]
    fn counts_attachments() {
        let text = "       key      shmid perms                  size  cpid  lpid nattch   uid\n\
                    \x20  5432001     131077   600             56  4711  4711      6   101\n";
        assert_eq!(attachments(text, 131_077), Some(6));
        assert_eq!(attachments(text, 1), None);
    }

    #[tokio::test]
    async fn a_directory_without_a_server_has_no_inhabitants() {
        let directory = testkit::TempDir::new("post").unwrap();
        assert!(inhabitants(directory.path()).unwrap().is_empty());
        fs::write(directory.path().join("postmaster.pid"), format!("{}\n", std::process::id()))
            .unwrap();
        assert!(running(directory.path()).unwrap().is_none(), "we are no postmaster");
    }
}
