//! What shell and host say to each other about files.

use serde::{Deserialize, Serialize};
use shell::Bytes;
use uuid::Uuid;

/// A part of a file that a shell sends. Sent twice, it counts once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The file's token: the shell has made it up.
    pub token: Uuid,
    /// The file's name on the shell's machine.
    pub name: String,
    /// The length of the whole.
    pub bytes: u64,
    /// The SHA-256 of the whole, in hexadecimal.
    pub sha256: String,
    /// Where in the file this part begins.
    pub offset: u64,
    /// What it holds, at most [`MAX_PART_BYTES`](super::MAX_PART_BYTES).
    pub data: Bytes,
}

/// A part of a file that a shell wants; the answer is what stands there, nothing at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The file's token.
    pub token: Uuid,
    /// Where to begin.
    pub offset: u64,
}

/// A shell's word that a file is complete on its machine, and durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// The file's token.
    pub token: Uuid,
    /// The SHA-256 of what was read back there, in hexadecimal.
    pub sha256: String,
}
