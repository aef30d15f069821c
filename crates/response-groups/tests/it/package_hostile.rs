//! Files that are not export files, or were made to do harm: each refused with its own sentence.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write as _};

use response_groups::package::{Package, limits};
use serde_json::json;
use zip::write::{FullFileOptions, SimpleFileOptions};
use zip::{CompressionMethod, ZipWriter};

use crate::testing::{Parts, good, parts, patched, refused};

#[test]
fn what_was_not_changed_is_read() {
    Package::open(Cursor::new(good())).unwrap();
    // Also if somebody has unpacked and packed it again, with other times and modes.
    Package::open(Cursor::new(parts().agreed().zipped())).unwrap();
}

#[test]
fn what_is_no_zip_file_is_refused() {
    for file in [&b""[..], b"P", b"hello", b"{\"Format\": 1}", &[0; 1000]] {
        refused(file, "this is not a ZIP file");
    }
    let mut after = b"#!/bin/sh\n".to_vec();
    after.extend(good());
    refused(&after, "this is not a ZIP file");
}

#[test]
fn another_products_zip_file_is_refused() {
    let empty = ZipWriter::new(Cursor::new(Vec::new())).finish().unwrap().into_inner();
    refused(&empty, "was not written by Standfast");
    let other = Parts(vec![("word/document.xml".to_owned(), b"<x/>".to_vec())]);
    refused(&other.zipped(), "was not written by Standfast");
    for manifest in ["{\"manifest_version\": 3, \"name\": \"x\"}", "[]", "", "\u{fffd}"] {
        refused(&parts().with("manifest.json", manifest).zipped(), "was not written by Standfast");
    }
    let other = parts().json("manifest.json", |it| it["Format"] = json!("Something else"));
    refused(&other.zipped(), "was not written by Standfast");
}

#[test]
fn another_version_is_refused() {
    let later = parts().json("manifest.json", |it| {
        it["Version"] = json!(2);
        it["SomethingNew"] = json!(true);
    });
    refused(&later.zipped(), "has version 2 of the format and this server reads version 1");
}

#[test]
fn something_appended_or_hidden_is_refused() {
    let mut longer = good();
    longer.push(0);
    refused(&longer, "cut off, or something was appended");
    let mut zip = ZipWriter::new_append(Cursor::new(good())).unwrap();
    zip.set_comment("hello").unwrap();
    refused(&zip.finish().unwrap().into_inner(), "cut off, or something was appended");

    // Something before the first entry, between two of them, and behind the last.
    let hide = |at: usize| {
        let mut file = good();
        file.splice(at..at, *b"hidden");
        file
    };
    let second = good().windows(4).skip(4).position(|it| it == b"PK\x03\x04").unwrap() + 4;
    let directory = good().windows(4).position(|it| it == b"PK\x01\x02").unwrap();
    refused(&hide(0), "this is not a ZIP file");
    refused(&hide(second), "its directory is not where it should be");
    refused(&hide(directory), "its directory is not where it should be");
}

#[test]
fn a_file_with_a_hole_is_refused() {
    // The entry is still there; the directory does not name it any more.
    let file = parts().with("zzz", "hidden").agreed().zipped();
    let (at, length) = (file.len() - 22, 46 + 3);
    let mut cut = file.clone();
    cut.drain(at - length..at);
    let end = cut.len() - 22;
    for count in [end + 8, end + 10] {
        cut[count] -= 1;
    }
    let directory = u32::from_le_bytes(cut[end + 12..end + 16].try_into().unwrap());
    let less = directory - u32::try_from(length).unwrap();
    cut[end + 12..end + 16].copy_from_slice(&less.to_le_bytes());
    refused(&cut, "something lies behind its last entry");
}

/// The file with bytes put in, and with every place in it corrected.
fn shifted(file: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    let places = (0..file.len() - 4).filter(|it| file[*it..].starts_with(b"PK\x01\x02"));
    let offsets: Vec<_> = places.map(|it| it + 42).chain([file.len() - 22 + 16]).collect();
    for place in offsets {
        let offset = u32::from_le_bytes(file[place..place + 4].try_into().unwrap());
        if offset as usize >= at {
            let offset = offset + u32::try_from(bytes.len()).unwrap();
            file[place..place + 4].copy_from_slice(&offset.to_le_bytes());
        }
    }
    file.splice(at..at, bytes.iter().copied());
    file
}

#[test]
fn something_between_entries_is_refused_though_the_directory_knows() {
    let file = good();
    let second = file.windows(4).skip(4).position(|it| it == b"PK\x03\x04").unwrap() + 4;
    let directory = file.windows(4).position(|it| it == b"PK\x01\x02").unwrap();
    for at in [0, second] {
        let shifted = shifted(&file, at, b"PK\x03\x04 hidden");
        refused(&shifted, "something lies between them");
    }
    refused(&shifted(&file, directory, b"hidden"), "something lies behind its last entry");
}

#[test]
fn fields_and_comments_around_an_entry_are_refused() {
    let with = |options: FullFileOptions<'static, 'static>| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts().0 {
            zip.start_file(name, options.clone()).unwrap();
            zip.write_all(&content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let plain = SimpleFileOptions::default().into_full_options();
    Package::open(Cursor::new(with(plain.clone()))).unwrap();
    refused(&with(plain.clone().with_file_comment("hello")), "its directory has more than names");
    for central_only in [true, false] {
        let mut options = plain.clone();
        options.add_extra_field(0x7777, b"hello", central_only).unwrap();
        let sentence = if central_only { "more than names" } else { "more than a name before it" };
        refused(&with(options), sentence);
    }
}

#[test]
fn a_missing_entry_is_refused() {
    for (name, _) in parts().0.iter().filter(|(name, _)| name != "manifest.json") {
        refused(&parts().without(name).zipped(), &format!("`{name}` is missing"));
        refused(&parts().without(name).agreed().zipped(), &format!("`{name}` is missing"));
    }
}

#[test]
fn an_entry_too_many_is_refused() {
    let file = parts().with("Extra.json", "[]");
    refused(&file.zipped(), "`Extra.json` does not belong into an export file");
    let audio = "Audio/00000000-0000-0000-0000-000000000000.wav";
    let file = parts().with(audio, "x");
    let sentence = format!("`{audio}` does not belong into an export file");
    refused(&file.zipped(), &sentence);
    // Even if the manifest names it.
    refused(&file.agreed().zipped(), &sentence);
}

#[test]
fn a_repeated_entry_is_refused() {
    let file = parts().with("Workflows.jsox", "[]").zipped();
    refused(&patched(file, b"Workflows.jsox", b"Workflows.json"), "is there more than once");
    let twice = parts().json("manifest.json", |it| {
        let first = it["Entries"][0].clone();
        it["Entries"].as_array_mut().unwrap().push(first);
    });
    refused(&twice.zipped(), "is there more than once");
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    let names = [
        "../evil.json",
        "/etc/passwd",
        "Audio/../../evil",
        "C:\\evil",
        "..\\evil",
        "Audio//x",
        "Audio/",
        ".",
        "a\nb",
        "Au\u{308}dio",
        "x\u{0}.wav",
    ];
    for name in names {
        refused(&parts().with(name, "x").zipped(), "is a name that leads elsewhere");
        refused(&parts().with(name, "x").agreed().zipped(), "is a name that leads elsewhere");
    }
    let long = "x".repeat(limits::NAME_BYTES_MAX + 1);
    refused(&parts().with(&long, "x").zipped(), "is a name that leads elsewhere");
}

#[test]
fn what_is_no_file_is_refused() {
    let zip = || ZipWriter::new_append(Cursor::new(good())).unwrap();
    let mut links = zip();
    links.add_symlink("Link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    refused(&links.finish().unwrap().into_inner(), "`Link` is not a file");
    let mut directories = zip();
    directories.add_directory("Directory", SimpleFileOptions::default()).unwrap();
    refused(&directories.finish().unwrap().into_inner(), "a name that leads elsewhere");
    // A device, by its mode.
    let device = parts().zipped_as(SimpleFileOptions::default().unix_permissions(0o020_600));
    let mode = |it: u32| ((it << 16).to_le_bytes(), 0);
    let (plain, _) = mode(0o100_600);
    if device.windows(4).any(|it| it == plain) {
        refused(&patched(device, &plain, &mode(0o020_600).0), "is not a file");
    }
}

/// Changes two bytes in every header, local and central, of one entry.
fn with_header(file: &[u8], name: &str, local_at: usize, value: [u8; 2]) -> Vec<u8> {
    let mut file = file.to_vec();
    for (sign, header, at) in [(b"PK\x03\x04", 30, local_at), (b"PK\x01\x02", 46, local_at + 2)] {
        let place = (0..file.len() - header).find(|place| {
            file[*place..].starts_with(sign) && file[place + header..].starts_with(name.as_bytes())
        });
        let place = place.unwrap() + at;
        file[place..place + 2].copy_from_slice(&value);
    }
    file
}

const FLAGS: usize = 6;
const METHOD: usize = 8;
const CHECKSUM: usize = 14;
const SIZE: usize = 22;

#[test]
fn encryption_and_foreign_compression_are_refused() {
    for name in ["Workflows.json", "manifest.json"] {
        let file = with_header(&good(), name, FLAGS, [1, 0]);
        refused(&file, &format!("`{name}` is encrypted"));
        for method in [1, 9, 12, 14, 93, 95, 97, 98] {
            let file = with_header(&good(), name, METHOD, [method, 0]);
            refused(&file, &format!("`{name}` is compressed in a way that is not used"));
        }
    }
    // AES says so in its method.
    refused(&with_header(&good(), "Queues.json", METHOD, [99, 0]), "`Queues.json` is");
}

#[test]
fn headers_that_disagree_are_refused() {
    // Programs that read from the beginning would see something else than we do.
    let file = good();
    let local = file.windows(9).position(|it| it == b"Workflows").unwrap();
    for (at, value) in [(0, b'w'), (FLAGS, 8), (METHOD, 0), (CHECKSUM, 77), (SIZE, 77)] {
        let mut file = file.clone();
        file[if at == 0 { local } else { local - 30 + at }] = value;
        refused(&file, "the ZIP file is damaged");
    }
}

#[test]
fn a_wrong_size_or_checksum_is_refused() {
    let other = parts().with("Settings.json", "{   }");
    let same_size: Vec<u8> = parts().get("Workflows.json").iter().map(|_| b' ').collect();
    refused(&other.zipped(), "`Settings.json` has not the size that the manifest says");
    let other = parts().with("Workflows.json", same_size);
    refused(&other.zipped(), "`Workflows.json` has not the checksum that the manifest says");
    let name = parts().0.last().unwrap().0.clone();
    let mut audio = parts().get(&name).to_vec();
    *audio.last_mut().unwrap() ^= 1;
    refused(&parts().with(&name, &audio).zipped(), "has not the checksum that the manifest says");
    // AudioFiles.json is the manifest's equal.
    refused(&parts().with(&name, &audio).agreed().zipped(), "has not the checksum");
    audio.push(0);
    refused(&parts().with(&name, &audio).agreed().zipped(), "has not the size");
    // ZIP's own checksum and sizes.
    let file = with_header(&good(), "Queues.json", CHECKSUM, [1, 2]);
    refused(&file, "`Queues.json` is damaged");
    let file = with_header(&good(), "Queues.json", SIZE, [5, 0]);
    refused(&file, "`Queues.json` has not the size");
}

#[test]
fn what_becomes_too_large_is_refused() {
    let one = |name: &str, bytes: u64| {
        parts().with(name, vec![b' '; usize::try_from(bytes).unwrap()]).zipped()
    };
    refused(&one("Workflows.json", limits::RATIO_FROM_BYTES + 1), "more than 100 times as large");
    refused(&one("Workflows.json", limits::JSON_BYTES_MAX + 1), "larger than the 64 MiB");
    refused(&one("manifest.json", limits::MANIFEST_BYTES_MAX + 1), "larger than the 8 MiB");
    let name = parts().0.last().unwrap().0.clone();
    refused(&one(&name, limits::AUDIO_BYTES_MAX + 1), "larger than the 4 MiB");
}

#[test]
fn a_bomb_that_lies_about_its_size_is_refused() {
    let zeros = parts().with("Workflows.json", vec![b' '; 3 << 20]).zipped();
    let lies = with_header(&zeros, "Workflows.json", SIZE, [0, 1]);
    let lies = with_header(&lies, "Workflows.json", SIZE + 2, [0, 0]);
    refused(&lies, "`Workflows.json` ");
}

#[test]
fn too_many_entries_are_refused() {
    let mut file = good();
    let end = file.len() - 22;
    for at in [end + 8, end + 10] {
        file[at..at + 2].copy_from_slice(&60_000_u16.to_le_bytes());
    }
    refused(&file, "larger than the 20000 entries");
}

#[test]
fn many_entries_that_together_become_too_large_are_refused() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    zip.start_file("manifest.json", deflated).unwrap();
    zip.write_all(b"{}").unwrap();
    // Each is small enough to become as large as it likes.
    let content = vec![0; usize::try_from(limits::RATIO_FROM_BYTES).unwrap()];
    for index in 0..=limits::TOTAL_BYTES_MAX / limits::RATIO_FROM_BYTES {
        zip.start_file(format!("{index}"), deflated).unwrap();
        zip.write_all(&content).unwrap();
    }
    refused(&zip.finish().unwrap().into_inner(), "what the file holds is larger than the 1024 MiB");
}

#[test]
fn entries_that_share_their_content_are_refused() {
    // The second queue of the directory is led to the first one's content.
    let file = parts().with("Queues.jsox", parts().get("Queues.json")).zipped();
    let central = |name: &str| {
        let places = 0..file.len() - 46;
        let mut found = places.filter(|at| {
            file[*at..].starts_with(b"PK\x01\x02") && file[at + 46..].starts_with(name.as_bytes())
        });
        found.next().unwrap() + 42
    };
    let (from, to) = (central("Queues.json"), central("Queues.jsox"));
    let mut shared = file.clone();
    shared.copy_within(from..from + 4, to);
    refused(&shared, "the ZIP file is damaged");
}

/// A file of which only the size is there.
struct Endless(u64);

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        into.fill(b'P');
        Ok(into.len())
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        Ok(match to {
            SeekFrom::End(_) => self.0,
            SeekFrom::Start(at) => at,
            SeekFrom::Current(_) => 0,
        })
    }
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let error = Package::open(Endless(limits::FILE_BYTES_MAX + 1)).unwrap_err().to_string();
    assert!(error.contains("the file is larger than the 1024 MiB"), "{error}");
}
