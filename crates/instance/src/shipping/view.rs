//! What a reader of the share sees: the one branch of WAL that counts, and which file holds what.
//!
//! The highest reign's folder governs: its newest timeline and that one's history are the branch.
//! Files of lower reigns count only where they lie on it, so a dead branch of an earlier reign is
//! never given out, even if its timeline's number was used again.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use super::compress::decompress;
use super::error::ShippingError;
use super::history::History;
use super::segment::{Segment, WalFile};
use super::share::Folder;
use super::tail::Position;
use super::{Flushed, Manifest, ManifestLine, Share, durable};
use crate::Lsn;

/// Where the bytes of a segment are.
#[derive(Clone, Debug)]
pub(super) enum Held {
    /// Closed, with a checksum.
    Closed { line: ManifestLine, path: PathBuf },
    /// In `incoming`; durable and valid before `limit`.
    Open { folder: Folder, limit: Lsn },
}

impl Held {
    /// The first position that it does not hold.
    pub(super) fn end(&self) -> Lsn {
        match self {
            Self::Closed { line, .. } => line.end,
            Self::Open { limit, .. } => *limit,
        }
    }
}

/// The share at one moment.
#[derive(Debug)]
pub(super) struct View {
    /// `None` while nothing was shipped.
    history: Option<History>,
    histories: BTreeMap<u32, String>,
    /// On the branch only. Ordered by number, then by timeline.
    segments: BTreeMap<Segment, Held>,
    /// Up to where the newest folder held the branch when that was last noted.
    noted: Option<Position>,
}

/// A folder with what stands in it.
struct Content {
    folder: Folder,
    manifest: Manifest,
    incoming: Vec<WalFile>,
    flushed: Option<Flushed>,
}

impl View {
    pub(super) fn read(share: &Share) -> Result<Self, ShippingError> {
        let mut view = Self {
            history: None,
            histories: BTreeMap::new(),
            segments: BTreeMap::new(),
            noted: None,
        };
        for folder in share.folders()? {
            let content = Content::read(folder)?;
            if view.history.is_none() {
                let Some(timeline) = content.newest_timeline() else {
                    // A reign that has begun to ship governs even before anything has arrived.
                    return Ok(view);
                };
                let history = match content.history_text(timeline)? {
                    Some(text) => History::parse(timeline, &text)?,
                    None => History::alone(timeline),
                };
                view.history = Some(history);
                let noted = content.flushed.as_ref();
                let noted = noted.map(|it| Position { timeline: it.timeline, lsn: it.lsn });
                view.noted = noted.and_then(|it| view.on_branch(it));
            }
            view.add(&content)?;
        }
        Ok(view)
    }

    /// The branch, once anything was shipped.
    pub(super) fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    /// A `.history` file of the branch.
    pub(super) fn history_text(&self, timeline: u32) -> Option<&str> {
        self.histories.get(&timeline).map(String::as_str)
    }

    /// Exactly this segment, if it is on the branch and holds anything.
    pub(super) fn segment(&self, segment: Segment) -> Option<&Held> {
        self.segments.get(&segment)
    }

    /// The segment of this number that reaches furthest on the branch.
    pub(super) fn number(&self, number: u64) -> Option<(Segment, &Held)> {
        let range = Segment { number, timeline: 0 }..=Segment { number, timeline: u32::MAX };
        let candidates = self.segments.range(range);
        candidates
            .max_by_key(|(segment, held)| (held.end(), segment.timeline))
            .map(|(s, h)| (*s, h))
    }

    /// The lowest and the highest number there is.
    pub(super) fn numbers(&self) -> Option<(u64, u64)> {
        let (first, _) = self.segments.first_key_value()?;
        let (last, _) = self.segments.last_key_value()?;
        Some((first.number, last.number))
    }

    /// The furthest position on the branch, continuous or not, that is or was in the share.
    pub(super) fn newest(&self) -> Option<Position> {
        let last = self.numbers().and_then(|(_, last)| self.number(last));
        let held =
            last.map(|(segment, held)| Position { timeline: segment.timeline, lsn: held.end() });
        held.into_iter().chain(self.noted).max_by_key(|it| it.lsn)
    }

    /// As much of a position as is on the branch; all of it where it is later than what is known of
    /// the branch.
    pub(super) fn on_branch(&self, position: Position) -> Option<Position> {
        let known = self.history.as_ref().filter(|it| it.timeline() >= position.timeline);
        let Some(history) = known else { return Some(position) };
        let end = history.end_of(position.timeline)?;
        Some(Position { lsn: position.lsn.min(end), ..position })
    }

    fn add(&mut self, content: &Content) -> Result<(), ShippingError> {
        let history = self.history.clone().expect("the first folder with content has set it");
        for timeline in content.timelines() {
            // Timeline numbers are used again; the branch is the same if its past is.
            let Some(ours) = history.of(timeline) else { continue };
            let text = content.history_text(timeline)?;
            let same = match &text {
                Some(text) => History::parse(timeline, text)? == ours,
                None => timeline == 1 || timeline == history.timeline(),
            };
            if !same {
                continue;
            }
            if let Some(text) = text {
                self.histories.entry(timeline).or_insert(text);
            }
            let end = history.end_of(timeline).expect("the timeline is on the branch");
            for (segment, held) in content.segments(timeline, end) {
                let known = self.segments.get(&segment);
                if known.is_none_or(|it| it.end() < held.end()) {
                    self.segments.insert(segment, held);
                }
            }
        }
        Ok(())
    }
}

impl Content {
    fn read(folder: Folder) -> Result<Self, ShippingError> {
        // In this order nothing is noted of a file that is not seen yet, and a file that is closed
        // meanwhile is seen twice rather than not at all.
        let flushed = Flushed::read(&folder)?;
        let incoming = folder.incoming_files()?;
        let manifest = Manifest::read(&folder.manifest())?;
        Ok(Self { folder, manifest, incoming, flushed })
    }

    fn timelines(&self) -> Vec<u32> {
        let closed = self.manifest.lines().iter().map(|it| it.timeline);
        let mut all: Vec<u32> =
            closed.chain(self.incoming.iter().map(|it| it.timeline())).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn newest_timeline(&self) -> Option<u32> {
        let noted = self.flushed.as_ref().map(|it| it.timeline);
        self.timelines().pop().max(noted)
    }

    fn history_text(&self, timeline: u32) -> Result<Option<String>, ShippingError> {
        let name = WalFile::History(timeline).name();
        if let Some(bytes) = durable::read(&self.folder.incoming().join(&name))? {
            return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
        }
        let Some(line) = self.manifest.get(&name) else { return Ok(None) };
        let mut bytes = Vec::new();
        decompress(&self.folder.closed(&name), line, &mut bytes)?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The segments of a timeline that the branch leaves at `end`.
    fn segments(&self, timeline: u32, end: Lsn) -> Vec<(Segment, Held)> {
        let mut found = Vec::new();
        for line in self.manifest.lines().iter().filter(|it| it.timeline == timeline) {
            if let Some(segment) = line.segment().filter(|it| it.start() < end) {
                let path = self.folder.closed(&line.name);
                found.push((segment, Held::Closed { line: line.clone(), path }));
            }
        }
        let Some(flushed) = self.flushed.as_ref().filter(|it| it.timeline >= timeline) else {
            return found;
        };
        for file in &self.incoming {
            let (WalFile::Segment(segment) | WalFile::Partial(segment)) = *file else { continue };
            // Bytes of an older timeline that the flushed position passed are all valid.
            let limit = flushed.lsn.min(end).min(segment.end());
            let closed = self.manifest.get(&segment.name()).is_some();
            if segment.timeline == timeline && limit > segment.start() && !closed {
                let folder = self.folder.clone();
                found.push((segment, Held::Open { folder, limit }));
            }
        }
        found
    }
}

/// Opens the file of an open segment; `None` if it was closed and removed since the view was read.
pub(super) fn open_received(
    folder: &Folder,
    segment: Segment,
) -> Result<Option<File>, ShippingError> {
    Ok(folder.received(segment)?.map(|(file, _)| file))
}

#[cfg(test)]
mod tests;
