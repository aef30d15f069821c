//! Reading and writing the files themselves.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::limits::MAX_PART_BYTES;
use crate::fault::{Fault, FaultKind};

/// A new file that only this process's user may read.
pub(super) fn create(path: &Path) -> Result<File, Fault> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create_new(true).mode(0o600);
    options.open(path).map_err(|error| unwritable(&error))
}

/// Length and SHA-256 of a whole file.
pub fn digest(file: &mut File) -> io::Result<(u64, String)> {
    let mut hasher = Sha256::new();
    let mut part = vec![0; MAX_PART_BYTES];
    let mut bytes = 0;
    file.rewind()?;
    loop {
        let read = file.read(&mut part)?;
        if read == 0 {
            return Ok((bytes, hexadecimal(&hasher.finalize())));
        }
        hasher.update(&part[..read]);
        bytes += read as u64;
    }
}

/// Bytes in hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |it: u8| char::from(b"0123456789abcdef"[usize::from(it)]);
    bytes.iter().flat_map(|it| [digit(it >> 4), digit(it & 15)]).collect()
}

/// The spool cannot be used.
pub(super) fn unwritable(error: &io::Error) -> Fault {
    Fault::new(
        FaultKind::Unavailable,
        "spool",
        format!("the directory for files that travel cannot be used: {error}"),
        "make room on this host's disk, or ask another host with --via",
    )
}

/// Runs what reads and writes files where it disturbs nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(unwritable(&io::Error::other(error))))
}
