//! A large configuration is written and read in seconds. The times are printed, not judged.

use std::io::{BufWriter, Seek as _, Write as _};
use std::time::Instant;

use response_groups::compare::{Found, compare};
use response_groups::package::{self, Package};

use crate::testing::{Dice, Size, header, made};

const SOURCE: &str = "primary.contoso.com";

#[test]
fn a_large_configuration_is_written_and_read() {
    let mut dice = Dice::new(2);
    let size = Size {
        workflows: 2000,
        queues: 400,
        agent_groups: 240,
        agents: 20,
        hours: 100,
        holiday_sets: 500,
        audio: 300,
        audio_bytes: 100_000,
    };
    let (mut whole, mut contents) = made(&mut dice, &[SOURCE], size);
    for object in &mut whole.objects {
        if let response_groups::model::Object::Workflow(it) = object {
            it.holiday_sets.truncate(10);
        }
    }
    let header = header(SOURCE, &whole);
    let directory = testkit::TempDir::new("large-export").unwrap();
    let path = directory.path().join("large.zip");

    let begun = Instant::now();
    let file = std::fs::File::create_new(&path).unwrap();
    let out = BufWriter::new(file);
    let mut out = package::write(out, &header, &whole, &mut contents).unwrap();
    out.flush().unwrap();
    let bytes = out.stream_position().unwrap();
    let written = begun.elapsed();

    let begun = Instant::now();
    let package = Package::open(std::fs::File::open(&path).unwrap()).unwrap();
    let read = begun.elapsed();

    let begun = Instant::now();
    let compared = compare(&whole, package.configuration());
    let (count, compared_in) = (compared.len(), begun.elapsed());
    println!(
        "{count} things, {} kB: written in {written:.1?}, read in {read:.1?}, compared in \
         {compared_in:.1?}",
        bytes / 1024
    );
    assert!(compared.iter().all(|it| it.found == Found::Same));
    assert_eq!(package.configuration(), &whole);
}
