//! Audio files: prompts and music on hold.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An audio file as other objects name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AudioRef {
    /// Made once; the same in every copy.
    #[serde(rename = "ID")]
    pub id: Uuid,
    /// The name that its file had.
    pub original_file_name: String,
}

/// An audio file with what it holds.
#[derive(Clone, PartialEq, Eq)]
pub struct AudioFile {
    /// Made once; the same in every copy.
    pub id: Uuid,
    /// The pool that it belongs to.
    pub owner: String,
    /// The name that its file had.
    pub original_file_name: String,
    /// The file, byte for byte.
    pub content: Vec<u8>,
}

impl std::fmt::Debug for AudioFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, original_file_name, content, .. } = self;
        write!(f, "AudioFile({id}, {original_file_name}, {} bytes)", content.len())
    }
}
