//! WAL files by name, and what the first bytes of a WAL page say.

use std::fmt;

use crate::{Lsn, SEGMENT_BYTES, parse_segment_file_name, segment_file_name};

/// The size of a WAL page in bytes: `PostgreSQL`'s `XLOG_BLCKSZ` as everybody builds it.
pub(super) const PAGE_BYTES: usize = 8192;

/// One segment of WAL on one timeline. Ordered as `pg_receivewal` looks for its start: by number,
/// then by timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Segment {
    pub number: u64,
    pub timeline: u32,
}

impl Segment {
    /// The segment that holds the byte at `lsn` on `timeline`.
    pub fn holding(timeline: u32, lsn: Lsn) -> Self {
        Self { number: lsn.segment(), timeline }
    }

    /// `PostgreSQL`'s name of the file.
    pub fn name(self) -> String {
        segment_file_name(self.timeline, self.number)
    }

    /// The position of its first byte.
    pub fn start(self) -> Lsn {
        Lsn::of_segment(self.number)
    }

    /// The position after its last byte.
    pub fn end(self) -> Lsn {
        self.start() + SEGMENT_BYTES
    }
}

/// Prints `PostgreSQL`'s name of the file.
impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// A file that `pg_receivewal` writes or a `restore_command` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum WalFile {
    History(u32),
    Segment(Segment),
    /// The segment is still being received.
    Partial(Segment),
}

impl WalFile {
    /// Reads a file's name. `None` for any other file.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let segment = |name: &str| {
            parse_segment_file_name(name)
                .map(|(timeline, number)| Segment { number, timeline })
                .filter(|it| it.timeline > 0)
        };
        if let Some(name) = name.strip_suffix(".partial") {
            return segment(name).map(Self::Partial);
        }
        if let Some(digits) = name.strip_suffix(".history") {
            let upper = |it: u8| matches!(it, b'0'..=b'9' | b'A'..=b'F');
            let sound = digits.len() == 8 && digits.bytes().all(upper);
            return sound
                .then(|| u32::from_str_radix(digits, 16).ok())
                .flatten()
                .filter(|timeline| *timeline > 0)
                .map(Self::History);
        }
        segment(name).map(Self::Segment)
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::History(timeline) => format!("{timeline:08X}.history"),
            Self::Segment(segment) => segment.name(),
            Self::Partial(segment) => format!("{segment}.partial"),
        }
    }

    pub(super) fn timeline(self) -> u32 {
        match self {
            Self::History(timeline) => timeline,
            Self::Segment(segment) | Self::Partial(segment) => segment.timeline,
        }
    }
}

/// The header of a WAL page (`XLogPageHeaderData`; little-endian, as on every machine we run on).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageHeader {
    pub(super) magic: u16,
    info: u16,
    pub(super) timeline: u32,
    pub(super) address: Lsn,
    /// Bytes still to come of the record that began on an earlier page.
    pub(super) remaining: usize,
    /// Only the first page of a segment says these.
    pub(super) long: Option<LongHeader>,
}

/// What only the first page of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LongHeader {
    pub(super) system_identifier: u64,
    pub(super) segment_bytes: u64,
}

const CONTINUES: u16 = 0x0001;
const LONG: u16 = 0x0002;
const OVERWRITES: u16 = 0x0008;
const KNOWN_FLAGS: u16 = 0x000F;
const SHORT_BYTES: usize = 24;
const LONG_BYTES: usize = 40;

impl PageHeader {
    /// Reads the header of a page. `None` if these bytes are no WAL page.
    pub(super) fn parse(page: &[u8]) -> Option<Self> {
        let field = |from: usize, to: usize| page.get(from..to);
        let half = |from: usize| Some(u16::from_le_bytes(field(from, from + 2)?.try_into().ok()?));
        let word = |from: usize| Some(u32::from_le_bytes(field(from, from + 4)?.try_into().ok()?));
        let long = |from: usize| Some(u64::from_le_bytes(field(from, from + 8)?.try_into().ok()?));
        let (magic, info) = (half(0)?, half(2)?);
        // The magic number changes with every major version, but is never small.
        if magic < 0xD000 || info & !KNOWN_FLAGS != 0 {
            return None;
        }
        Some(Self {
            magic,
            info,
            timeline: word(4)?,
            address: Lsn(long(8)?),
            remaining: usize::try_from(word(16)?).ok()?,
            long: if info & LONG == 0 {
                None
            } else {
                let pages = usize::try_from(word(36)?).ok()?;
                let (system_identifier, segment_bytes) = (long(24)?, u64::from(word(32)?));
                (pages == PAGE_BYTES).then_some(())?;
                Some(LongHeader { system_identifier, segment_bytes })
            },
        })
    }

    /// How many bytes of the page the header takes.
    pub(super) fn bytes(&self) -> usize {
        if self.long.is_some() { LONG_BYTES } else { SHORT_BYTES }
    }

    /// The page begins with the rest of an earlier record.
    pub(super) fn continues(&self) -> bool {
        self.info & CONTINUES != 0
    }

    /// The record that runs into this page was given up by a crash; a new one begins here.
    pub(super) fn overwrites(&self) -> bool {
        self.info & OVERWRITES != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_printed() {
        for name in
            ["00000002000000010000000B", "00000002000000010000000B.partial", "0000000A.history"]
        {
            assert_eq!(WalFile::parse(name).unwrap().name(), name);
        }
        for name in
            ["0000000a.history", "00000000.history", "x", "00000002.history.tmp", ".partial"]
        {
            assert_eq!(WalFile::parse(name), None, "{name}");
        }
    }

    #[test]
    fn an_empty_page_is_no_page() {
        assert_eq!(PageHeader::parse(&[0; PAGE_BYTES]), None);
        assert_eq!(PageHeader::parse(&[0xD1; 10]), None);
    }
}
