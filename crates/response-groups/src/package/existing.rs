//! What lies where an export file is to be written.

use std::fs::File;
use std::io;
use std::path::Path;

use super::error::Refused;
use super::manifest::Manifest;
use super::reader::manifest_of;

/// What lies under a file name.
#[derive(Debug)]
pub enum ExistingFile {
    /// Nothing.
    Absent,
    /// An export file that Standfast wrote. Its contents were not looked at.
    Export(Box<Manifest>),
    /// Anything else, and why it is no export file.
    Other(Refused),
}

/// Looks what lies under a name, so that an older export may be kept beside a new one, and nothing
/// else is touched.
pub fn existing_file(path: &Path) -> io::Result<ExistingFile> {
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ExistingFile::Absent),
        Err(error) => return Err(error),
    };
    // A pipe would wait for somebody to write into it.
    if !found.is_file() {
        return Ok(ExistingFile::Other(Refused::NotAFile));
    }
    Ok(match manifest_of(File::open(path)?) {
        Ok(manifest) => ExistingFile::Export(Box::new(manifest)),
        Err(Refused::Unreadable(error)) => return Err(error),
        Err(other) => ExistingFile::Other(other),
    })
}
