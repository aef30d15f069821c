//! After the source is lost: where does the shipped WAL end, is any of it lost, and has the backup
//! instance replayed all of it?
//!
//! A promotion is refused until it has, because `PostgreSQL` would not complain: it takes whatever
//! it cannot get for the end of the WAL.

use std::collections::BTreeMap;
use std::io::Read as _;

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

/// How often to look again when a file was closed under our eyes.
const LOOKS: u32 = 10;

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
    pub end: Option<Lsn>,
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
        match self.end.map_or(0, |end| end.bytes_since(replayed)) {
            0 => Drained::Yes,
            by => Drained::Behind { by },
        }
    }
}

/// Takes the share after its receiver is gone: flushes and reads what was received to its end,
/// records that position, and closes what is complete and whole. Answers the end.
///
/// Refuses while a receiver is alive. Works also after a higher reign was announced, because the
/// announcement is what ends the old one.
pub fn settle(share: &Share) -> Result<Option<Position>, ShippingError> {
    let lock = WriterLock::take(share)?;
    let Some(folder) = share.folders()?.into_iter().next() else { return Ok(None) };
    let mut tail = Tail::open(folder.clone())?;
    unless_damaged(tail.read_all())?;
    let end = tail.position();
    if let Some(Position { timeline, lsn }) = end {
        let before = Flushed::read(&folder)?;
        let heard_at = before.as_ref().map_or(Timestamp::UNIX_EPOCH, |it| it.heard_at);
        let source = before.map(|it| it.source).unwrap_or_default();
        Flushed { timeline, lsn, heard_at, source }.write(&folder)?;
        durable::sync_directory(folder.path())?;
        unless_damaged(Closer::open(share.clone(), folder)?.pass(end, Timestamp::now()).map(drop))?;
    }
    drop(lock);
    Ok(end)
}

/// What is damaged cannot come again, so it stays as it is; what is lost of it is judged later.
fn unless_damaged(done: Result<(), ShippingError>) -> Result<(), ShippingError> {
    match done {
        Err(why @ ShippingError::Damaged { .. }) => {
            tracing::warn!(%why, "the share is settled as far as it can be read");
            Ok(())
        }
        done => done,
    }
}

/// Finds the end of the shipped WAL, proving every file and reading every record from `replayed`
/// (what the backup instance has replayed) on. Call [`settle`] first.
pub fn drained_end(share: &Share, replayed: Lsn) -> Result<DrainedEnd, ShippingError> {
    drained_from(share, Replay { redo: replayed, replayed, received: None })
}

/// What is known of an instance that replays what was shipped.
#[derive(Clone, Copy, Debug)]
pub struct Replay {
    /// From where on it asks for WAL, if it begins anew. What it has replayed and the share does
    /// not list any more, it has itself; what the share lists and cannot give stops it.
    pub redo: Lsn,
    /// Up to where it has replayed.
    pub replayed: Lsn,
    /// Up to where the share is known to have held WAL, whatever has become of it.
    pub received: Option<Position>,
}

/// The same for an instance of which more is known.
pub fn drained_from(share: &Share, replay: Replay) -> Result<DrainedEnd, ShippingError> {
    for _ in 0..LOOKS {
        if let Some(end) = look(share, replay)? {
            return Ok(end);
        }
    }
    let source = std::io::Error::other("files are closed faster than they can be read");
    Err(at("read", share.directory())(source))
}

/// One look; `None` if a file that was open was closed meanwhile.
fn look(share: &Share, replay: Replay) -> Result<Option<DrainedEnd>, ShippingError> {
    let Replay { redo, replayed, received } = replay;
    let view = View::read(share)?;
    let received = received.and_then(|it| view.on_branch(it));
    let Some(newest) = view.newest().into_iter().chain(received).max_by_key(|it| it.lsn) else {
        return Ok(Some(DrainedEnd { end: None, lost: None }));
    };
    let mut shipped = Shipped::new(&view, newest.lsn);
    let mut records = Records::from(shipped.first_listed(redo, replayed));
    let waits = loop {
        match records.next(&mut |address, page| shipped.page(address, page))? {
            Next::Record(_) => {}
            Next::Waits(page) => break page,
        }
    };
    let end = records.at();
    if shipped.stops_short(end, waits) {
        shipped.bad.entry(waits.segment()).or_insert(end);
    }
    shipped.prove_from(waits.segment() + 1)?;
    if shipped.closed_meanwhile {
        return Ok(None);
    }
    let bad = shipped.bad;
    let Some((first, from)) = bad.first_key_value() else {
        return Ok(Some(DrainedEnd { end: Some(end), lost: None }));
    };
    // Where the replay stands in a file that cannot be read, it is at its end.
    let end = if *first <= replayed.segment() { replayed.max(*from) } else { end };
    let lost = LostRange {
        timeline: newest.timeline,
        from: *from,
        to: newest.lsn,
        files: bad.keys().map(|number| name(&view, *number)).collect(),
    };
    Ok(Some(DrainedEnd { end: Some(end), lost: Some(lost) }))
}

fn name(view: &View, number: u64) -> String {
    let newest = view.history().map_or(1, |it| it.timeline_at(Lsn::of_segment(number)));
    view.number(number)
        .map_or_else(|| Segment { number, timeline: newest }.name(), |(segment, _)| segment.name())
}

/// The pages of the share's branch, each file proven when it is first looked into.
struct Shipped<'a> {
    view: &'a View,
    /// The position after the last byte that the share holds or ought to hold.
    limit: Lsn,
    loaded: Option<(u64, Vec<u8>)>,
    /// The numbers of the files that are missing or damaged, and from where on.
    bad: BTreeMap<u64, Lsn>,
    /// A file that was open when the view was read is not any more.
    closed_meanwhile: bool,
}

impl<'a> Shipped<'a> {
    fn new(view: &'a View, limit: Lsn) -> Self {
        Self { view, limit, loaded: None, bad: BTreeMap::new(), closed_meanwhile: false }
    }

    /// From where on the share lists all that an instance asks for that begins anew at `redo`.
    fn first_listed(&self, redo: Lsn, replayed: Lsn) -> Lsn {
        let is_closed = |number| matches!(self.view.number(number), Some((_, Held::Closed { .. })));
        let unlisted = (redo.segment()..replayed.segment()).rev().find(|it| !is_closed(*it));
        unlisted.map_or(redo, |number| Lsn::of_segment(number + 1))
    }

    /// Fills a page; zeros where the share does not vouch for it.
    fn page(&mut self, address: Lsn, page: &mut [u8; PAGE_BYTES]) -> Result<bool, ShippingError> {
        if address >= self.limit {
            return Ok(false);
        }
        let number = address.segment();
        if self.loaded.as_ref().is_none_or(|(it, _)| *it != number) {
            self.loaded = self.load(number)?.map(|bytes| (number, bytes));
        }
        let Some((_, bytes)) = &self.loaded else { return Ok(false) };
        let from = usize::try_from(address.segment_offset()).expect("an offset in a segment");
        page.copy_from_slice(&bytes[from..from + PAGE_BYTES]);
        Ok(true)
    }

    /// Whether records end before what was shipped does. What ends with a closed file may end in
    /// the middle of a record.
    fn stops_short(&self, end: Lsn, waits: Lsn) -> bool {
        let last = self.view.number(Lsn(self.limit.0.saturating_sub(1)).segment());
        let cut = matches!(last, Some((_, Held::Closed { .. }))) && waits >= self.limit;
        end < self.limit && !cut
    }

    /// Proves the files from `number` on, without reading what is in them.
    fn prove_from(&mut self, number: u64) -> Result<(), ShippingError> {
        let mut number = number;
        while Lsn::of_segment(number) < self.limit {
            self.load(number)?;
            number += 1;
        }
        Ok(())
    }

    /// The bytes of a segment; `None`, and bad, if the share does not have them as they were.
    fn load(&mut self, number: u64) -> Result<Option<Vec<u8>>, ShippingError> {
        let start = Lsn::of_segment(number);
        let Some((segment, held)) = self.view.number(number) else {
            self.bad.insert(number, start);
            return Ok(None);
        };
        // Only the end of the branch may be unfinished.
        if held.end() < segment.end().min(self.limit) {
            self.bad.insert(number, held.end());
        }
        let size = usize::try_from(SEGMENT_BYTES).expect("a segment fits in memory");
        let mut bytes = Vec::with_capacity(size);
        match held {
            Held::Closed { line, path } => match decompress(path, line, &mut bytes) {
                Err(ShippingError::Damaged { .. }) => {
                    self.bad.insert(number, start);
                    return Ok(None);
                }
                proven => proven?,
            },
            Held::Open { folder, limit } => {
                let count = limit.bytes_since(start);
                match open_received(folder, segment)? {
                    Some(file) => {
                        let read = file.take(count).read_to_end(&mut bytes);
                        read.map_err(at("read", &folder.incoming()))?;
                    }
                    None => self.closed_meanwhile = true,
                }
            }
        }
        bytes.resize(size, 0);
        Ok(Some(bytes))
    }
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
