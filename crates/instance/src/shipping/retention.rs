//! Letting go of old files: only by the manifest, oldest first, and never one that is needed.

use super::closing::Closer;
use super::durable;
use super::error::ShippingError;
use super::manifest::ManifestWriter;
use super::segment::{Segment, WalFile};
use super::share::names;
use crate::Lsn;

/// What must stay. Every file that holds a byte at or after the lower of the two is kept.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// Where the oldest base backup that is kept begins (its redo position), if there is one.
    pub oldest_base_backup: Option<Lsn>,
    /// Where the backup instance would begin again after a crash: its last restart point's redo
    /// position, not merely what it has replayed.
    pub restored: Lsn,
}

impl Needs {
    fn horizon(self) -> Lsn {
        self.oldest_base_backup.map_or(self.restored, |it| it.min(self.restored))
    }
}

impl Closer {
    /// Removes the files that nobody needs, in all reigns up to ours; answers their names.
    ///
    /// First the manifest forgets them, then they go; what a crash left in between goes next time.
    pub(super) fn retire(&mut self, needs: Needs) -> Result<Vec<String>, ShippingError> {
        let horizon = needs.horizon();
        let mut retired = Vec::new();
        for folder in self.share.folders()?.into_iter().rev() {
            let ours = folder.reign() == self.folder.reign();
            let mut other =
                if ours { None } else { Some(ManifestWriter::open(folder.manifest())?) };
            let manifest = other.as_mut().unwrap_or(&mut self.manifest);
            let old = |line: &super::ManifestLine| line.segment().is_some() && line.end <= horizon;
            let mut gone: Vec<Segment> = manifest
                .manifest()
                .lines()
                .iter()
                .filter(|it| old(it))
                .filter_map(super::ManifestLine::segment)
                .collect();
            gone.sort_unstable();
            if !gone.is_empty() {
                manifest.retain(|line| !old(line))?;
            }
            let kept = manifest.manifest();
            for name in names(folder.path())? {
                let plain = name.strip_suffix(".zst").unwrap_or_default();
                let Some(WalFile::Segment(segment)) = WalFile::parse(plain) else { continue };
                let unlisted = kept.get(plain).is_none();
                let waits = folder.incoming().join(plain).exists();
                if unlisted && !waits && segment.end() <= horizon && !gone.contains(&segment) {
                    gone.push(segment);
                }
            }
            for segment in gone {
                durable::remove(&folder.closed(&segment.name()))?;
                retired.push(segment.name());
            }
            durable::sync_directory(folder.path())?;
        }
        Ok(retired)
    }
}
