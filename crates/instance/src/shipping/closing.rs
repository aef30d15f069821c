//! Closes what was received: verifies a complete file, compresses it, names it, and only then
//! writes its line into the manifest and lets go of the plain file.
//!
//! Every step can be cut off and done again. A segment is closed only when all its records have
//! been read as valid. The last complete segment stays in `incoming` while no later one has begun,
//! because `pg_receivewal` looks there for where to go on.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use jiff::Timestamp;

use super::compress::{checksum, compress, decompress};
use super::durable::{self, Taken, beside};
use super::error::{ShippingError, at};
use super::history::History;
use super::manifest::ManifestWriter;
use super::proof::{Proof, prove};
use super::segment::{PAGE_BYTES, PageHeader, Segment, WalFile};
use super::share::{Folder, make_directory};
use super::tail::{Position, Prefix, read_history};
use super::{Manifest, ManifestLine, Share};
use crate::{Lsn, SEGMENT_BYTES};

/// The closing side of the share's one writer.
#[derive(Debug)]
pub(super) struct Closer {
    pub(super) share: Share,
    pub(super) folder: Folder,
    pub(super) manifest: ManifestWriter,
    /// Plain files that were compared with their line since we started.
    compared: HashSet<WalFile>,
    /// What the share held of a segment before it was received once more.
    prefix: Option<Prefix>,
    /// The end of a record that began in the segment that was closed last.
    crossing: Option<Prefix>,
    /// The segment that was received once more because it was damaged.
    again: Option<Segment>,
}

impl Closer {
    /// Opens the folder's manifest; a line that a crash tore is cut off.
    pub(super) fn open(share: Share, folder: Folder) -> Result<Self, ShippingError> {
        let manifest = ManifestWriter::open(folder.manifest())?;
        Ok(Self {
            share,
            folder,
            manifest,
            compared: HashSet::new(),
            prefix: None,
            crossing: None,
            again: None,
        })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        self.manifest.manifest()
    }

    /// Remembers what the share holds of a segment that is about to be received once more.
    pub(super) fn expect(&mut self, prefix: Option<Prefix>) {
        self.prefix = prefix.or(self.prefix);
    }

    /// Closes every file that is complete and was read as valid up to `read`.
    /// Answers how many it closed.
    pub(super) fn pass(
        &mut self,
        read: Option<Position>,
        now: Timestamp,
    ) -> Result<usize, ShippingError> {
        let files = self.folder.incoming_files()?;
        let mut closed = 0;
        for file in &files {
            if self.manifest().get(&file.name()).is_some() {
                self.compare(*file)?;
                continue;
            }
            let end = match *file {
                WalFile::History(timeline) => {
                    let fork = read_history(&self.folder, timeline)?.parent();
                    fork.map_or(Lsn::ZERO, |it| it.end)
                }
                WalFile::Segment(segment) => {
                    self.verify(segment)?;
                    let Some(read) = read.filter(|it| it.lsn >= segment.end()) else { continue };
                    let left = self.left_at(segment, read)?;
                    self.prove(segment, left.unwrap_or(segment.end()))?;
                    segment.end()
                }
                WalFile::Partial(segment) => {
                    let Some(end) = self.left_behind(segment, &files, read)? else { continue };
                    self.prove(segment, end)?;
                    end
                }
            };
            self.close(*file, end, now)?;
            closed += 1;
        }
        self.let_go(&files)?;
        Ok(closed)
    }

    /// Where a timeline was left whose last segment stays partial, once the next one's WAL is read.
    fn left_behind(
        &self,
        segment: Segment,
        files: &[WalFile],
        read: Option<Position>,
    ) -> Result<Option<Lsn>, ShippingError> {
        let follows = |it: &WalFile| match it {
            WalFile::Segment(later) | WalFile::Partial(later) => {
                later.timeline > segment.timeline && later.number >= segment.number
            }
            WalFile::History(_) => false,
        };
        let Some(read) = read.filter(|_| files.iter().any(follows)) else { return Ok(None) };
        self.left_at(segment, read)
    }

    /// Where in a segment its timeline was left, if the WAL of a later one is read.
    fn left_at(&self, segment: Segment, read: Position) -> Result<Option<Lsn>, ShippingError> {
        if read.timeline <= segment.timeline {
            return Ok(None);
        }
        let end = read_history(&self.folder, read.timeline)?.end_of(segment.timeline);
        Ok(end.map(|it| it.clamp(segment.start(), segment.end())))
    }

    /// All records of a received segment must still be what they were when they were read.
    fn prove(&mut self, segment: Segment, end: Lsn) -> Result<(), ShippingError> {
        let name = segment.name();
        if let Some(crossing) = self.crossing.filter(|it| it.segment == segment)
            && let Some((file, _)) = self.folder.received(segment)?
            && !crossing.fits(&file, &self.folder)?
        {
            let why = format!("its first {} bytes are not what they were", crossing.bytes);
            return Err(ShippingError::Damaged { name, why });
        }
        match prove(&self.folder, segment, end)? {
            Proof::Whole { crossing } => self.crossing = crossing,
            Proof::Damaged { after } => {
                let why = format!("no valid record follows {after} in it");
                return Err(ShippingError::Damaged { name, why });
            }
        }
        Ok(())
    }

    /// Puts a received segment aside that was found damaged, so that it comes once more; a second
    /// time it is for somebody to look at. Call it while no child runs.
    pub(super) fn receive_again(&mut self, damaged: ShippingError) -> ShippingError {
        let ShippingError::Damaged { name, why } = damaged else { return damaged };
        let Some(WalFile::Segment(segment) | WalFile::Partial(segment)) = WalFile::parse(&name)
        else {
            return ShippingError::Damaged { name, why };
        };
        if self.again.replace(segment) == Some(segment) {
            return ShippingError::Damaged { name, why };
        }
        self.crossing = None;
        match self.put_aside(segment) {
            Ok(()) => ShippingError::PutAside { name, why },
            Err(error) => error,
        }
    }

    /// The size and the first page of a complete segment must be what its name says.
    fn verify(&mut self, segment: Segment) -> Result<(), ShippingError> {
        let path = self.folder.incoming().join(segment.name());
        let file = File::open(&path).map_err(at("open", &path))?;
        let size = file.metadata().map_err(at("read", &path))?.len();
        let name = segment.name();
        if size != SEGMENT_BYTES {
            self.put_aside(segment)?;
            return Err(ShippingError::Truncated { name, size, expected: SEGMENT_BYTES });
        }
        let mut page = [0; PAGE_BYTES];
        file.read_exact_at(&mut page, 0).map_err(at("read", &path))?;
        if let Err(why) = self.verify_page(segment, &page)? {
            self.put_aside(segment)?;
            return Err(ShippingError::WrongHeader { name, why });
        }
        Ok(())
    }

    fn verify_page(
        &self,
        segment: Segment,
        page: &[u8; PAGE_BYTES],
    ) -> Result<Result<(), String>, ShippingError> {
        let Some((header, long)) =
            PageHeader::parse(page).and_then(|it| it.long.map(|long| (it, long)))
        else {
            return Ok(Err("its first page is no first page of a segment".to_owned()));
        };
        if long.segment_bytes != SEGMENT_BYTES {
            return Ok(Err(format!("its segments have {} bytes", long.segment_bytes)));
        }
        if header.address != segment.start() {
            return Ok(Err(format!("its first page is that of {}", header.address)));
        }
        let history = match segment.timeline {
            1 => History::alone(1),
            timeline => read_history(&self.folder, timeline)?,
        };
        let expected = history.timeline_at(segment.start());
        if header.timeline != expected && header.timeline != segment.timeline {
            return Ok(Err(format!("its first page is of timeline {}", header.timeline)));
        }
        self.share.check_system(&segment.name(), long.system_identifier)?;
        Ok(Ok(()))
    }

    /// Moves a useless segment and all after it out of the way, so that it is received once more.
    fn put_aside(&mut self, segment: Segment) -> Result<(), ShippingError> {
        let refused = self.folder.refused();
        make_directory(&refused)?;
        for file in self.folder.incoming_files()? {
            let (WalFile::Segment(it) | WalFile::Partial(it)) = file else { continue };
            if it >= segment {
                let from = self.folder.incoming().join(file.name());
                let mut places = (0_u32..).map(|n| refused.join(format!("{}.{n}", file.name())));
                let free = places.find(|it| !it.exists()).expect("numbers do not end");
                fs::rename(&from, &free).map_err(at("put aside", &from))?;
            }
        }
        durable::sync_directory(&refused)?;
        // An empty partial file is how `pg_receivewal` learns where to begin.
        let empty = self.folder.incoming().join(WalFile::Partial(segment).name());
        File::create(&empty).map_err(at("make", &empty))?;
        durable::sync_directory_of(&empty)
    }

    /// Compresses, names, and writes the line.
    fn close(&mut self, file: WalFile, end: Lsn, now: Timestamp) -> Result<(), ShippingError> {
        let path = self.folder.incoming().join(file.name());
        let mut plain = File::open(&path).map_err(at("open", &path))?;
        self.check_prefix(file, &plain)?;
        let target = self.folder.closed(&file.name());
        let temporary = beside(&target);
        let done = compress(&mut plain, &path, &temporary)?;
        let start = match file {
            WalFile::History(_) => end,
            WalFile::Segment(segment) | WalFile::Partial(segment) => segment.start(),
        };
        let identifier = self.share.system_identifier()?;
        let mut line = ManifestLine {
            name: file.name(),
            size: done.size,
            sha256: done.sha256,
            compressed: done.file_bytes,
            system_identifier: identifier.unwrap_or_default(),
            timeline: file.timeline(),
            start,
            end,
            reign: self.folder.reign(),
            closed_at: now,
        };
        if durable::name_new(&temporary, &target)? == Taken::WasThere {
            // A crash came between the name and the line. It must be the same file.
            line.compressed = fs::metadata(&target).map_err(at("read", &target))?.len();
            decompress(&target, &line, &mut std::io::sink()).map_err(|error| match error {
                ShippingError::Damaged { name, why } => ShippingError::OtherContent { name, why },
                other => other,
            })?;
        }
        self.manifest.append(line)?;
        self.compared.insert(file);
        tracing::debug!(name = file.name(), bytes = done.file_bytes, "closed a file of the share");
        Ok(())
    }

    /// What was received again must begin with what was there before.
    fn check_prefix(&mut self, file: WalFile, plain: &File) -> Result<(), ShippingError> {
        let (WalFile::Segment(segment) | WalFile::Partial(segment)) = file else { return Ok(()) };
        let Some(prefix) = self.prefix.filter(|it| it.segment == segment) else { return Ok(()) };
        if !prefix.fits(plain, &self.folder)? {
            let why = format!("its first {} bytes were others before", prefix.bytes);
            return Err(ShippingError::OtherContent { name: file.name(), why });
        }
        self.prefix = None;
        Ok(())
    }

    /// A file that came again is fine if it is the same; other content is an alarm.
    fn compare(&mut self, file: WalFile) -> Result<(), ShippingError> {
        if self.compared.contains(&file) {
            return Ok(());
        }
        let path = self.folder.incoming().join(file.name());
        let mut plain = File::open(&path).map_err(at("open", &path))?;
        let (size, sha256) = checksum(&mut plain, &path)?;
        let line = self.manifest().get(&file.name()).expect("it was found above");
        if size != line.size || sha256 != line.sha256 {
            let why = "its checksum is not the manifest's".to_owned();
            return Err(ShippingError::OtherContent { name: file.name(), why });
        }
        self.compared.insert(file);
        Ok(())
    }

    /// Removes plain files that are closed, except the one where `pg_receivewal` would go on.
    fn let_go(&mut self, files: &[WalFile]) -> Result<(), ShippingError> {
        let last = files.iter().filter_map(|it| match it {
            WalFile::Segment(segment) => Some((*segment, true)),
            WalFile::Partial(segment) => Some((*segment, false)),
            WalFile::History(_) => None,
        });
        let last = last.max();
        for file in files {
            let gone = match file {
                WalFile::History(_) => continue,
                WalFile::Segment(it) => last != Some((*it, true)),
                WalFile::Partial(it) => last != Some((*it, false)),
            };
            if gone && self.manifest().get(&file.name()).is_some() {
                durable::remove(&self.folder.incoming().join(file.name()))?;
                self.compared.remove(file);
            }
        }
        Ok(())
    }
}
