//! What can go wrong between the source's WAL and the share.

use std::io;
use std::path::{Path, PathBuf};

use super::Reign;
use crate::Lsn;

/// A fault of log shipping. Each says what is wrong and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ShippingError {
    /// The file system under the share has no room.
    #[error(
        "the share is full: {path} could not be written ({source}); free space there, and \
         shipping goes on by itself"
    )]
    Full { path: PathBuf, source: io::Error },
    /// Reading or writing failed for another reason.
    #[error("cannot {what} {path}: {source}; check that the share is there and belongs to us")]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    /// Somebody else writes into the share.
    #[error(
        "process {pid} already writes into the share {share}; one receiver at a time, so stop \
         that one first"
    )]
    Held { share: PathBuf, pid: u32 },
    /// A writer of an older reign came back.
    #[error(
        "reign {asked} may not write into the share, which has seen reign {highest}; the site of \
         the older reign must be fenced"
    )]
    LowerReign { asked: Reign, highest: Reign },
    /// The WAL belongs to another database.
    #[error(
        "{what} belongs to the database system {found}, the share to {expected}; point it at the \
         right instance, or give the new system a share of its own"
    )]
    ForeignSystem { what: String, expected: u64, found: u64 },
    /// A line of the manifest that is not the last one cannot be understood.
    #[error(
        "line {line} of {path} is damaged: {why}; compare it with the files beside it, or reseed \
         the backup instance and start an empty share"
    )]
    CorruptManifest { path: PathBuf, line: usize, why: String },
    /// A file of ours (position, marker) cannot be understood.
    #[error("{path} is damaged: {why}; remove it only if you know what it said")]
    CorruptNote { path: PathBuf, why: String },
    /// A file arrived again under the same name and is not the same.
    #[error(
        "{name} arrived with other content than the share holds ({why}); two sources disagree, so \
         find out which one is a dead branch before shipping goes on"
    )]
    OtherContent { name: String, why: String },
    /// A file has not the size of a segment.
    #[error("{name} has {size} bytes where a segment has {expected}; it was put aside")]
    Truncated { name: String, size: u64, expected: u64 },
    /// The first page of a segment does not say what its name says.
    #[error("{name} is not what its name says: {why}; it was put aside")]
    WrongHeader { name: String, why: String },
    /// A received file was read as valid, and is not any more.
    #[error("{name} was damaged after it was received: {why}; it was put aside and comes again")]
    PutAside { name: String, why: String },
    /// A closed file fails its checksum, or holds records that fail theirs.
    #[error("{name} is damaged: {why}; nothing after it can be trusted until it is replaced")]
    Damaged { name: String, why: String },
    /// The share holds WAL that the source's history does not.
    #[error(
        "the share holds timeline {timeline} up to {shipped}, but the source left that timeline at \
         {fork}; what was shipped after that is a dead branch, and the backup instance must be \
         reseeded if it replayed it"
    )]
    Diverged { timeline: u32, shipped: Lsn, fork: Lsn },
    /// A timeline history file cannot be understood.
    #[error("{name} is not a timeline history: {why}")]
    BadHistory { name: String, why: String },
    /// The source no longer has the WAL that comes next.
    #[error(
        "the source {source_name} has removed WAL that the share lacks; reseed the backup ({words})"
    )]
    Removed { source_name: String, words: String },
    /// The source cannot be asked or does not stream, for now.
    #[error("the source {source_name} does not ship: {words}")]
    Upstream { source_name: String, words: String },
    /// A program of `PostgreSQL` could not be run.
    #[error("cannot run {program}: {source}; is PostgreSQL's client package installed?")]
    Program { program: PathBuf, source: io::Error },
}

impl ShippingError {
    /// The fault stays until somebody acts; trying again is useless.
    pub fn is_alarm(&self) -> bool {
        match self {
            Self::Full { .. }
            | Self::Io { .. }
            | Self::Held { .. }
            | Self::Truncated { .. }
            | Self::WrongHeader { .. }
            | Self::PutAside { .. }
            | Self::Removed { .. }
            | Self::Upstream { .. }
            | Self::Program { .. } => false,
            Self::LowerReign { .. }
            | Self::ForeignSystem { .. }
            | Self::CorruptManifest { .. }
            | Self::CorruptNote { .. }
            | Self::OtherContent { .. }
            | Self::Damaged { .. }
            | Self::Diverged { .. }
            | Self::BadHistory { .. } => true,
        }
    }

    /// There was no room.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }
}

/// Turns an I/O error at `path` into ours; a full file system is named.
pub(super) fn at<'a>(
    what: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> ShippingError + 'a {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ShippingError::Full { path: path.to_owned(), source }
        }
        _ => ShippingError::Io { what, path: path.to_owned(), source },
    }
}
