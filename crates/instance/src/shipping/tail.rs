//! The open end of what is received: follows the WAL in `incoming` record by record, flushes it,
//! and tells up to where it is durable and valid.
//!
//! The position is found by reading what arrived, not by believing who sent it, so it needs no
//! connection and is the same before and after the source dies.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

use serde::{Deserialize, Serialize};

use super::error::{ShippingError, at};
use super::history::History;
use super::proof::{Proof, prove};
use super::records::{Next, Records};
use super::segment::{PAGE_BYTES, Segment, WalFile};
use super::share::Folder;
use super::{Flushed, durable};
use crate::{Lsn, SEGMENT_BYTES};

/// How much WAL one pass reads at most, so that the position moves on while much arrives.
const PASS_BYTES: u64 = 32 * 1024 * 1024;

/// A position on a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub timeline: u32,
    pub lsn: Lsn,
}

/// Follows the received WAL of one folder.
#[derive(Debug)]
pub(super) struct Tail {
    folder: Folder,
    /// `None` until something was received.
    reading: Option<Reading>,
}

#[derive(Debug)]
struct Reading {
    timeline: u32,
    records: Records,
    files: Files,
}

/// The first bytes of a segment, as they were when they were known to be good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) segment: Segment,
    pub(super) bytes: u64,
    checksum: u32,
}

impl Prefix {
    /// Takes note of the first `bytes` bytes of a segment's `file`.
    pub(super) fn read(
        file: &File,
        folder: &Folder,
        segment: Segment,
        bytes: u64,
    ) -> Result<Self, ShippingError> {
        let mut content = vec![0; usize::try_from(bytes).expect("a segment fits in memory")];
        file.read_exact_at(&mut content, 0).map_err(at("read", folder.path()))?;
        Ok(Self { segment, bytes, checksum: crc32c::crc32c(&content) })
    }

    /// Whether a file of the same segment begins so, too.
    pub(super) fn fits(&self, file: &File, folder: &Folder) -> Result<bool, ShippingError> {
        Ok(Self::read(file, folder, self.segment, self.bytes)? == *self)
    }
}

impl Tail {
    /// Goes on where the note in the folder says.
    pub(super) fn open(folder: Folder) -> Result<Self, ShippingError> {
        let flushed = Flushed::read(&folder)?;
        let reading = flushed.map(|it| Reading::from(it.timeline, it.lsn));
        Ok(Self { folder, reading })
    }

    /// Up to where the received WAL is durable and valid.
    pub(super) fn position(&self) -> Option<Position> {
        let reading = self.reading.as_ref()?;
        Some(Position { timeline: reading.timeline, lsn: reading.records.at() })
    }

    /// Reads and flushes what has arrived since. Answers whether the position moved.
    pub(super) fn pass(&mut self) -> Result<bool, ShippingError> {
        if self.reading.is_none() {
            // The first segment that was received begins in the middle of the WAL.
            let first = self.folder.incoming_files()?.into_iter().find_map(|it| match it {
                WalFile::Segment(segment) | WalFile::Partial(segment) => Some(segment),
                WalFile::History(_) => None,
            });
            self.reading = first.map(|it| Reading::from(it.timeline, it.start()));
        }
        let before = self.position();
        let Some(reading) = &mut self.reading else { return Ok(false) };
        reading.records.forget_page();
        let from = reading.records.at();
        let waits = loop {
            match reading.records.next(&mut reading.files.reader(&self.folder, reading.timeline))? {
                Next::Record(end) if end.bytes_since(from) < PASS_BYTES => {}
                Next::Record(_) => break None,
                Next::Waits(page) => break Some(page),
            }
        };
        let at = reading.records.at();
        if let Some(page) = waits
            && at == from
        {
            reading.step_to_next_timeline(&self.folder)?;
            reading.refuse_damage(&self.folder, page)?;
        }
        if at > from {
            reading.files.flush(from, at)?;
        }
        Ok(self.position() != before)
    }

    /// Reads and flushes all that has arrived.
    pub(super) fn read_all(&mut self) -> Result<(), ShippingError> {
        while self.pass()? {}
        Ok(())
    }

    /// Notes the checksum of what a new child will receive once more, and lets go of open files:
    /// it may make them anew. Call it while no child runs.
    pub(super) fn seal(&mut self) -> Result<Option<Prefix>, ShippingError> {
        let Some(reading) = &mut self.reading else { return Ok(None) };
        reading.files.open.clear();
        let lsn = reading.records.at();
        let segment = Segment::holding(reading.timeline, lsn);
        let bytes = lsn.segment_offset();
        let Some((file, WalFile::Partial(_))) = self.folder.received(segment)? else {
            return Ok(None);
        };
        if file.metadata().map_err(at("read", self.folder.path()))?.len() < bytes {
            // It was put aside and is received from its beginning.
            return Ok(None);
        }
        if let Proof::Damaged { after } = prove(&self.folder, segment, lsn)? {
            // The disk has lost it since it was read; receiving it once more mends it.
            tracing::warn!(%segment, %after, "what was received is damaged, and comes once more");
            return Ok(None);
        }
        Prefix::read(&file, &self.folder, segment, bytes).map(Some)
    }
}

impl Reading {
    fn from(timeline: u32, lsn: Lsn) -> Self {
        Self { timeline, records: Records::from(lsn), files: Files::default() }
    }

    /// Where the source left this timeline, its WAL goes on in the files of the next.
    fn step_to_next_timeline(&mut self, folder: &Folder) -> Result<(), ShippingError> {
        let at = self.records.at();
        for file in folder.incoming_files()? {
            let WalFile::History(timeline) = file else { continue };
            if timeline <= self.timeline {
                continue;
            }
            let history = read_history(folder, timeline)?;
            let Some(fork) = history.parent().filter(|it| it.timeline == self.timeline) else {
                continue;
            };
            if at > fork.end {
                let timeline = self.timeline;
                return Err(ShippingError::Diverged { timeline, shipped: at, fork: fork.end });
            }
            if folder.received(Segment::holding(timeline, at))?.is_some() {
                self.timeline = timeline;
                self.files.open.clear();
                return Ok(());
            }
        }
        Ok(())
    }

    /// A page of a complete segment that cannot be read will not get better.
    fn refuse_damage(&mut self, folder: &Folder, page: Lsn) -> Result<(), ShippingError> {
        let segment = Segment::holding(self.timeline, page);
        let Some((file, WalFile::Segment(_))) = folder.received(segment)? else { return Ok(()) };
        if file.metadata().map_err(at("read", &folder.incoming()))?.len() != SEGMENT_BYTES {
            // Closing refuses it by that name.
            return Ok(());
        }
        // It may have been completed since we looked.
        self.files.open.clear();
        self.records.forget_page();
        match self.records.next(&mut self.files.reader(folder, self.timeline))? {
            Next::Waits(again) if again == page => Err(ShippingError::Damaged {
                name: segment.name(),
                why: format!("no valid record follows {} in it", self.records.at()),
            }),
            Next::Waits(_) | Next::Record(_) => Ok(()),
        }
    }
}

/// Reads a history that `pg_receivewal` or we fetched.
pub(super) fn read_history(folder: &Folder, timeline: u32) -> Result<History, ShippingError> {
    let path = folder.incoming().join(WalFile::History(timeline).name());
    let bytes = durable::read(&path)?.unwrap_or_default();
    History::parse(timeline, &String::from_utf8_lossy(&bytes))
}

/// The open files of the segments around the position.
#[derive(Debug, Default)]
pub(super) struct Files {
    open: HashMap<u64, File>,
}

impl Files {
    pub(super) fn reader<'a>(
        &'a mut self,
        folder: &'a Folder,
        timeline: u32,
    ) -> impl FnMut(Lsn, &mut [u8; PAGE_BYTES]) -> Result<bool, ShippingError> + 'a {
        move |address, page| {
            let number = address.segment();
            let file = match self.open.entry(number) {
                Entry::Occupied(open) => open.into_mut(),
                Entry::Vacant(closed) => match folder.received(Segment { number, timeline })? {
                    Some((file, _)) => closed.insert(file),
                    None => return Ok(false),
                },
            };
            match file.read_exact_at(page, address.segment_offset()) {
                Ok(()) => Ok(true),
                // Not padded to its full size yet.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
                Err(error) => Err(at("read", &folder.incoming())(error)),
            }
        }
    }

    /// Flushes what was read from `from` to `to`, and lets go of segments that are behind.
    fn flush(&mut self, from: Lsn, to: Lsn) -> Result<(), ShippingError> {
        let last = Lsn(to.0.saturating_sub(1)).segment();
        for (number, file) in &self.open {
            if (from.segment()..=last).contains(number) {
                file.sync_data().map_err(at("flush", "incoming".as_ref()))?;
            }
        }
        self.open.retain(|number, _| *number >= to.segment());
        debug_assert!(self.open.len() as u64 <= PASS_BYTES / SEGMENT_BYTES + 2);
        Ok(())
    }
}
