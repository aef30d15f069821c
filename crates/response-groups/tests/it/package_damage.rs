//! Damaged files: never a panic, never another configuration.

use std::io::Cursor;

use proptest::prelude::*;
use response_groups::package::{Package, manifest_of};

use crate::testing::{Contents, Dice, Parts, Size, cases, exported, header, made};

const SOURCE: &str = "primary.contoso.com";

/// A small export file.
fn small() -> Vec<u8> {
    let mut dice = Dice::new(3);
    let size = Size { queues: 1, agent_groups: 1, workflows: 1, ..Size::upto(0, &mut dice) };
    let size = Size { audio: 1, audio_bytes: 20, agents: 2, ..size };
    let (whole, contents) = made(&mut dice, &[SOURCE], size);
    exported(&header(SOURCE, &whole), &whole, &contents)
}

/// What a file gives: everything in it, or nothing.
fn given(file: &[u8]) -> Option<(String, Contents)> {
    let mut package = Package::open(Cursor::new(file)).ok()?;
    let ids: Vec<_> = package.configuration().audio.iter().map(|it| it.id).collect();
    let audio = ids.into_iter().map(|id| (id, package.audio(id).unwrap())).collect();
    let all = format!("{:?} {:?}", package.configuration(), package.manifest());
    Some((all, Contents(audio)))
}

#[test]
fn a_file_that_ends_early_is_refused_wherever_it_ends() {
    let file = small();
    assert!(given(&file).is_some());
    for end in 0..file.len() {
        let error = Package::open(Cursor::new(&file[..end])).expect_err("it ends early");
        let sentence = error.to_string();
        assert!(sentence.contains("not a ZIP") || sentence.contains("cut off"), "{sentence}");
    }
}

#[test]
fn no_single_bit_changes_what_a_file_gives() {
    let file = small();
    let whole = given(&file).unwrap();
    // Every bit of a file takes minutes; of every seventh byte one after the other does not.
    for at in (0..file.len()).step_by(7) {
        let mut file = file.clone();
        file[at] ^= 1 << (at % 8);
        if let Some(other) = given(&file) {
            assert!(other.0 == whole.0 && other.1.0 == whole.1.0, "byte {at} was not noticed");
        }
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn fuzz_changed_files(seed: u64) {
        let mut dice = Dice::new(seed);
        let mut file = small();
        let whole = given(&file).unwrap();
        for _ in 0..dice.between(1, 4) {
            let (at, length) = (dice.between(0, file.len()), dice.between(0, 60));
            let end = (at + length).min(file.len());
            match dice.between(0, 4) {
                0 => file[at..end].iter_mut().for_each(|it| *it = !*it),
                1 => drop(file.drain(at..end)),
                2 => drop(file.splice(at..at, dice.bytes(length))),
                3 => file[at..end].copy_from_slice(&dice.bytes(end - at)),
                _ => {
                    let piece = file[at..end].to_vec();
                    let to = dice.between(0, file.len());
                    drop(file.splice(to..to, piece));
                }
            }
        }
        if let Some(other) = given(&file) {
            prop_assert!(other.0 == whole.0 && other.1.0 == whole.1.0, "not noticed");
        }
    }

    #[test]
    fn fuzz_changed_contents_in_a_sound_zip(seed: u64) {
        let mut dice = Dice::new(seed);
        let mut parts = Parts::of(&small());
        for _ in 0..dice.between(1, 3) {
            let index = dice.between(0, parts.0.len() - 1);
            let content = &mut parts.0[index].1;
            let at = dice.between(0, content.len());
            let end = (at + dice.between(0, 20)).min(content.len());
            let piece: Vec<u8> = match dice.between(0, 2) {
                0 => Vec::new(),
                1 => dice.one(&["null", "[", "{}", "1e999", "\"\\ud800\"", "-0"]).into(),
                _ => dice.bytes(3),
            };
            drop(content.splice(at..end, piece));
        }
        let agreed = parts.0.iter().any(|(name, content)| {
            name == "manifest.json" && serde_json::from_slice::<serde_json::Value>(content)
                .is_ok_and(|it| it.is_object())
        });
        let parts = if agreed && dice.coin() { parts.agreed() } else { parts };
        let file = parts.zipped();
        if let Ok(package) = Package::open(Cursor::new(&file)) {
            // Whatever is taken can be written again, and reads the same.
            let whole = package.configuration().clone();
            let header = package.manifest().header();
            let mut package = package;
            let out = Cursor::new(Vec::new());
            let out = response_groups::package::write(out, &header, &whole, &mut package).unwrap();
            response_groups::package::verify(out, &header, &whole).unwrap();
        }
    }

    #[test]
    fn fuzz_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400), signed: bool) {
        let mut file = bytes;
        if signed {
            file.splice(0..0, *b"PK\x03\x04");
            file.extend(b"PK\x05\x06");
            file.extend([0; 18]);
        }
        prop_assert!(Package::open(Cursor::new(&file)).is_err());
        prop_assert!(manifest_of(Cursor::new(&file)).is_err());
    }
}
