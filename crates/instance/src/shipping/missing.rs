//! Which segments are there, and what became of those that are not: WAL-G's four words.

use std::fmt;

use super::Share;
use super::error::ShippingError;
use super::segment::Segment;
use super::view::{Held, View};
use crate::Lsn;

/// How many segments one answer covers at most (one TiB of WAL).
const SEGMENTS_LIMIT: u64 = 65_536;

/// What became of a segment on its way to the share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Closed, listed, and its file has its size.
    Found,
    /// Not received yet; the source still has it.
    MissingDelayed,
    /// Being received or closed right now.
    MissingUploading,
    /// A later one is there, or its file is gone: it will not come by itself.
    MissingLost,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Found => "FOUND",
            Self::MissingDelayed => "MISSING_DELAYED",
            Self::MissingUploading => "MISSING_UPLOADING",
            Self::MissingLost => "MISSING_LOST",
        })
    }
}

/// Tells of every segment from the one that holds `oldest` (what a reader needs first) to the one
/// that holds `newest` (where the source is), what became of it.
///
/// Looks at names and sizes, not at content; `drain::drained_end` proves that.
pub fn missing(
    share: &Share,
    oldest: Lsn,
    newest: Lsn,
) -> Result<Vec<(Segment, Word)>, ShippingError> {
    let view = View::read(share)?;
    let last_held = view.numbers().map(|(_, last)| last);
    let last = newest.segment().max(last_held.unwrap_or(0));
    let first = oldest.segment().max(last.saturating_sub(SEGMENTS_LIMIT - 1));
    let mut words = Vec::new();
    for number in first..=last {
        let (segment, word) = match view.number(number) {
            Some((segment, Held::Closed { line, path })) => {
                let size = std::fs::metadata(path).map(|it| it.len());
                let whole = size.is_ok_and(|it| it == line.compressed);
                (segment, if whole { Word::Found } else { Word::MissingLost })
            }
            Some((segment, Held::Open { .. })) => (segment, Word::MissingUploading),
            None => {
                let start = Lsn::of_segment(number);
                let timeline = view.history().map_or(1, |it| it.timeline_at(start));
                let overtaken = last_held.is_some_and(|last| number < last);
                let word = if overtaken { Word::MissingLost } else { Word::MissingDelayed };
                (Segment { number, timeline }, word)
            }
        };
        words.push((segment, word));
    }
    Ok(words)
}
