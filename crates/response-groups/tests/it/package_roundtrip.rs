//! What is exported is what is read.

use std::io::Cursor;

use proptest::prelude::*;
use response_groups::checks::check;
use response_groups::configuration::Configuration;
use response_groups::import::AudioSource as _;
use response_groups::model::{Kind, Object};
use response_groups::package::{self, ExistingFile, Header, Package, Writer};

use crate::testing::{Contents, Dice, Size, cases, exported, header, made};

const SOURCE: &str = "primary.contoso.com";
const OWNERS: [&str; 2] = [SOURCE, "backup.contoso.com"];

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn what_is_exported_is_what_is_read(seed: u64, most in 0_usize..8) {
        let mut dice = Dice::new(seed);
        let size = Size::upto(most, &mut dice);
        let (whole, contents) = made(&mut dice, &OWNERS, size);
        for object in &whole.objects {
            prop_assert_eq!(check(object), vec![], "{:?}", object);
        }
        let header = header(SOURCE, &whole);
        let file = exported(&header, &whole, &contents);
        let mut package = Package::open(Cursor::new(&file)).unwrap();
        prop_assert_eq!(package.configuration(), &whole);
        prop_assert_eq!(package.manifest().header(), header.clone());
        for (id, content) in &contents.0 {
            prop_assert_eq!(&package.audio(*id).unwrap(), content);
            prop_assert_eq!(&package.content(*id).unwrap(), content);
        }
        package::verify(Cursor::new(&file), &header, &whole).unwrap();
    }

    #[test]
    fn equal_configurations_give_equal_files_whatever_their_order(seed: u64) {
        let mut dice = Dice::new(seed);
        let size = Size::upto(5, &mut dice);
        let (mut whole, contents) = made(&mut dice, &OWNERS, size);
        let mut header = header(SOURCE, &whole);
        let file = exported(&header, &whole, &contents);
        whole.objects.reverse();
        whole.audio.reverse();
        whole.sign_ins.reverse();
        prop_assert_eq!(&exported(&header, &whole, &contents), &file);
        header.created = "2027-01-01T00:00:00Z".parse().unwrap();
        prop_assert_ne!(&exported(&header, &whole, &contents), &file);
    }

    #[test]
    fn another_configuration_is_not_verified(seed: u64) {
        let mut dice = Dice::new(seed);
        let size = Size { agent_groups: 2, ..Size::upto(5, &mut dice) };
        let (mut whole, contents) = made(&mut dice, &OWNERS, size);
        let header = header(SOURCE, &whole);
        let file = exported(&header, &whole, &contents);
        whole.objects[0].owner_and_name().1.push('!');
        let error = package::verify(Cursor::new(&file), &header, &whole).unwrap_err();
        prop_assert!(error.to_string().contains("is not what was written"), "{}", error);
        let other = Header { owner: Some(SOURCE.to_owned()), ..header };
        prop_assert!(package::verify(Cursor::new(&file), &other, &whole).is_err());
    }
}

#[test]
fn an_empty_configuration_is_a_configuration() {
    let whole = Configuration::default();
    let header = header(SOURCE, &whole);
    let file = exported(&header, &whole, &Contents::default());
    let package = Package::open(Cursor::new(file)).unwrap();
    assert_eq!(package.configuration(), &whole);
}

#[test]
fn what_packs_suspiciously_well_can_be_read_back() {
    let mut dice = Dice::new(1);
    let size = Size { holiday_sets: 15, ..Size::upto(0, &mut dice) };
    let (mut whole, contents) = made(&mut dice, &[SOURCE], size);
    for object in &mut whole.objects {
        if let Object::HolidaySet(it) = object {
            it.holiday_list = vec![it.holiday_list[0].clone(); 1000];
        }
    }
    let header = header(SOURCE, &whole);
    let file = exported(&header, &whole, &contents);
    package::verify(Cursor::new(file), &header, &whole).unwrap();
}

#[test]
fn audio_files_are_written_in_their_order_each_once_and_as_they_are_known() {
    let mut dice = Dice::new(5);
    let size = Size { audio: 2, ..Size::upto(3, &mut dice) };
    let (whole, contents) = made(&mut dice, &OWNERS, size);
    let header = header(SOURCE, &whole);
    let begin = || Writer::begin(Cursor::new(Vec::new()), &header, &whole).unwrap();
    let (first, second) = (whole.audio[0].id, whole.audio[1].id);
    let content = |id| contents.0[id].as_slice();

    let early = begin().finish().unwrap_err().to_string();
    assert!(early.contains("was not expected here"), "{early}");
    let mut writer = begin();
    assert_eq!(writer.next_audio().unwrap().id, first);
    let order = writer.audio(second, content(&second)).unwrap_err().to_string();
    assert!(order.contains("was not expected here"), "{order}");
    let wrong = begin().audio(first, content(&second)).unwrap_err().to_string();
    assert!(wrong.contains("import the audio file again"), "{wrong}");

    let mut writer = begin();
    writer.audio(first, content(&first)).unwrap();
    writer.audio(second, content(&second)).unwrap();
    assert!(writer.audio(second, content(&second)).is_err());
    writer.finish().unwrap();
}

#[test]
fn what_would_not_be_read_is_not_written() {
    let mut dice = Dice::new(7);
    let size = Size { queues: 1, workflows: 3, ..Size::upto(0, &mut dice) };
    let (whole, contents) = made(&mut dice, &[SOURCE], size);
    let write = |header: &Header, whole| {
        let out = Cursor::new(Vec::new());
        let error = package::write(out, header, whole, &mut contents.clone()).unwrap_err();
        error.to_string()
    };
    let header = header(SOURCE, &whole);

    let mut without_queue = whole.clone();
    without_queue.objects.retain(|it| it.kind() != Kind::Queue);
    let error = write(&header, &without_queue);
    assert!(error.contains("names the queue"), "{error}");
    assert!(error.contains("which is not there"), "{error}");

    let of_another = Header { owner: Some("backup.contoso.com".to_owned()), ..header.clone() };
    let error = write(&of_another, &whole);
    assert!(error.contains("something of primary.contoso.com"), "{error}");

    let mut unacceptable = whole.clone();
    "".clone_into(unacceptable.objects[0].owner_and_name().1);
    let error = write(&header, &unacceptable);
    assert!(error.contains("Name: it is empty; give a name"), "{error}");
}

#[test]
fn a_file_is_known_for_what_it_is() {
    let directory = testkit::TempDir::new("export-files").unwrap();
    let at = |name: &str| directory.path().join(name);
    let whole = Configuration::default();
    let header = Header { owner: Some("a.example".to_owned()), ..header(SOURCE, &whole) };
    let file = exported(&header, &whole, &Contents::default());
    std::fs::write(at("ours.zip"), &file).unwrap();
    std::fs::write(at("other.zip"), b"hello").unwrap();
    std::fs::write(at("half.zip"), &file[..file.len() / 2]).unwrap();

    let found = |name: &str| package::existing_file(&at(name)).unwrap();
    assert!(matches!(found("none.zip"), ExistingFile::Absent));
    let ExistingFile::Export(manifest) = found("ours.zip") else { panic!("ours is not known") };
    assert_eq!((manifest.source.as_str(), manifest.owner.as_deref()), (SOURCE, Some("a.example")));
    for (name, sentence) in
        [("other.zip", "this is not a ZIP file"), ("half.zip", "is cut off"), (".", "not a file")]
    {
        let ExistingFile::Other(why) = found(name) else { panic!("{name} is taken for an export") };
        assert!(why.to_string().contains(sentence), "{why}");
    }
}
