//! The page about export files says what is so.

use std::io::Cursor;
use std::path::Path;

use response_groups::package::{self, FORMAT, Manifest, Package, VERSION, is_audio_name, limits};

use crate::testing::{Parts, parts, wave};

fn page() -> String {
    let page = "../../docs/reference/response-group-export.md";
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap()
}

/// The page's blocks of JSON.
fn examples(page: &str) -> Vec<&str> {
    page.split("```json\n").skip(1).map(|it| it.split("```").next().unwrap()).collect()
}

#[test]
fn the_manifest_on_the_page_is_a_manifest() {
    let page = page();
    let manifest: Manifest = serde_json::from_str(examples(&page)[0]).unwrap();
    assert_eq!((manifest.format.as_str(), manifest.version), (FORMAT, VERSION));
    let shown = serde_json::to_string_pretty(&manifest).unwrap();
    assert_eq!(examples(&page)[0].trim(), shown, "fields are missing or in another order");
    // The table of entries names the same ones, in the same order.
    let mut at = 0;
    for entry in &manifest.entries {
        let row =
            format!("| `{}` |", entry.name.split_once('/').map_or(&*entry.name, |_| "Audio/"));
        let row = row.trim_end_matches("` |");
        at += page[at..].find(row).unwrap_or_else(|| panic!("{row} is not in the table"));
    }
}

#[test]
fn the_file_on_the_page_is_a_file() {
    let page = page();
    let [manifest, queues, audio_files] = examples(&page)[..] else { panic!("three examples") };
    let silence = wave(&vec![0; 32_000]);
    let mut parts = Parts(vec![("manifest.json".to_owned(), manifest.into())]);
    for entry in &serde_json::from_str::<Manifest>(manifest).unwrap().entries {
        let content = match entry.name.as_str() {
            "Queues.json" => queues.as_bytes(),
            "AudioFiles.json" => audio_files.as_bytes(),
            "Settings.json" => b"{}\n",
            name if is_audio_name(name) => &silence,
            _ => b"[]\n",
        };
        parts = parts.with(&entry.name, content);
    }
    let package = Package::open(Cursor::new(parts.zipped())).unwrap();
    let again = Cursor::new(Vec::new());
    let (header, whole) = (package.manifest().header(), package.configuration().clone());
    let again = package::write(again, &header, &whole, &mut { package }).unwrap().into_inner();
    let again = Parts::of(&again).0;
    for (ours, theirs) in again.iter().zip(&parts.0).skip(1) {
        assert_eq!(ours, theirs, "the page shows something else than is written");
    }
}

#[test]
fn the_limits_on_the_page_are_the_limits() {
    let page = page();
    let mebibytes = |it: u64| format!("{} MiB", it >> 20);
    let rows = [
        ("the file", mebibytes(limits::FILE_BYTES_MAX)),
        ("its entries", limits::ENTRIES_MAX.to_string()),
        ("the manifest", mebibytes(limits::MANIFEST_BYTES_MAX)),
        ("another entry of JSON", mebibytes(limits::JSON_BYTES_MAX)),
        ("an audio file", mebibytes(limits::AUDIO_BYTES_MAX)),
        ("everything, unpacked", mebibytes(limits::TOTAL_BYTES_MAX)),
    ];
    for (what, limit) in rows {
        let row = format!("| {what} | {limit} |");
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn entries_are_taken_in_any_order() {
    let parts = parts();
    let opened = |parts: &Parts| Package::open(Cursor::new(parts.clone().zipped())).unwrap();
    let whole = opened(&parts).configuration().clone();
    let reversed = Parts(parts.0.iter().rev().cloned().collect());
    assert_eq!(*opened(&reversed).configuration(), whole);
}
