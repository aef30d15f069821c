//! Putting a file that was fetched where it belongs, so that a crash anywhere leaves the old file,
//! or the new one complete.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use response_groups::package::{ExistingFile, Manifest, existing_file};

/// How many older files with the same date lie beside a file.
const SAME_DATE_MAX: u32 = 100;

/// How the name of a file ends that is being fetched.
const UNFINISHED: &str = ".part";

/// How long nobody has written to a part of a file that nobody will finish.
const LEFT_ALONE: Duration = Duration::from_hours(1);

/// What may become of a file that lies there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// It stays, unless it is an export of the same configuration: then it is kept beside.
    Keep,
    /// It is written over.
    Replace,
}

/// A file being fetched, under a name of its own in the folder that it belongs to. Goes again if
/// it does not come to its place.
#[derive(Debug)]
pub(super) struct Fetched {
    file: File,
    temporary: PathBuf,
    placed: bool,
}

/// Refuses early what cannot be written over, before anything is fetched.
pub(super) fn look(path: &Path, existing: Existing) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::other(format!("{} is a folder", path.display())));
    }
    match (existing, existing_file(path)?) {
        (Existing::Replace, _) | (_, ExistingFile::Absent | ExistingFile::Export(_)) => Ok(()),
        (Existing::Keep, ExistingFile::Other(_)) => Err(in_the_way(path)),
    }
}

impl Fetched {
    /// Begins a file that will be `path`.
    pub(super) fn begin(path: &Path, token: &str) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        remove_left(folder(path), &format!(".{name}."))?;
        let temporary = folder(path).join(format!(".{name}.{token}{UNFINISHED}"));
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&temporary)?;
        Ok(Self { file, temporary, placed: false })
    }

    pub(super) fn write(&mut self, part: &[u8]) -> io::Result<()> {
        self.file.write_all(part)
    }

    /// Makes the file durable, reads it back, and compares it.
    pub(super) fn verify(&self, bytes: u64, sha256: &str) -> io::Result<()> {
        self.file.sync_all()?;
        let found = admin::files::digest(&mut File::open(&self.temporary)?)?;
        if found != (bytes, sha256.to_owned()) {
            return Err(io::Error::other("what was read back is not what was sent"));
        }
        Ok(())
    }

    /// Gives the file its name, durably. Tells what an older file was kept as.
    pub(super) fn place(mut self, path: &Path, existing: Existing) -> io::Result<Option<PathBuf>> {
        let kept = match (existing, existing_file(path)?) {
            (_, ExistingFile::Export(older)) if self.succeeds(&older)? => {
                Some(keep_beside(path, &older)?)
            }
            (_, ExistingFile::Absent) | (Existing::Replace, _) => None,
            (Existing::Keep, ExistingFile::Export(older)) => return Err(of_another(path, &older)),
            (Existing::Keep, ExistingFile::Other(_)) => return Err(in_the_way(path)),
        };
        std::fs::rename(&self.temporary, path)?;
        self.placed = true;
        File::open(folder(path))?.sync_all()?;
        Ok(kept)
    }

    /// Whether it is an export without any object, and under its name lies one of the same source
    /// and owner that has some.
    pub(super) fn adds_nothing_to(&self, path: &Path) -> io::Result<bool> {
        let ExistingFile::Export(older) = existing_file(path)? else { return Ok(false) };
        let ExistingFile::Export(it) = existing_file(&self.temporary)? else { return Ok(false) };
        Ok(it.objects() == 0 && older.objects() > 0 && is_of_the_same(&it, &older))
    }

    /// Whether it is an export of the same source and owner as `older`.
    fn succeeds(&self, older: &Manifest) -> io::Result<bool> {
        Ok(match existing_file(&self.temporary)? {
            ExistingFile::Export(it) => is_of_the_same(&it, older),
            ExistingFile::Absent | ExistingFile::Other(_) => false,
        })
    }
}

impl Drop for Fetched {
    fn drop(&mut self) {
        if !self.placed {
            // Whoever fails has a better reason to tell than this.
            drop(std::fs::remove_file(&self.temporary));
        }
    }
}

fn is_of_the_same(one: &Manifest, other: &Manifest) -> bool {
    one.source == other.source && one.owner == other.owner
}

/// Removes what shells that were killed left of the same file some time ago.
fn remove_left(folder: &Path, begin: &str) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_part = |it: &str| it.starts_with(begin) && it.ends_with(UNFINISHED);
        if name.to_str().is_some_and(is_part) {
            let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            if LEFT_ALONE < age {
                std::fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

/// Gives the older file a second name with its date; its first one is taken over by the new file.
fn keep_beside(path: &Path, older: &Manifest) -> io::Result<PathBuf> {
    let date = older.created.strftime("%Y-%m-%dT%H-%M-%SZ");
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map_or(String::new(), |it| format!(".{}", it.display()));
    for turn in 1..=SAME_DATE_MAX {
        let again = if turn == 1 { String::new() } else { format!("-{turn}") };
        let beside = folder(path).join(format!("{stem}.{date}{again}{extension}"));
        match std::fs::hard_link(path, &beside) {
            Ok(()) => return Ok(beside),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // Not every file system knows second names.
            Err(_) if !beside.exists() => {
                std::fs::rename(path, &beside)?;
                return Ok(beside);
            }
            Err(error) => return Err(error),
        }
    }
    let message = format!("{SAME_DATE_MAX} older files of {date} lie beside {}", path.display());
    Err(io::Error::other(message))
}

/// The folder that `path` lies in.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn in_the_way(path: &Path) -> io::Error {
    let path = path.display();
    io::Error::other(format!("{path} is there already and is no export file: add -Force"))
}

fn of_another(path: &Path, older: &Manifest) -> io::Error {
    let whose = older.owner.as_deref().map_or(String::new(), |it| format!(", owner {it}"));
    io::Error::other(format!(
        "{} is there already and is an export of {}{whose}: name another file, or add -Force",
        path.display(),
        older.source
    ))
}
