//! Up to where the open segment is durable and valid, as its one receiver recorded.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::durable;
use super::error::ShippingError;
use super::share::Folder;
use crate::Lsn;

/// The file `flushed` of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flushed {
    pub timeline: u32,
    /// The end of the last record that is whole, valid and on disk.
    pub lsn: Lsn,
    /// When the source last gave a sign of life.
    pub heard_at: Timestamp,
    /// The source's name.
    pub source: String,
}

impl Flushed {
    /// Reads it; `None` before anything was received.
    pub fn read(folder: &Folder) -> Result<Option<Self>, ShippingError> {
        let path = folder.flushed();
        let Some(bytes) = durable::read(&path)? else { return Ok(None) };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| ShippingError::CorruptNote { path, why: error.to_string() })
    }

    pub(super) fn write(&self, folder: &Folder) -> Result<(), ShippingError> {
        let bytes = serde_json::to_vec(self).expect("a note is JSON");
        durable::replace_soon(&folder.flushed(), &bytes)
    }
}
