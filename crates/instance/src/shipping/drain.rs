//! After the source is lost: where does the shipped WAL end, is any of it lost, and has the backup
//! instance replayed all of it?
//!
//! A promotion is refused until it has, because `PostgreSQL` would not complain: it takes whatever
//! it cannot get for the end of the WAL.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::closing::Closer;
use super::compress::decompress;
use super::error::{ShippingError, at};
use super::lock::WriterLock;
use super::records::{Next, Records};
use super::segment::{PAGE_BYTES, Segment};
use super::tail::{Position, Tail};
use super::view::{Held, View, open_received};
use super::{Flushed, Share, durable};
use crate::{Lsn, SEGMENT_BYTES};

/// How many segments before the last one are searched for a whole record: the longest record that
/// `PostgreSQL` writes has just under one GiB.
const SEARCH_BACK: u64 = 66;

/// WAL that the share should hold and does not. Nothing after its beginning can be replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostRange {
    pub timeline: u32,
    /// The first byte that is lost.
    pub from: Lsn,
    /// The position after the last byte that the share holds or ought to hold.
    pub to: Lsn,
    /// The files in the range that are missing or damaged.
    pub files: Vec<String>,
}

impl std::fmt::Display for LostRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {} on timeline {}", self.from, self.to, self.timeline)
    }
}

/// Where the shipped WAL ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainedEnd {
    /// The end of the last valid record that can be replayed. `None` in an empty share.
    pub end: Option<Position>,
    /// What was shipped and cannot be replayed.
    pub lost: Option<LostRange>,
}

/// Has the backup instance replayed what was shipped?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drained {
    /// All of it, or all that an administrator has not given up.
    Yes,
    /// Not yet.
    Behind { by: u64 },
    /// It cannot: this range is lost. Promotion needs a consent that names it.
    Lost { range: LostRange },
}

impl DrainedEnd {
    /// Judges a replayed position. `consent` is the range that an administrator gave up, if any;
    /// it counts only if it is exactly the range that is lost.
    pub fn is_drained(&self, replayed: Lsn, consent: Option<&LostRange>) -> Drained {
        match &self.lost {
            Some(range) if consent != Some(range) => {
                return Drained::Lost { range: range.clone() };
            }
            Some(_) | None => {}
        }
        match self.end.map_or(0, |end| end.lsn.bytes_since(replayed)) {
            0 => Drained::Yes,
            by => Drained::Behind { by },
        }
    }
}

/// Takes the share after its receiver is gone: flushes and reads what was received to its end,
/// records that position, and closes what is complete. Answers the end.
///
/// Refuses while a receiver is alive. Works also after a higher reign was announced, because the
/// announcement is what ends the old one.
pub fn settle(share: &Share) -> Result<Option<Position>, ShippingError> {
    let lock = WriterLock::take(share)?;
    let Some(folder) = share.folders()?.into_iter().next() else { return Ok(None) };
    let mut tail = Tail::open(folder.clone())?;
    while tail.pass()? {}
    let end = tail.position();
    if let Some(Position { timeline, lsn }) = end {
        let before = Flushed::read(&folder)?;
        let heard_at = before.as_ref().map_or(Timestamp::UNIX_EPOCH, |it| it.heard_at);
        let source = before.map(|it| it.source).unwrap_or_default();
        Flushed { timeline, lsn, heard_at, source }.write(&folder)?;
        durable::sync_directory(folder.path())?;
        Closer::open(share.clone(), folder)?.pass(end, Timestamp::now())?;
    }
    drop(lock);
    Ok(end)
}

/// Finds the end of the shipped WAL, proving every file from `replayed` (what the backup instance
/// has replayed) on. Call [`settle`] first.
pub fn drained_end(share: &Share, replayed: Lsn) -> Result<DrainedEnd, ShippingError> {
    drained_from(share, replayed, replayed)
}

/// The same for an instance that begins anew at `redo` when it starts. What it has replayed and the
/// share does not list any more, it has itself; what the share lists and cannot give stops it.
pub fn drained_from(share: &Share, redo: Lsn, replayed: Lsn) -> Result<DrainedEnd, ShippingError> {
    let view = View::read(share)?;
    let (Some((first, last)), Some(newest)) = (view.numbers(), view.newest()) else {
        return Ok(DrainedEnd { end: None, lost: None });
    };
    let mut bad: Vec<(u64, Lsn)> = Vec::new();
    for number in redo.segment()..=last {
        let start = Lsn::of_segment(number);
        let is_replayed = number < replayed.segment();
        match view.number(number) {
            None | Some((_, Held::Open { .. })) if is_replayed => {}
            None => bad.push((number, start)),
            Some((_, Held::Closed { line, path })) => {
                match decompress(path, line, &mut std::io::sink()) {
                    Err(ShippingError::Damaged { .. }) => bad.push((number, start)),
                    proven => proven?,
                }
            }
            // Only the end of the branch may be unfinished.
            Some((segment, held)) if number < last && held.end() < segment.end() => {
                bad.push((number, held.end()));
            }
            Some((_, Held::Open { .. })) => {}
        }
    }
    let range = bad.first().map(|(_, from)| LostRange {
        timeline: newest.timeline,
        from: *from,
        to: newest.lsn,
        files: bad.iter().map(|(number, _)| name(&view, *number)).collect(),
    });
    let limit = range.as_ref().map_or(newest.lsn, |it| it.from);
    let end = if bad.first().is_some_and(|(number, _)| *number <= replayed.segment()) {
        // The file in which the replay stands cannot be read: the end is where that is.
        let lsn = limit.max(replayed);
        let timeline = view.history().map_or(1, |it| it.timeline_at(lsn));
        Position { timeline, lsn }
    } else {
        end_of_records(share, &view, limit, first)?
    };
    let lost = range.or_else(|| lost_of_open(&view, end, newest));
    Ok(DrainedEnd { end: Some(end), lost })
}

/// The flushed position is the end of a record. If the open segment no longer reads as far as it
/// once did, what lies between is lost.
fn lost_of_open(view: &View, end: Position, newest: Position) -> Option<LostRange> {
    let Some((segment, Held::Open { .. })) = view.number(end.lsn.segment()) else { return None };
    (end.lsn < newest.lsn).then(|| LostRange {
        timeline: newest.timeline,
        from: end.lsn,
        to: newest.lsn,
        files: vec![segment.name()],
    })
}

fn name(view: &View, number: u64) -> String {
    let newest = view.history().map_or(1, |it| it.timeline_at(Lsn::of_segment(number)));
    view.number(number)
        .map_or_else(|| Segment { number, timeline: newest }.name(), |(segment, _)| segment.name())
}

/// Reads records up to `limit` and answers the end of the last one.
fn end_of_records(
    share: &Share,
    view: &View,
    limit: Lsn,
    first: u64,
) -> Result<Position, ShippingError> {
    let last = Lsn(limit.0.saturating_sub(1)).segment();
    let mut loaded: Option<(u64, Vec<u8>)> = None;
    let mut read = |address: Lsn, page: &mut [u8; PAGE_BYTES]| {
        if address >= limit {
            return Ok(false);
        }
        let number = address.segment();
        if loaded.as_ref().is_none_or(|(it, _)| *it != number) {
            loaded = content(share, view, number, limit)?.map(|bytes| (number, bytes));
        }
        let Some((_, bytes)) = &loaded else { return Ok(false) };
        let from = usize::try_from(address.segment_offset()).expect("an offset in a segment");
        page.copy_from_slice(&bytes[from..from + PAGE_BYTES]);
        Ok(true)
    };
    for back in 0..SEARCH_BACK {
        let Some(number) = last.checked_sub(back).filter(|it| *it >= first) else { break };
        let mut records = Records::from(Lsn::of_segment(number));
        let mut found = false;
        while let Next::Record(_) = records.next(&mut read)? {
            found = true;
        }
        if found {
            let lsn = records.at();
            let inside = Lsn(lsn.0 - 1);
            let timeline = view.number(inside.segment()).map_or(1, |(it, _)| it.timeline);
            return Ok(Position { timeline, lsn });
        }
    }
    // Not even one record: nothing can be replayed from here.
    let lsn = limit.min(Lsn::of_segment(first));
    let timeline = view.history().map_or(1, |it| it.timeline_at(lsn));
    Ok(Position { timeline, lsn })
}

/// The bytes of a segment, zeros where the share does not vouch for them.
fn content(
    share: &Share,
    view: &View,
    number: u64,
    limit: Lsn,
) -> Result<Option<Vec<u8>>, ShippingError> {
    let Some((segment, held)) = view.number(number) else { return Ok(None) };
    let size = usize::try_from(SEGMENT_BYTES).expect("a segment fits in memory");
    let mut bytes = Vec::with_capacity(size);
    match held {
        Held::Closed { line, path } => decompress(path, line, &mut bytes)?,
        Held::Open { folder, limit: valid } => {
            let Some(file) = open_received(folder, segment)? else { return Ok(None) };
            fill(&file, &mut bytes, valid.min(&limit).bytes_since(segment.start()))
                .map_err(at("read", share.directory()))?;
        }
    }
    bytes.resize(size, 0);
    Ok(Some(bytes))
}

fn fill(file: &File, bytes: &mut Vec<u8>, count: u64) -> std::io::Result<()> {
    bytes.resize(usize::try_from(count).expect("a segment fits in memory"), 0);
    file.read_exact_at(bytes, 0)
}

/// An administrator's word that a lost range is given up. It stands in the share, so that
/// `wal-restore` calls the range's damaged files the end of the WAL instead of stopping the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub range: LostRange,
    pub given_at: Timestamp,
}

impl Consent {
    /// Records the consent durably.
    pub fn write(&self, share: &Share) -> Result<(), ShippingError> {
        let text = serde_json::to_vec(self).expect("a consent is JSON");
        durable::replace(&share.directory().join("consent.json"), &text)
    }

    /// The consent that was given last, if any.
    pub fn read(share: &Share) -> Result<Option<Self>, ShippingError> {
        let path = share.directory().join("consent.json");
        let Some(bytes) = durable::read(&path)? else { return Ok(None) };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| ShippingError::CorruptNote { path, why: error.to_string() })
    }

    pub(super) fn covers(&self, segment: Segment) -> bool {
        self.range.from <= segment.start() && self.range.files.contains(&segment.name())
    }
}
