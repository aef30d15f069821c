//! Every limit of the language, by name. Text from strangers stays within them.

/// The longest text that is parsed at once, in bytes.
pub const MAX_SCRIPT: usize = 1024 * 1024;

/// How deep brackets, braces and `$(...)` may stand within each other.
pub const MAX_DEPTH: usize = 32;

/// How deep lists and objects may stand within each other.
pub const MAX_VALUE_DEPTH: usize = 48;

/// The most objects one stage of a pipeline hands to the next.
pub const MAX_OBJECTS: usize = 200_000;

/// The largest single value, in bytes of text plus a charge for each part of it.
pub const MAX_VALUE_SIZE: usize = 64 * 1024 * 1024;

/// The most bytes that one value holds: what `Get-Content -Encoding Byte` reads, and what a
/// parameter takes. A larger file travels by its name.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// How much one run may do before it is stopped: expressions worked out and parts of values moved.
pub const MAX_EFFORT: u64 = 10_000_000;

/// The largest compiled pattern of `-match`, in bytes.
pub const MAX_PATTERN: usize = 1024 * 1024;
