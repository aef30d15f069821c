//! The file by which we know a data directory as ours, with the settings it was last given.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Settings, files};

/// Its name in the data directory.
const FILE: &str = "standfast.json";

/// Larger than any settings, in bytes.
const SIZE_LIMIT: u64 = 1024 * 1024;

/// Says whose data directory this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marker {
    /// The instance's name.
    pub(crate) name: String,
    pub(crate) system_identifier: u64,
    pub(crate) settings: Settings,
}

impl Marker {
    /// Reads the marker; `None` if there is none.
    pub(crate) fn read(data: &Path) -> Result<Option<Self>, Error> {
        let path = data.join(FILE);
        let size = match std::fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("look at", &path, error)),
        };
        let foreign = |why| Error::Foreign { directory: data.to_owned(), why };
        if size > SIZE_LIMIT {
            return Err(foreign(format!("its {FILE} has {size} bytes")));
        }
        let text = std::fs::read_to_string(&path).map_err(|it| Error::io("read", &path, it))?;
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|it| foreign(format!("its {FILE} cannot be understood ({it})")))
    }

    /// Writes the marker.
    pub(crate) fn write(&self, data: &Path) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self).expect("settings are plain data");
        files::write_changed(&data.join(FILE), &text)
    }

    /// Is the data directory this instance's? Says why not.
    pub(crate) fn read_ours(data: &Path, name: &str) -> Result<Result<Self, String>, Error> {
        Ok(match Self::read(data)? {
            None => Err(format!("it holds files, but no {FILE}")),
            Some(marker) if marker.name != name => {
                Err(format!("its {FILE} says that it belongs to instance {}", marker.name))
            }
            Some(marker) => Ok(marker),
        })
    }
}

/// The file beside a data directory that stands there while a rewind is unfinished.
pub(crate) fn rewinding(data: &Path) -> PathBuf {
    files::with_suffix(data, ".rewinding")
}
