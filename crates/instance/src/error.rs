//! What can go wrong with an instance: a sentence each, with what to do next.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{ControlDataError, LsnError};

/// Why the care of an instance stopped. One variant per thing the caller may do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "PostgreSQL refuses to run as root; run standfast as an ordinary user, for example with \
         `User=standfast` in its systemd unit"
    )]
    Root,
    #[error(
        "this process runs as user id {uid}, which has no name on this host, and PostgreSQL's \
         peer authentication needs one; add the user to /etc/passwd"
    )]
    Nameless { uid: u32 },
    #[error(
        "no PostgreSQL was found in {looked}; install PostgreSQL 15 or later (Debian package \
         postgresql-15), or name the directory of its programs in PATH"
    )]
    PostgresMissing { looked: String },
    #[error(
        "the newest PostgreSQL found is {found} in {}, and standfast needs 15 or later; install \
         the Debian package postgresql-15", directory.display()
    )]
    PostgresTooOld { found: String, directory: PathBuf },
    #[error(
        "{} holds a PostgreSQL server but not `{program}`; install the Debian packages \
         postgresql-{major} and postgresql-client-{major}", directory.display()
    )]
    ProgramMissing { program: &'static str, directory: PathBuf, major: u32 },

    #[error(
"there is no instance in {}; make it with initdb or a base backup", directory.display()
)]
    Missing { directory: PathBuf },
    #[error("{} already holds an instance; remove or rename it first", directory.display())]
    Present { directory: PathBuf },
    #[error(
        "{} is not ours to touch: {why}; move it away or correct the topology", directory.display()
    )]
    Foreign { directory: PathBuf, why: String },
    #[error("{} cannot be used: {why}; reseed the instance", directory.display())]
    Unusable { directory: PathBuf, why: String },
    #[error(
"{} is in use by PostgreSQL process {pid}; stop the instance first", directory.display()
)]
    Running { directory: PathBuf, pid: u32 },
    #[error("instance {name} is not running; start it first")]
    NotRunning { name: String },

    #[error(
        "{} has mode {mode:03o}, so that others on this host may use it; run `chmod {wanted:o} {}`",
        path.display(), path.display()
    )]
    LoosePermissions { path: PathBuf, mode: u32, wanted: u32 },
    #[error(
        "the socket path {} has {length} bytes and the system allows {limit}; choose a shorter \
         data directory", path.display()
    )]
    SocketPathTooLong { path: PathBuf, length: usize, limit: usize },
    #[error(
        "{address} port {port} is taken by {by}; stop that, or give the instance another port in \
         the topology"
    )]
    PortTaken { address: IpAddr, port: u16, by: String },
    #[error(
        "the disk below {} is full ({free_bytes} bytes left) and standfast could not {doing}; free \
         some space and try again", path.display()
    )]
    DiskFull { path: PathBuf, free_bytes: u64, doing: String },
    #[error("\"{name}\" cannot be {what}; use 1 to 63 of the characters a-z, 0-9, _, . and -")]
    BadName { name: String, what: &'static str },

    #[error("instance {name} did not start: {said}")]
    DidNotStart { name: String, said: String },
    #[error("instance {name} was killed while it was being started; it was not started")]
    KilledMeanwhile { name: String },
    #[error(
        "instance {name} (process {pid}) is still recovering after {limit:?}; it was left running: \
         look at its log and start it again to go on waiting"
    )]
    StillStarting { name: String, pid: u32, limit: Duration },
    #[error(
        "{left} processes or attachments of {} were still there {limit:?} after SIGKILL: {what}; \
         the host itself may have to be restarted", directory.display()
    )]
    NotKilled { directory: PathBuf, left: usize, what: String, limit: Duration },
    #[error(
        "instance {name} is a standby and becomes a primary by promotion only; start it and \
         promote it"
    )]
    IsStandby { name: String },
    #[error(
        "the setting {setting} did not take: it is \"{is}\" and not \"{wanted}\"; look for it in \
         postgresql.auto.conf"
    )]
    SettingDidNotTake { setting: &'static str, is: String, wanted: String },

    #[error("{source_name} is a standby; a rewind needs the primary as its source")]
    SourceIsStandby { source_name: String },
    #[error(
        "{source_name} writes timeline {writes} and its control file still says {says}: it was not \
         checkpointed since its promotion, and a rewind would take it for unchanged ({why}); run \
         CHECKPOINT there first"
    )]
    SourceNotCheckpointed { source_name: String, writes: u32, says: u32, why: String },
    #[error(
        "{source_name} has system identifier {theirs} and this instance {ours}: they were never \
         the same database"
    )]
    OtherSystem { source_name: String, ours: u64, theirs: u64 },
    #[error(
        "this instance and {source_name} were both primary on timeline {timeline}; a rewind cannot \
         tell them apart: reseed this instance"
    )]
    SameTimeline { source_name: String, timeline: u32 },
    #[error("a rewind from {source_name} is not possible: {why}; reseed this instance")]
    RewindRefused { source_name: String, why: String },

    #[error("could not {doing}: `{program}` ended with {status}: {said}")]
    Command { doing: String, program: String, status: String, said: String },
    #[error("could not {doing} within {limit:?}")]
    TimedOut { doing: String, limit: Duration },
    #[error("could not {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: std::io::Error },
    #[error("could not {doing}: {}", said(source))]
    Sql { doing: &'static str, source: tokio_postgres::Error },
    #[error("{} answered something unexpected to a question about {about}: {answer}", of)]
    Answer { of: String, about: &'static str, answer: String },
    #[error(transparent)]
    ControlData(#[from] ControlDataError),
    #[error(transparent)]
    Lsn(#[from] LsnError),
}

impl Error {
    /// Names what was being done with a file when the system refused.
    pub(crate) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::StorageFull {
            return Self::disk_full(path, doing);
        }
        Self::Io { doing, path: path.to_owned(), source }
    }

    /// Says that a disk is full, with the space that is left.
    pub(crate) fn disk_full(path: &Path, doing: &str) -> Self {
        let free_bytes = crate::files::free_bytes(path).unwrap_or(0);
        Self::DiskFull { path: path.to_owned(), free_bytes, doing: doing.to_owned() }
    }
}

/// The server's own words where there are some; `tokio_postgres` alone says "db error".
fn said(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} ({})", said.message(), said.code().code()),
        None => match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}
