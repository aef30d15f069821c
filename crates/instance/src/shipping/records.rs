//! Walks WAL record by record, to find where valid WAL ends.
//!
//! Follows `PostgreSQL`'s reader (`xlogreader.c`): a record is valid when its pages say where they
//! are, its length and its link to the record before it fit, and its checksum is right. The end of
//! a record here is the `pg_last_wal_replay_lsn()` of a standby that has replayed it.

use super::error::ShippingError;
use super::segment::{PAGE_BYTES, PageHeader};
use crate::Lsn;

const PAGE: u64 = PAGE_BYTES as u64;

/// The fixed part of a record.
const HEADER_BYTES: usize = 24;

/// Where in a record its own checksum stands, which it does not cover.
const CHECKSUM_AT: usize = 20;

/// The longest record that `PostgreSQL` writes (`XLogRecordMaxSize`).
const RECORD_LIMIT: usize = 1020 * 1024 * 1024;

/// Fills a page; answers `false` where there is none.
pub(super) type ReadPage<'a> =
    dyn FnMut(Lsn, &mut [u8; PAGE_BYTES]) -> Result<bool, ShippingError> + 'a;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A valid record ends here.
    Record(Lsn),
    /// No valid record follows (yet); reading stopped at the page that begins here.
    Waits(Lsn),
}

/// A place between two records.
#[derive(Debug)]
pub(super) struct Records {
    at: Lsn,
    /// Where the record before began, if we read it.
    previous: Option<Lsn>,
    /// A record begins at `at`; otherwise the rest of an earlier one may stand there.
    aligned: bool,
    /// All pages are of one major version.
    magic: Option<u16>,
    page: Box<[u8; PAGE_BYTES]>,
    loaded: Option<Lsn>,
}

enum Gathered {
    Record { end: Lsn, bytes: Vec<u8> },
    GivenUp(Lsn),
    Waits(Lsn),
}

impl Records {
    /// Begins at the end of a valid record, or at the beginning of any page.
    pub(super) fn from(at: Lsn) -> Self {
        let aligned = !at.0.is_multiple_of(PAGE);
        let page = Box::new([0; PAGE_BYTES]);
        Self { at, previous: None, aligned, magic: None, page, loaded: None }
    }

    /// The end of the last valid record that was read, or where reading began.
    pub(super) fn at(&self) -> Lsn {
        self.at
    }

    /// Pages are read anew from here on; the last one may have grown.
    pub(super) fn forget_page(&mut self) {
        self.loaded = None;
    }

    /// Reads one record.
    pub(super) fn next(&mut self, read: &mut ReadPage<'_>) -> Result<Next, ShippingError> {
        loop {
            let Some(start) = self.find_start(read)? else {
                return Ok(Next::Waits(page_of(self.at)));
            };
            match self.gather(start, read)? {
                Gathered::Waits(page) => return Ok(Next::Waits(page)),
                Gathered::GivenUp(page) => {
                    // Always further on, so this ends.
                    (self.at, self.previous, self.aligned) = (page, None, false);
                }
                Gathered::Record { end, bytes } => {
                    if !self.is_valid(start, &bytes) {
                        return Ok(Next::Waits(page_of(Lsn(end.0 - 1))));
                    }
                    (self.previous, self.aligned) = (Some(start), true);
                    self.at = if is_switch(&bytes) { end_of_segment(end) } else { end };
                    return Ok(Next::Record(self.at));
                }
            }
        }
    }

    /// Where the next record begins: after the page's header and the rest of an earlier record.
    fn find_start(&mut self, read: &mut ReadPage<'_>) -> Result<Option<Lsn>, ShippingError> {
        loop {
            let address = page_of(self.at);
            let Some(header) = self.load(address, read)? else { return Ok(None) };
            let body = address + header.bytes() as u64;
            if self.aligned {
                if self.at > address {
                    return Ok(Some(self.at));
                }
                return Ok((!header.continues()).then_some(body));
            }
            if !header.continues() {
                self.aligned = true;
                return Ok(Some(body));
            }
            let rest = align(header.remaining);
            if rest >= PAGE_BYTES - header.bytes() {
                self.at = address + PAGE;
            } else {
                self.at = body + rest as u64;
                self.aligned = true;
            }
        }
    }

    /// Puts the bytes of the record at `start` together.
    fn gather(&mut self, start: Lsn, read: &mut ReadPage<'_>) -> Result<Gathered, ShippingError> {
        let mut address = page_of(start);
        if self.load(address, read)?.is_none() {
            return Ok(Gathered::Waits(address));
        }
        let offset = usize::try_from(start.0 - address.0).expect("an offset in a page is small");
        let total = word(&self.page[offset..]) as usize;
        if !(HEADER_BYTES..=RECORD_LIMIT).contains(&total) {
            return Ok(Gathered::Waits(address));
        }
        let here = total.min(PAGE_BYTES - offset);
        let mut bytes = self.page[offset..offset + here].to_vec();
        let mut end = start + align(total) as u64;
        while bytes.len() < total {
            address = address + PAGE;
            let Some(header) = self.load(address, read)? else {
                return Ok(Gathered::Waits(address));
            };
            if header.overwrites() {
                return Ok(Gathered::GivenUp(address));
            }
            let rest = total - bytes.len();
            if !header.continues() || header.remaining != rest {
                return Ok(Gathered::Waits(address));
            }
            let from = header.bytes();
            bytes.extend_from_slice(&self.page[from..from + rest.min(PAGE_BYTES - from)]);
            end = address + (from + align(rest)) as u64;
        }
        Ok(Gathered::Record { end, bytes })
    }

    fn is_valid(&self, start: Lsn, bytes: &[u8]) -> bool {
        let link = Lsn(u64::from(word(&bytes[8..])) | u64::from(word(&bytes[12..])) << 32);
        let linked = self.previous.map_or(link < start, |previous| previous == link);
        let body = crc32c::crc32c(&bytes[HEADER_BYTES..]);
        linked && crc32c::crc32c_append(body, &bytes[..CHECKSUM_AT]) == word(&bytes[CHECKSUM_AT..])
    }

    fn load(
        &mut self,
        address: Lsn,
        read: &mut ReadPage<'_>,
    ) -> Result<Option<PageHeader>, ShippingError> {
        if self.loaded != Some(address) {
            self.loaded = None;
            if !read(address, &mut self.page)? {
                return Ok(None);
            }
            self.loaded = Some(address);
        }
        let header = PageHeader::parse(&self.page[..]).filter(|it| {
            it.address == address
                && it.long.is_some() == (address.segment_offset() == 0)
                && self.magic.is_none_or(|magic| magic == it.magic)
        });
        match header {
            Some(header) => self.magic = Some(header.magic),
            None => self.loaded = None,
        }
        Ok(header)
    }
}

fn page_of(lsn: Lsn) -> Lsn {
    Lsn(lsn.0 - lsn.0 % PAGE)
}

/// Records begin at multiples of eight bytes.
fn align(bytes: usize) -> usize {
    bytes.next_multiple_of(8)
}

fn word(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// The rest of the segment after this record is empty (`XLOG_SWITCH` of the resource manager XLOG).
fn is_switch(bytes: &[u8]) -> bool {
    bytes[17] == 0 && bytes[16] & 0xF0 == 0x40
}

fn end_of_segment(end: Lsn) -> Lsn {
    if end.segment_offset() == 0 { end } else { Lsn::of_segment(end.segment() + 1) }
}
