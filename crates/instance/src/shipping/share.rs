//! The share: the directory through which WAL reaches the backup site.
//!
//! ```text
//! SHARE/reign                  the highest reign that was ever seen, as a number
//! SHARE/system-identifier      whose WAL this is
//! SHARE/writer.lock            held by the one receiver (and by its child)
//! SHARE/consent.json           the range of lost WAL that an administrator gave up
//! SHARE/reign-3/incoming/      what pg_receivewal writes
//! SHARE/reign-3/NAME.zst       closed files, compressed
//! SHARE/reign-3/manifest.jsonl one line per closed file
//! SHARE/reign-3/flushed        up to where the open segment is durable and valid
//! SHARE/reign-3/heard          how far behind the share was when the source was last heard
//! SHARE/reign-3/refused/       files that were put aside
//! ```

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::durable;
use super::error::{ShippingError, at};
use super::segment::WalFile;

/// The number of a folder in the share. Opaque here, except that a higher one has won.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Reign(pub u64);

impl fmt::Display for Reign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A share that exists. Cheap to clone; reading needs nothing else.
#[derive(Clone, Debug)]
pub struct Share {
    directory: PathBuf,
}

impl Share {
    /// Opens the share, making the directory (closed to others) where there is none.
    pub fn create(directory: &Path) -> Result<Self, ShippingError> {
        make_directory(directory)?;
        Self::open(directory)
    }

    /// Opens a share that must be there.
    pub fn open(directory: &Path) -> Result<Self, ShippingError> {
        fs::read_dir(directory).map_err(at("open the share", directory))?;
        Ok(Self { directory: directory.to_owned() })
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The highest reign that was ever seen here; 0 in a new share.
    pub fn highest_reign(&self) -> Result<Reign, ShippingError> {
        let path = self.directory.join("reign");
        Ok(number(&path)?.map(Reign).unwrap_or_default())
    }

    /// Remembers durably that `reign` has begun: receivers of lower ones stop and are refused.
    pub fn raise(&self, reign: Reign) -> Result<(), ShippingError> {
        let lock_path = self.directory.join("reign.lock");
        let lock = File::create(&lock_path).map_err(at("open", &lock_path))?;
        lock.lock().map_err(at("lock", &lock_path))?;
        let highest = self.highest_reign()?;
        if reign < highest {
            return Err(ShippingError::LowerReign { asked: reign, highest });
        }
        if reign > highest {
            durable::replace(&self.directory.join("reign"), format!("{reign}\n").as_bytes())?;
        }
        Ok(())
    }

    /// Refuses a reign that is over.
    pub fn check_reign(&self, reign: Reign) -> Result<(), ShippingError> {
        let highest = self.highest_reign()?;
        if reign < highest {
            return Err(ShippingError::LowerReign { asked: reign, highest });
        }
        Ok(())
    }

    /// The database system whose WAL this share holds, once anything was shipped.
    pub fn system_identifier(&self) -> Result<Option<u64>, ShippingError> {
        number(&self.directory.join("system-identifier"))
    }

    /// Refuses `what` if it belongs to another database system than the share.
    /// A new share takes the first identifier it sees.
    pub fn check_system(&self, what: &str, found: u64) -> Result<(), ShippingError> {
        match self.system_identifier()? {
            Some(expected) if expected == found => Ok(()),
            Some(expected) => {
                Err(ShippingError::ForeignSystem { what: what.to_owned(), expected, found })
            }
            None => {
                let path = self.directory.join("system-identifier");
                durable::replace(&path, format!("{found}\n").as_bytes())
            }
        }
    }

    /// The folders there are, highest reign first.
    pub fn folders(&self) -> Result<Vec<Folder>, ShippingError> {
        let mut reigns = Vec::new();
        for name in names(&self.directory)? {
            let digits = name.strip_prefix("reign-").unwrap_or_default();
            reigns.extend(digits.parse().ok().map(Reign));
        }
        reigns.sort_unstable();
        Ok(reigns.into_iter().rev().map(|reign| self.folder(reign)).collect())
    }

    /// The folder of a reign, whether it exists or not.
    pub fn folder(&self, reign: Reign) -> Folder {
        Folder { reign, path: self.directory.join(format!("reign-{reign}")) }
    }

    /// Makes the folder of a reign that is not over.
    pub(super) fn make_folder(&self, reign: Reign) -> Result<Folder, ShippingError> {
        self.raise(reign)?;
        let folder = self.folder(reign);
        make_directory(&folder.path)?;
        make_directory(&folder.incoming())?;
        durable::sync_directory(&folder.path)?;
        durable::sync_directory(&self.directory)?;
        Ok(folder)
    }

    /// Puts the folder of a reign aside, so that shipping can begin anew in an empty one: after
    /// its content proved to be a dead branch and the backup instance was seeded again.
    /// Answers the new place, if there was a folder; nothing is deleted.
    pub fn set_aside(&self, reign: Reign) -> Result<Option<PathBuf>, ShippingError> {
        let lock = super::lock::WriterLock::take(self)?;
        let folder = self.folder(reign);
        if !folder.path.exists() {
            return Ok(None);
        }
        let aside = (1..).map(|n| self.directory.join(format!("aside-{reign}-{n}")));
        let free = aside.into_iter().find(|it| !it.exists()).expect("numbers do not end");
        fs::rename(&folder.path, &free).map_err(at("put aside", &folder.path))?;
        durable::sync_directory(&self.directory)?;
        drop(lock);
        Ok(Some(free))
    }
}

/// The folder of one reign.
#[derive(Clone, Debug)]
pub struct Folder {
    reign: Reign,
    path: PathBuf,
}

impl Folder {
    pub fn reign(&self) -> Reign {
        self.reign
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What `pg_receivewal` writes.
    pub fn incoming(&self) -> PathBuf {
        self.path.join("incoming")
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.path.join("manifest.jsonl")
    }

    pub(super) fn flushed(&self) -> PathBuf {
        self.path.join("flushed")
    }

    pub(super) fn heard(&self) -> PathBuf {
        self.path.join("heard")
    }

    pub(super) fn refused(&self) -> PathBuf {
        self.path.join("refused")
    }

    /// The compressed file of a closed one.
    pub(super) fn closed(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.zst"))
    }

    /// The WAL files that `pg_receivewal` holds now, in the order in which it looks at them.
    pub(super) fn incoming_files(&self) -> Result<Vec<WalFile>, ShippingError> {
        let names = names(&self.incoming())?;
        let mut files: Vec<_> = names.iter().filter_map(|it| WalFile::parse(it)).collect();
        files.sort_unstable();
        Ok(files)
    }

    /// A segment in `incoming` by either of its names: still received, or complete.
    pub(super) fn received(
        &self,
        segment: super::segment::Segment,
    ) -> Result<Option<(File, WalFile)>, ShippingError> {
        // It may change its name from the first to the second between two looks, never back.
        for file in [WalFile::Partial(segment), WalFile::Segment(segment)] {
            let path = self.incoming().join(file.name());
            match File::open(&path) {
                Ok(opened) => return Ok(Some((opened, file))),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(at("open", &path)(error)),
            }
        }
        Ok(None)
    }
}

/// The names in a directory; none if it does not exist.
pub(super) fn names(directory: &Path) -> Result<Vec<String>, ShippingError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at("list", directory)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(at("list", directory))?.file_name();
        names.extend(name.into_string().ok());
    }
    Ok(names)
}

pub(super) fn make_directory(path: &Path) -> Result<(), ShippingError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at("make", path))
}

fn number(path: &Path) -> Result<Option<u64>, ShippingError> {
    let Some(bytes) = durable::read(path)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    let parsed = text.trim().parse().map_err(|_| ShippingError::CorruptNote {
        path: path.to_owned(),
        why: format!("{:?} is not a number", text.chars().take(40).collect::<String>()),
    });
    parsed.map(Some)
}
