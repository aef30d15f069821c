//! Files that arrive again, torn, or wrong.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use instance::SEGMENT_BYTES;
use instance::shipping::drain::{Drained, Replay, drained_end, drained_from, settle};
use instance::shipping::{Position, Receiver, ShippingError, Standing, Word, missing};
use testkit::eventually;

use super::support::{DEADLINE, REIGN, World, alarm, count, insert, replayed, run, stands};

fn plain(path: &Path) -> Vec<u8> {
    zstd::decode_all(fs::File::open(path).unwrap()).unwrap()
}

#[test]
fn the_same_file_twice_is_accepted_other_content_is_an_alarm() {
    run(async {
        let world = World::new().await;
        let receiver = world.receive().await;
        for _ in 0..2 {
            world.fill_segment(50).await;
        }
        insert(&world.client, 1).await;
        let end = world.shipped(&receiver).await;
        world.all_closed(end).await;
        receiver.stop().await;
        let before = world.lines();
        let folder = world.opened().folder(REIGN);
        let name = &before[0].name;
        let content = plain(&folder.path().join(format!("{name}.zst")));
        let again = folder.incoming().join(name);

        fs::write(&again, &content).unwrap();
        let receiver = world.receive().await;
        eventually(DEADLINE, "the second copy is let go", async || {
            if again.exists() { Err(receiver.standing().borrow().clone()) } else { Ok(()) }
        })
        .await;
        receiver.stop().await;
        assert_eq!(world.lines(), before);

        let mut other = content.clone();
        other[5_000_000] ^= 1;
        fs::write(&again, &other).unwrap();
        let receiver = world.receive().await;
        let why = alarm(&receiver).await;
        assert!(why.starts_with("OtherContent") && why.contains(name), "{why}");
        assert_eq!(world.lines(), before, "the first one stays");
        assert_eq!(plain(&folder.path().join(format!("{name}.zst"))), content);
    });
}

#[test]
fn a_truncated_segment_is_put_aside_and_received_again() {
    run(async {
        let world = World::new().await;
        let receiver = world.receive().await;
        world.fill_segment(50).await;
        insert(&world.client, 1).await;
        let end = world.shipped(&receiver).await;
        world.all_closed(end).await;
        receiver.feed_from(None);
        stands(&receiver, |it| matches!(it, Standing::Idle)).await;
        // The open one, as if a broken disk had cut it and called it complete.
        let folder = world.opened().folder(REIGN);
        let name = end.file_name(1);
        let partial = folder.incoming().join(format!("{name}.partial"));
        fs::File::options().write(true).open(&partial).unwrap().set_len(SEGMENT_BYTES / 2).unwrap();
        fs::rename(&partial, folder.incoming().join(&name)).unwrap();
        let refused = folder.path().join("refused").join(format!("{name}.0"));
        eventually(DEADLINE, "it is put aside", async || {
            if refused.exists() { Ok(()) } else { Err(receiver.standing().borrow().clone()) }
        })
        .await;
        receiver.feed_from(Some(world.feed()));
        world.fill_segment(50).await;
        insert(&world.client, 1).await;
        let end = world.shipped(&receiver).await;
        world.all_closed(end).await;
        let words = missing(&world.opened(), world.begin.lsn, end).unwrap();
        let whole = words.iter().all(|it| matches!(it.1, Word::Found | Word::MissingUploading));
        assert!(whole, "{words:?}");
        receiver.stop().await;
    });
}

/// Damages what was received, in the middle of a row of the segment that is open.
fn damage_open(world: &World, end: instance::Lsn) -> (String, PathBuf) {
    let folder = world.opened().folder(REIGN);
    let name = end.file_name(1);
    let path = folder.incoming().join(format!("{name}.partial"));
    let mut file = fs::File::options().read(true).write(true).open(&path).unwrap();
    let half = end.segment_offset() / 2;
    let mut byte = [0];
    file.read_exact_at(&mut byte, half).unwrap();
    file.seek(SeekFrom::Start(half)).unwrap();
    file.write_all(&[byte[0] ^ 0x20]).unwrap();
    (name, path)
}

#[test]
fn what_is_damaged_after_it_was_received_is_not_closed_but_comes_again() {
    run(async {
        let mut world = World::new().await;
        fs::write(&world.hold, "").unwrap();
        let receiver = world.receive().await;
        world.fill_segment(50).await;
        insert(&world.client, 200).await;
        let end = world.shipped(&receiver).await;
        let (name, _) = damage_open(&world, end);
        world.fill_segment(50).await;
        world.fill_segment(50).await;
        insert(&world.client, 1).await;
        let end = world.shipped(&receiver).await;
        world.all_closed(end).await;
        let refused = world.opened().folder(REIGN).path().join("refused").join(format!("{name}.0"));
        assert!(refused.exists(), "the damaged one was put aside");
        receiver.stop().await;
        world.source.kill().await;
        fs::remove_file(&world.hold).unwrap();
        world.backup.start_again().await;
        let backup = world.drain_and_promote().await;
        assert_eq!(count(&backup).await, 351);
    });
}

#[test]
fn what_is_damaged_after_it_was_received_is_named_when_the_source_is_gone() {
    run(async {
        let mut world = World::new().await;
        fs::write(&world.hold, "").unwrap();
        let receiver = world.receive().await;
        world.fill_segment(50).await;
        for _ in 0..20 {
            insert(&world.client, 10).await;
        }
        let end = world.shipped(&receiver).await;
        world.source.kill().await;
        receiver.stop().await;
        let (name, path) = damage_open(&world, end);
        // Complete, as far as its size goes.
        fs::rename(&path, path.with_extension("")).unwrap();
        let share = world.opened();
        settle(&share).unwrap();
        assert!(world.lines().iter().all(|it| it.name != name), "it was not closed");
        let lost = |replayed| drained_end(&share, replayed).unwrap().lost.unwrap();
        let range = lost(world.begin.lsn);
        assert_eq!((&range.files, range.to), (&vec![name], end));
        assert!(range.from.segment() == end.segment() && range.from < end, "{range:?}");

        fs::remove_file(&world.hold).unwrap();
        world.backup.start_again().await;
        let backup = world.backup.connect("postgres").await;
        eventually(DEADLINE, "all before the damage is replayed", async || {
            let at = replayed(&backup).await;
            if at == range.from { Ok(()) } else { Err(at) }
        })
        .await;
        assert_eq!(lost(range.from), range, "it is told the same from there");
        let rows = count(&backup).await;
        assert!((50..250).contains(&rows), "{rows}");
    });
}

#[test]
fn an_open_file_that_is_gone_is_a_loss() {
    run(async {
        let world = World::new().await;
        let receiver = world.receive().await;
        world.fill_segment(50).await;
        insert(&world.client, 20).await;
        let end = world.shipped(&receiver).await;
        world.all_closed(end).await;
        receiver.stop().await;
        let share = world.opened();
        let name = end.file_name(1);
        fs::remove_file(share.folder(REIGN).incoming().join(format!("{name}.partial"))).unwrap();
        let range = drained_end(&share, world.begin.lsn).unwrap().lost.unwrap();
        assert_eq!((range.files, range.to), (vec![name], end));

        fs::remove_dir_all(share.folder(REIGN).path()).unwrap();
        let replay =
            |received| Replay { redo: world.begin.lsn, replayed: world.begin.lsn, received };
        let drained = drained_from(&share, replay(None)).unwrap();
        assert_eq!(drained.lost, None, "nothing tells that there was anything");
        let received = Some(Position { timeline: 1, lsn: end });
        let range = drained_from(&share, replay(received)).unwrap().lost.unwrap();
        assert_eq!((range.to, &range.files[0]), (end, &world.begin.lsn.file_name(1)));
    });
}

#[test]
fn a_share_that_begins_after_the_backup_instance_is_a_loss() {
    run(async {
        let world = World::new().await;
        world.fill_segment(50).await;
        world.fill_segment(50).await;
        // A new slot keeps WAL from the last checkpoint on.
        world.client.batch_execute("checkpoint").await.unwrap();
        let mut settings = world.settings(REIGN).await;
        settings.begin = None;
        let receiver = Receiver::start(settings, &world.tasks, &world.shutdown).unwrap();
        receiver.feed_from(Some(world.feed()));
        world.fill_segment(50).await;
        insert(&world.client, 1).await;
        let end = world.shipped(&receiver).await;
        receiver.stop().await;
        let drained = drained_end(&world.opened(), world.begin.lsn).unwrap();
        let Drained::Lost { range } = drained.is_drained(world.begin.lsn, None) else {
            panic!("promotion was not refused: {drained:?}");
        };
        let file = instance::Lsn::of_segment(world.begin.lsn.segment());
        assert_eq!((range.from, range.to), (file, end), "it begins with the file");
        assert_eq!(range.files[0], world.begin.lsn.file_name(1));
    });
}

#[test]
fn torn_manifest_line_is_cut() {
    run(async {
        let world = World::new().await;
        let receiver = world.receive().await;
        for _ in 0..2 {
            world.fill_segment(50).await;
        }
        insert(&world.client, 1).await;
        let end = world.shipped(&receiver).await;
        world.all_closed(end).await;
        receiver.stop().await;
        let manifest = world.opened().folder(REIGN).path().join("manifest.jsonl");
        let whole = fs::read(&manifest).unwrap();
        fs::write(&manifest, [&whole[..], b"{\"name\":\"0000000100000"].concat()).unwrap();
        let receiver = world.receive().await;
        world.fill_segment(50).await;
        insert(&world.client, 1).await;
        let end = world.shipped(&receiver).await;
        world.all_closed(end).await;
        receiver.stop().await;
        assert!(fs::read(&manifest).unwrap().starts_with(&whole));
        let words = missing(&world.opened(), world.begin.lsn, end).unwrap();
        assert!(words.iter().all(|it| it.1 != Word::MissingLost), "{words:?}");

        // In the middle it is damage, not a crash.
        let text = String::from_utf8(whole).unwrap();
        fs::write(&manifest, text.replacen("\"size\"", "\"sice\"", 1)).unwrap();
        let settings = world.settings(REIGN).await;
        let refused = Receiver::start(settings, &world.tasks, &world.shutdown);
        let refused = refused.unwrap_err();
        assert!(matches!(refused, ShippingError::CorruptManifest { line: 1, .. }), "{refused}");
    });
}
