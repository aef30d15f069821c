//! Files that survive a crash whole: written aside, flushed, then named.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

use super::error::{ShippingError, at};

/// Writes `bytes` and lets them take the place of whatever `path` held.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), ShippingError> {
    let temporary = beside(path);
    write(&temporary, bytes)?;
    fs::rename(&temporary, path).map_err(at("name", path))?;
    sync_directory_of(path)
}

/// Like [`replace`], but the new name may be lost with the host's power (the old content is then
/// still there, whole). For notes that are renewed several times a second.
pub(super) fn replace_soon(path: &Path, bytes: &[u8]) -> Result<(), ShippingError> {
    let temporary = beside(path);
    write(&temporary, bytes)?;
    fs::rename(&temporary, path).map_err(at("name", path))
}

/// Gives the flushed file `temporary` the name `path` unless that is taken.
///
/// Answers whether it took the name; the temporary name is gone either way.
pub(super) fn name_new(temporary: &Path, path: &Path) -> Result<Taken, ShippingError> {
    let taken = match renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RenameFlags::RENAME_NOREPLACE)
    {
        Ok(()) => Taken::Named,
        Err(Errno::EEXIST) => Taken::WasThere,
        // File systems without that flag have links.
        Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => {
            match fs::hard_link(temporary, path) {
                Ok(()) => Taken::Named,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Taken::WasThere,
                Err(error) => return Err(at("name", path)(error)),
            }
        }
        Err(errno) => return Err(at("name", path)(errno.into())),
    };
    remove(temporary)?;
    sync_directory_of(path)?;
    Ok(taken)
}

/// Whether a new file got its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Named,
    WasThere,
}

/// Removes a file that may be gone already.
pub(super) fn remove(path: &Path) -> Result<(), ShippingError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Reads a file that may not be there.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, ShippingError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at("read", path)(error)),
    }
}

/// Makes the directory of `path` remember its names.
pub(super) fn sync_directory_of(path: &Path) -> Result<(), ShippingError> {
    sync_directory(path.parent().unwrap_or(Path::new("/")))
}

/// Makes a directory remember its names.
pub(super) fn sync_directory(path: &Path) -> Result<(), ShippingError> {
    File::open(path).and_then(|it| it.sync_all()).map_err(at("flush", path))
}

/// The name that a file has until it is whole. Hidden, so that nobody takes it for the file.
pub(super) fn beside(path: &Path) -> std::path::PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.tmp"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ShippingError> {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_data()
    });
    written.map_err(|error| {
        // What is left of it would keep the room that the next attempt needs.
        fs::remove_file(path).ok();
        at("write", path)(error)
    })
}
