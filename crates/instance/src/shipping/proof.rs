//! Proves, before received WAL is closed, that its file still holds the records that were read in
//! it: a disk may lose a bit after that, and a checksum over the loss would vouch for it.

use super::error::ShippingError;
use super::records::{Next, Records};
use super::segment::Segment;
use super::share::Folder;
use super::tail::{Files, Prefix};
use crate::Lsn;

/// What was found in a segment.
#[derive(Debug)]
pub(super) enum Proof {
    /// All its records are valid. One that goes on in the next segment ends so far in that.
    Whole { crossing: Option<Prefix> },
    /// No valid record follows this position.
    Damaged { after: Lsn },
}

/// Reads the records of a received segment that begin before `end`. What an earlier segment's last
/// record left at its beginning is passed over.
pub(super) fn prove(folder: &Folder, segment: Segment, end: Lsn) -> Result<Proof, ShippingError> {
    let mut files = Files::default();
    let mut records = Records::from(segment.start());
    while records.at() < end {
        match records.next(&mut files.reader(folder, segment.timeline))? {
            Next::Record(_) => {}
            // A record's rest on another timeline is nothing that this one's file can be asked for.
            Next::Waits(page) if page >= end && is_missing(folder, segment, page)? => {
                return Ok(Proof::Whole { crossing: None });
            }
            Next::Waits(_) => return Ok(Proof::Damaged { after: records.at() }),
        }
    }
    let next = Segment { number: segment.number + 1, timeline: segment.timeline };
    let crossed = records.at().0.saturating_sub(next.start().0).min(crate::SEGMENT_BYTES);
    let crossing = match folder.received(next)? {
        Some((file, _)) if crossed > 0 => Some(Prefix::read(&file, folder, next, crossed)?),
        _ => None,
    };
    Ok(Proof::Whole { crossing })
}

fn is_missing(folder: &Folder, segment: Segment, page: Lsn) -> Result<bool, ShippingError> {
    Ok(folder.received(Segment::holding(segment.timeline, page))?.is_none())
}
