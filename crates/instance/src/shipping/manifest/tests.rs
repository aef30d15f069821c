//! The manifest survives crashes and notices damage.

use std::fs;

use testkit::TempDir;

use super::*;

fn line(number: u64) -> ManifestLine {
    let segment = Segment { number, timeline: 1 };
    ManifestLine {
        name: segment.name(),
        size: SEGMENT_BYTES,
        sha256: "ab".repeat(32),
        compressed: 7,
        system_identifier: u64::MAX - 1,
        timeline: 1,
        start: segment.start(),
        end: segment.end(),
        reign: Reign(1),
        closed_at: Timestamp::UNIX_EPOCH,
    }
}

fn with_lines(numbers: &[u64]) -> (TempDir, PathBuf) {
    let directory = TempDir::new("manifest").unwrap();
    let path = directory.path().join("manifest.jsonl");
    let mut writer = ManifestWriter::open(path.clone()).unwrap();
    for number in numbers {
        writer.append(line(*number)).unwrap();
    }
    (directory, path)
}

#[test]
fn lines_are_read_back() {
    let (_directory, path) = with_lines(&[3, 4]);
    let manifest = Manifest::read(&path).unwrap();
    assert_eq!(manifest.lines(), [line(3), line(4)]);
    assert_eq!(manifest.get(&line(4).name), Some(&line(4)));
}

#[test]
fn torn_manifest_line_is_cut() {
    let (_directory, path) = with_lines(&[3, 4]);
    let whole = fs::read(&path).unwrap();
    let first = whole.iter().position(|it| *it == b'\n').unwrap() + 1;
    for length in first..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(Manifest::read(&path).unwrap().lines(), [line(3)], "{length} bytes");
        let mut writer = ManifestWriter::open(path.clone()).unwrap();
        writer.append(line(4)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole, "{length} bytes");
    }
}

#[test]
fn a_damaged_line_in_the_middle_is_named() {
    let (_directory, path) = with_lines(&[3, 4, 5]);
    let whole = fs::read_to_string(&path).unwrap();
    let name = line(4).name;
    for (from, to) in [
        (name.as_str(), "000000010000000000000009"),
        ("\"0/5000000\"", "\"0/5000001\""),
        ("{\"name\":\"000000010000000000000004\"", "{\"nam"),
    ] {
        fs::write(&path, whole.replace(from, to)).unwrap();
        for error in
            [Manifest::read(&path).unwrap_err(), ManifestWriter::open(path.clone()).unwrap_err()]
        {
            assert!(
                matches!(error, ShippingError::CorruptManifest { line: 2, .. }),
                "{from} as {to}: {error}"
            );
        }
    }
}

#[test]
fn retained_lines_stay() {
    let (_directory, path) = with_lines(&[3, 4, 5]);
    let mut writer = ManifestWriter::open(path.clone()).unwrap();
    writer.retain(|it| it.start >= line(4).start).unwrap();
    writer.append(line(6)).unwrap();
    assert_eq!(Manifest::read(&path).unwrap().lines(), [line(4), line(5), line(6)]);
}
