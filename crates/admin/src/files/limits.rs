//! Every limit of files that travel, by name.

use std::time::Duration;

/// The largest file that travels, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// The most bytes that all files in the spool have together.
pub const MAX_SPOOL_BYTES: u64 = 4 << 30;

/// The most files in the spool.
pub const MAX_FILES: usize = 64;

/// The most bytes of one part of a file.
pub const MAX_PART_BYTES: usize = 512 * 1024;

/// The longest name of a file, in bytes.
pub const MAX_NAME_BYTES: usize = 1024;

/// How long a file that nobody asks for stays.
pub const KEPT: Duration = Duration::from_mins(30);

/// How often whoever owns the spool calls [`Spool::sweep`](super::Spool::sweep).
pub const SWEEP_EVERY: Duration = Duration::from_mins(1);
