//! Files of keys and certificates: written whole or not at all, never over another one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The mode of a file that holds a private key.
pub(crate) const PRIVATE: u32 = 0o600;

/// The mode of a file that everybody may read.
pub(crate) const PUBLIC: u32 = 0o644;

/// The largest file of certificates or keys that is read, in bytes.
const MAX_FILE_BYTES: u64 = 256 * 1024;

/// Makes `directory`, and those above it, for its owner only. One that is there stays as it is.
pub(crate) fn make_directory(directory: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Writes `path`, which must not exist. A crash leaves all of it or nothing of that name.
pub(crate) fn write_new(path: &Path, mode: u32, contents: &[u8]) -> io::Result<()> {
    let unfinished = beside(path);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&unfinished)?;
    let written = file.write_all(contents).and_then(|()| file.sync_all());
    // A link, unlike a rename, fails when the name is taken.
    let linked = written.and_then(|()| fs::hard_link(&unfinished, path));
    let removed = fs::remove_file(&unfinished);
    linked.and(removed)?;
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

/// Reads a file, and tells the mode that it had when it was opened.
pub(crate) fn read(path: &Path) -> io::Result<(Vec<u8>, u32)> {
    let file = File::open(path)?;
    let mode = file.metadata()?.mode() & 0o7777;
    let mut contents = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut contents)?;
    Ok((contents, mode))
}

/// What helps where a file cannot be read or written.
pub(crate) fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "run this as the user to whom it belongs, or give it to this one with chown"
        }
        io::ErrorKind::NotFound => {
            "name another directory, or put it back: `standfast init` made it"
        }
        _ => "look at the directory and the disk that it is on",
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    path.with_file_name(name)
}
