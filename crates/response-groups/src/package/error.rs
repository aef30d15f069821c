//! Why an export file is not read, or not written: a sentence each.

use std::io;

use uuid::Uuid;

use super::limits;

/// Why a file is not taken as an export file. Nothing of it was used.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It could not be read.
    #[error("the file cannot be read: {0}; see to the disk or the share and try again")]
    Unreadable(#[source] io::Error),
    /// It is a directory, a device, or something else.
    #[error("this is not a file; give the name of a file")]
    NotAFile,
    /// Its beginning is not that of a ZIP.
    #[error("this is not a ZIP file; give a file that Export-CsRgsConfiguration has written")]
    NotAZip,
    /// It begins as a ZIP and does not end as one.
    #[error(
        "the file is cut off, or something was appended to it; copy it again from where it was \
         written"
    )]
    CutOff,
    /// What holds the entries together is damaged.
    #[error("the ZIP file is damaged: {0}; copy it again from where it was written")]
    Structure(String),
    /// It has no manifest of ours.
    #[error(
        "this ZIP file was not written by Standfast; give a file that Export-CsRgsConfiguration \
         has written"
    )]
    Foreign,
    /// A later version wrote it.
    #[error(
        "the file has version {found} of the format and this server reads version {known}; import \
         it with the version of Standfast that wrote it"
    )]
    Version {
        /// What the manifest says.
        found: u64,
        /// What is read here.
        known: u64,
    },
    /// Something is larger than [`limits`] allow.
    #[error("{what} is larger than the {limit} that are allowed; the file is not used")]
    TooLarge {
        /// What is too large.
        what: String,
        /// What is allowed, with its unit.
        limit: String,
    },
    /// An entry becomes suspiciously large when it is unpacked.
    #[error(
        "`{entry}` becomes more than {} times as large when it is unpacked; the file is not used",
        limits::RATIO_MAX
    )]
    Bomb {
        /// The entry.
        entry: String,
    },
    /// Something about an entry that no export file has.
    #[error("`{entry}` {problem}; the file is not used")]
    Entry {
        /// The entry.
        entry: String,
        /// What no export file has.
        problem: EntryProblem,
    },
    /// An entry cannot be unpacked.
    #[error("`{entry}` is damaged: {problem}; copy the file again from where it was written")]
    Damaged {
        /// The entry.
        entry: String,
        /// What was found.
        problem: String,
    },
    /// The content of an entry is not what it should be.
    #[error("`{entry}` has a wrong content: {problem}; export again")]
    Content {
        /// The entry.
        entry: String,
        /// What was found.
        problem: String,
    },
    /// Something is not acceptable, or the parts do not fit together.
    #[error("the configuration in the file cannot be used: {0}")]
    Whole(String),
    /// The file has no audio file of this identity.
    #[error("the file holds no audio file {0}; export again")]
    NoSuchAudio(Uuid),
}

/// What an entry has that no entry of an export file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryProblem {
    /// The manifest, or the layout, names it.
    #[error("is missing")]
    Missing,
    /// The manifest does not name it.
    #[error("does not belong into an export file")]
    Extra,
    /// It is there more than once.
    #[error("is there more than once")]
    Repeated,
    /// Its name leads out of the file, or is no name.
    #[error("is a name that leads elsewhere")]
    UnsafeName,
    /// It is a link or a directory.
    #[error("is not a file")]
    NotAFile,
    /// It is encrypted.
    #[error("is encrypted")]
    Encrypted,
    /// It is compressed by a method that is not used.
    #[error("is compressed in a way that is not used in export files")]
    Compression,
    /// Its size is not that of the manifest.
    #[error("has not the size that the manifest says")]
    Size,
    /// Its checksum is not that of the manifest.
    #[error("has not the checksum that the manifest says")]
    Checksum,
}

/// Why an export file is not written.
#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    /// It could not be written.
    #[error("the file cannot be written: {0}; see to the disk or the share and try again")]
    Output(#[source] io::Error),
    /// It would be larger than [`limits`] allow.
    #[error("{what} would be larger than the {limit} that are allowed; export with -Owner")]
    TooLarge {
        /// What would be too large.
        what: String,
        /// What is allowed, with its unit.
        limit: String,
    },
    /// Something is not acceptable, or the parts do not fit together.
    #[error("the configuration cannot be exported: {0}")]
    Whole(String),
    /// An audio file could not be had.
    #[error("the audio file {id} cannot be read: {problem}")]
    Audio {
        /// Its identity.
        id: Uuid,
        /// A sentence.
        problem: String,
    },
    /// The content of an audio file is not what its entry says.
    #[error(
        "the content of the audio file {0} has not the size and checksum that are kept for it; \
         import the audio file again"
    )]
    WrongAudio(Uuid),
    /// Audio files come in the order of their entries, each once.
    #[error("the audio file {0} was not expected here; this is an error in Standfast")]
    OutOfOrder(Uuid),
}

impl Unwritten {
    pub(super) fn from_zip(error: zip::result::ZipError) -> Self {
        Self::Output(error.into())
    }
}

impl Refused {
    pub(super) fn entry(entry: &str, problem: EntryProblem) -> Self {
        Self::Entry { entry: entry.to_owned(), problem }
    }

    pub(super) fn content(entry: &str, problem: &impl ToString) -> Self {
        Self::Content { entry: entry.to_owned(), problem: problem.to_string() }
    }

    /// What went wrong while the entry was read: the disk, or the entry.
    pub(super) fn while_reading(entry: &str, error: io::Error) -> Self {
        if is_of_content(error.kind()) {
            Self::Damaged { entry: entry.to_owned(), problem: error.to_string() }
        } else {
            Self::Unreadable(error)
        }
    }
}

/// Whether an error is one of what is read, rather than of reading.
pub(super) fn is_of_content(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::Unsupported
            | io::ErrorKind::NotFound
            | io::ErrorKind::Other
    )
}
