//! How long and how many: the original's limits where it has one, generous ones where it has none.

use std::ops::RangeInclusive;

/// Characters of an object's name.
pub const NAME_MAX: usize = 256;

/// Characters of the name of a question, an answer, a time range or a holiday.
pub const INNER_NAME_MAX: usize = 128;

/// Characters of a description.
pub const DESCRIPTION_MAX: usize = 1024;

/// Characters of a display number.
pub const DISPLAY_NUMBER_MAX: usize = 64;

/// Characters of an address or a URI.
pub const URI_MAX: usize = 512;

/// Digits of a telephone number (ITU-T E.164 section 6.2.1: country code and all).
pub const DIGITS: RangeInclusive<usize> = 1..=15;

/// Characters of a prompt that is spoken.
pub const PROMPT_MAX: usize = 4096;

/// Seconds for which an agent is alerted.
pub const ALERT_TIME: RangeInclusive<u16> = 10..=600;

/// Seconds for which a call may wait in a queue.
pub const TIMEOUT_THRESHOLD: RangeInclusive<i32> = 10..=65_535;

/// Calls that may wait in a queue.
pub const OVERFLOW_THRESHOLD: RangeInclusive<i16> = 0..=1000;

/// Seconds before a call may return to an agent who has declined it.
pub const RINGBACK_GRACE: RangeInclusive<u16> = 30..=600;

/// Agents of a group.
pub const AGENTS_MAX: usize = 5000;

/// Agent groups of a queue.
pub const AGENT_GROUPS_MAX: usize = 1000;

/// Holiday sets of a workflow.
pub const HOLIDAY_SETS_MAX: usize = 1000;

/// Holidays of a set.
pub const HOLIDAYS_MAX: usize = 1000;

/// Those who may change a workflow.
pub const MANAGERS_MAX: usize = 1000;

/// Answers to a question.
pub const ANSWERS_MAX: usize = 100;

/// Words or phrases that one answer understands.
pub const VOICE_RESPONSES_MAX: usize = 100;

/// Characters of such a phrase.
pub const VOICE_RESPONSE_MAX: usize = 256;

/// How many questions may follow upon each other's answers. (As the shell's values each of them
/// nests fourteen deep in JSON, and JSON deeper than 127 is not read.)
pub const QUESTION_DEPTH_MAX: usize = 8;

/// Questions below one action, of all levels.
pub const QUESTIONS_MAX: usize = 1000;

/// Bytes of an audio file.
pub const AUDIO_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Characters of an audio file's name.
pub const FILE_NAME_MAX: usize = 255;
