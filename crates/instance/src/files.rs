//! Files that are whole or not there, and directories that are ours alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::Error;

/// The permission bits for the owner alone.
const OTHERS: u32 = 0o077;

/// Writes a file whole: beside, synced, renamed, directory synced. Only the owner may read it.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<(), Error> {
    put(path, text)?;
    sync_parent(path)
}

/// As [`write_whole`], but does nothing where the file says so already, and leaves it to the caller
/// to sync the directory once for all: people may wait for it.
pub(crate) fn write_changed(path: &Path, text: &str) -> Result<(), Error> {
    let same = fs::read(path).is_ok_and(|present| present == text.as_bytes());
    if same { Ok(()) } else { put(path, text) }
}

fn put(path: &Path, text: &str) -> Result<(), Error> {
    let beside = with_suffix(path, ".writing");
    remove_file(&beside)?;
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|it| Error::io("write", path, it))
}

/// Removes a file if it is there.
pub(crate) fn remove_file(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, error))
        }
        _ => Ok(()),
    }
}

/// Removes a directory and all below it, if it is there.
pub(crate) fn remove_tree(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, error))
        }
        _ => Ok(()),
    }
}

/// Renames and makes the new name durable.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(|it| Error::io("rename", from, it))?;
    sync_parent(to)
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|it| it.sync_all()).map_err(|it| Error::io("sync", path, it))
}

/// Makes this name durable.
pub(crate) fn sync_parent(path: &Path) -> Result<(), Error> {
    sync_directory(path.parent().unwrap_or(Path::new("/")))
}

/// Makes a directory for us alone, or checks that one is. Its parents are made, too.
pub(crate) fn private_directory(path: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|it| Error::io("make the directory", path, it))?;
    refuse_loose(path, 0o700)
}

/// Refuses what others on this host may read or enter.
pub(crate) fn refuse_loose(path: &Path, wanted: u32) -> Result<(), Error> {
    let mode = fs::metadata(path).map_err(|it| Error::io("look at", path, it))?.mode() & 0o777;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    Err(Error::LoosePermissions { path: path.to_owned(), mode, wanted })
}

/// Is there nothing, or an empty directory?
pub(crate) fn is_missing_or_empty(path: &Path) -> Result<bool, Error> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(Error::io("list", path, error)),
    }
}

/// What an ordinary user may still write on the disk of `path`, in bytes.
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|it| it.exists())?;
    let disk = nix::sys::statvfs::statvfs(there).ok()?;
    Some(disk.blocks_available() * disk.fragment_size())
}

/// `path` with something written behind its last name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Runs work on files where it does not hold up other tasks.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    }
}
