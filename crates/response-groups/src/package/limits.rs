//! How large an export file may be. A file that is larger is neither written nor read.

use crate::checks;

/// The whole file.
pub const FILE_BYTES_MAX: u64 = 1 << 30;

/// Entries in the file: the manifest, eight of JSON, and the audio files.
pub const ENTRIES_MAX: usize = 20_000;

/// Objects of one kind, and what else the manifest counts: no entry of JSON holds more.
pub const COUNT_MAX: u64 = JSON_BYTES_MAX;

/// An entry's name. The longest that is written has forty-six letters.
pub const NAME_BYTES_MAX: usize = 64;

/// The manifest, which names every other entry.
pub const MANIFEST_BYTES_MAX: u64 = 8 << 20;

/// An entry of JSON.
pub const JSON_BYTES_MAX: u64 = 64 << 20;

/// The content of an audio file.
pub const AUDIO_BYTES_MAX: u64 = checks::AUDIO_BYTES_MAX as u64;

/// All entries, unpacked.
pub const TOTAL_BYTES_MAX: u64 = 1 << 30;

/// How many times larger than packed an entry may become, if it is large.
pub const RATIO_MAX: u64 = 100;

/// An entry is large from here on. A smaller one may become as large as this, however it is packed.
pub const RATIO_FROM_BYTES: u64 = 1 << 20;

/// Whether an entry becomes suspiciously large.
pub(super) fn is_bomb(packed: u64, unpacked: u64) -> bool {
    unpacked > RATIO_FROM_BYTES && unpacked / RATIO_MAX > packed
}
