//! Which files a reader sees, over made-up folders of several reigns.

use std::fs;
use std::io::Write as _;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use testkit::TempDir;

use super::*;
use crate::SEGMENT_BYTES;
use crate::shipping::Reign;
use crate::shipping::restore::{Restored, restore};

struct Made {
    directory: TempDir,
    share: Share,
}

impl Made {
    fn new() -> Self {
        let directory = TempDir::new("view").unwrap();
        let share = Share::create(&directory.path().join("share")).unwrap();
        Self { directory, share }
    }

    /// A closed segment that is full of the reign's number.
    fn close(&self, reign: u8, segment: Segment) {
        let folder = self.share.make_folder(Reign(reign.into())).unwrap();
        let plain = vec![reign; usize::try_from(SEGMENT_BYTES).unwrap()];
        let bytes = zstd::encode_all(&plain[..], 1).unwrap();
        fs::write(folder.closed(&segment.name()), &bytes).unwrap();
        let hash = Sha256::digest(&plain);
        let line = ManifestLine {
            name: segment.name(),
            size: SEGMENT_BYTES,
            sha256: crate::shipping::compress::hexadecimal(&hash),
            compressed: bytes.len() as u64,
            system_identifier: 7,
            timeline: segment.timeline,
            start: segment.start(),
            end: segment.end(),
            reign: Reign(reign.into()),
            closed_at: Timestamp::UNIX_EPOCH,
        };
        let mut file = File::options().append(true).create(true).open(folder.manifest()).unwrap();
        writeln!(file, "{}", serde_json::to_string(&line).unwrap()).unwrap();
    }

    fn history(&self, reign: u64, timeline: u32, text: &str) {
        let folder = self.share.make_folder(Reign(reign)).unwrap();
        let name = WalFile::History(timeline).name();
        fs::write(folder.incoming().join(name), text).unwrap();
    }

    /// The first byte of what is restored; `None` if it is not there.
    fn asks(&self, name: &str) -> Option<u8> {
        let target = self.directory.path().join("RECOVERYXLOG");
        match restore(&self.share, name, &target).unwrap() {
            Restored::Given => Some(fs::read(&target).unwrap()[0]),
            Restored::NotThere(_) => None,
        }
    }
}

fn segment(timeline: u32, number: u64) -> Segment {
    Segment { number, timeline }
}

#[test]
fn a_dead_branch_of_an_earlier_reign_is_never_given() {
    let made = Made::new();
    // Reign 1: home's mirror took over as timeline 2 at 0/3000000, which the backup never got.
    for number in 1..=3 {
        made.close(1, segment(1, number));
    }
    made.history(1, 2, "1\t0/3000000\tx\n");
    made.close(1, segment(2, 3));
    assert_eq!(made.asks("000000020000000000000003"), Some(1));
    assert_eq!(made.asks("000000010000000000000003"), None, "beyond the fork");

    // The backup made its own timeline 2, at 0/2800000, and home is timeline 3 of that.
    made.history(3, 2, "1\t0/2800000\tx\n");
    made.history(3, 3, "1\t0/2800000\tx\n2\t0/3800000\tx\n");
    made.close(3, segment(3, 3));
    made.close(3, segment(3, 4));
    assert_eq!(made.asks("000000020000000000000003"), None, "the dead branch");
    assert_eq!(made.asks("000000010000000000000002"), Some(1), "before either fork");
    assert_eq!(made.asks("000000010000000000000003"), None, "after the fork that counts");
    assert_eq!(made.asks("000000030000000000000004"), Some(3));
    let target = made.directory.path().join("history");
    restore(&made.share, "00000002.history", &target).unwrap();
    assert_eq!(fs::read_to_string(target).unwrap(), "1\t0/2800000\tx\n");
}

#[test]
fn a_segment_after_a_hole_is_not_given_unless_the_reader_has_what_is_missing() {
    let made = Made::new();
    made.close(1, segment(1, 3));
    made.close(1, segment(1, 5));
    assert_eq!(made.asks("000000010000000000000003"), Some(1));
    assert_eq!(made.asks("000000010000000000000005"), None);
    fs::write(made.directory.path().join("000000010000000000000004"), "").unwrap();
    assert_eq!(made.asks("000000010000000000000005"), Some(1));
}

#[test]
fn a_reign_that_has_begun_governs_before_anything_has_arrived() {
    let made = Made::new();
    made.close(1, segment(1, 3));
    made.share.raise(Reign(2)).unwrap();
    assert_eq!(made.asks("000000010000000000000003"), Some(1), "only announced");
    made.share.make_folder(Reign(2)).unwrap();
    assert_eq!(made.asks("000000010000000000000003"), None);
}
