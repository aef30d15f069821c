//! After the source is lost: nothing that was flushed here is lost, and nothing is promoted early.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use instance::Lsn;
use instance::shipping::drain::{Consent, Drained, drained_end, settle};
use instance::shipping::{Word, missing};
use testkit::eventually;
use tokio_postgres::Client;
use tokio_util::task::TaskTracker;

use super::support::{DEADLINE, REIGN, World, count, insert, promote, replayed, run};

/// How many writers load the source.
const WRITERS: usize = 4;

#[test]
fn drain_reaches_the_last_flushed_commit() {
    run(async {
        let mut world = World::new().await;
        let receiver = world.receive().await;
        world.backup.start_again().await;
        // What was acknowledged, each with a position at or after its commit.
        let acknowledged = Arc::new(Mutex::new(Vec::<(i64, Lsn)>::new()));
        let writers = TaskTracker::new();
        for _ in 0..WRITERS {
            let client = world.source.connect("postgres").await;
            let acknowledged = Arc::clone(&acknowledged);
            writers.spawn(async move {
                while let Some(post) = write(&client).await {
                    acknowledged.lock().unwrap().push(post);
                }
            });
        }
        eventually(DEADLINE, "the load is up", async || {
            let done = acknowledged.lock().unwrap().len();
            if done > 3_000 { Ok(()) } else { Err(done) }
        })
        .await;
        world.source.kill().await;
        writers.close();
        writers.wait().await;
        let end = receiver.stop().await.unwrap().lsn;
        let backup = world.drain_and_promote().await;
        let all = acknowledged.lock().unwrap().clone();
        let shipped: Vec<i64> =
            all.iter().filter(|(_, lsn)| *lsn <= end).map(|(id, _)| *id).collect();
        println!("{} of {} acknowledged rows were shipped", shipped.len(), all.len());
        assert!(shipped.len() > 1_000, "{} of {} were shipped", shipped.len(), all.len());
        let sql = "select count(*) from posts where id = any($1)";
        let present: i64 = backup.query_one(sql, &[&shipped]).await.unwrap().get(0);
        assert_eq!(usize::try_from(present).unwrap(), shipped.len());
    });
}

/// Commits a row. Its id, with a position at or after the commit; `None` when the source is gone.
async fn write(client: &Client) -> Option<(i64, Lsn)> {
    let sql = "insert into posts (body) values (repeat('x', 600)) returning id";
    let id = client.query_one(sql, &[]).await.ok()?.get(0);
    let position = "select pg_current_wal_flush_lsn()::text";
    let position: String = client.query_one(position, &[]).await.ok()?.get(0);
    Some((id, position.parse().unwrap()))
}

/// A source with five closed segments of 100 rows each, all gone but the share.
async fn five_segments() -> (World, Lsn) {
    let world = World::new().await;
    fs::write(&world.hold, "").unwrap();
    let receiver = world.receive().await;
    for _ in 0..5 {
        world.fill_segment(100).await;
    }
    insert(&world.client, 1).await;
    let end = world.shipped(&receiver).await;
    world.all_closed(end).await;
    receiver.stop().await.unwrap();
    settle(&world.opened()).unwrap();
    (world, end)
}

/// The third of the five.
fn middle(world: &World) -> (String, PathBuf) {
    let lines = world.lines();
    let name = lines[lines.len() - 3].name.clone();
    let path = world.opened().folder(REIGN).path().join(format!("{name}.zst"));
    (name, path)
}

/// The backup instance stops at the damaged file, promotion is refused, and goes past it only with
/// a consent that names the range. Answers the rows that are left.
async fn stops_at_damage(world: &mut World, name: &str) -> i64 {
    world.backup.start_again().await;
    fs::remove_file(&world.hold).unwrap();
    let backup = &world.backup;
    eventually(DEADLINE, "the server stops at the damaged file", async || {
        let said = backup.log();
        let stopped =
            said.contains("exit code 200") && said.contains("database system is shut down");
        if stopped { Ok(()) } else { Err(said.lines().last().map(str::to_owned)) }
    })
    .await;
    assert!(backup.log().contains(&format!("{name} is damaged")), "{}", backup.log());

    let share = world.opened();
    let end = drained_end(&share, world.begin.lsn).unwrap();
    let Drained::Lost { range } = end.is_drained(Lsn(u64::MAX), None) else {
        panic!("promotion was not refused: {end:?}");
    };
    assert_eq!(range.files, [name]);
    assert_eq!(range.from.file_name(range.timeline), name);
    let newest = drained_end(&share, range.to).unwrap().end.unwrap();
    assert!(range.to >= newest, "{range:?} ends before {newest:?}");
    let mut other = range.clone();
    other.from = other.from + 1;
    assert!(matches!(end.is_drained(Lsn(u64::MAX), Some(&other)), Drained::Lost { .. }));

    // An administrator gives the range up.
    let given_at = jiff::Timestamp::now();
    Consent { range: range.clone(), given_at }.write(&share).unwrap();
    world.backup.stop_immediately().await;
    world.backup.start_again().await;
    let client = world.backup.connect("postgres").await;
    eventually(DEADLINE, "all before the damage is replayed", async || {
        let replayed = replayed(&client).await;
        match drained_end(&share, world.begin.lsn).unwrap().is_drained(replayed, Some(&range)) {
            Drained::Yes => Ok(()),
            other => Err(other),
        }
    })
    .await;
    promote(&client).await;
    count(&client).await
}

#[test]
fn a_flipped_bit_stops_the_restore_and_refuses_promotion() {
    run(async {
        let (mut world, _) = five_segments().await;
        let (name, path) = middle(&world);
        let mut file = fs::File::options().read(true).write(true).open(&path).unwrap();
        let half = file.metadata().unwrap().len() / 2;
        let mut byte = [0];
        file.seek(SeekFrom::Start(half)).unwrap();
        file.read_exact(&mut byte).unwrap();
        file.seek(SeekFrom::Start(half)).unwrap();
        file.write_all(&[byte[0] ^ 0x40]).unwrap();
        let rows = stops_at_damage(&mut world, &name).await;
        assert_eq!(rows, 200, "the two segments before the damage");
    });
}

#[test]
fn a_truncated_file_is_refused() {
    run(async {
        let (mut world, _) = five_segments().await;
        let (name, path) = middle(&world);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_len(file.metadata().unwrap().len() - 1).unwrap();
        let rows = stops_at_damage(&mut world, &name).await;
        assert_eq!(rows, 200, "the two segments before the damage");
    });
}

#[test]
fn a_missing_segment_refuses_promotion_and_names_the_range() {
    run(async {
        let (mut world, end) = five_segments().await;
        let (name, path) = middle(&world);
        fs::remove_file(path).unwrap();
        let manifest = world.opened().folder(REIGN).path().join("manifest.jsonl");
        let text = fs::read_to_string(&manifest).unwrap();
        let kept: Vec<&str> = text.lines().filter(|it| !it.contains(&name)).collect();
        fs::write(&manifest, kept.join("\n") + "\n").unwrap();

        fs::remove_file(&world.hold).unwrap();
        world.backup.start_again().await;
        let client = world.backup.connect("postgres").await;
        let share = world.opened();
        let range = eventually(DEADLINE, "replay stands before the hole", async || {
            let at = replayed(&client).await;
            let drained = drained_end(&share, at).unwrap();
            match drained.is_drained(at, None) {
                Drained::Lost { range } if drained.end == Some(at) => Ok(range),
                other => Err((other, at)),
            }
        })
        .await;
        assert_eq!((range.files.as_slice(), range.to), ([name.clone()].as_slice(), end));
        assert_eq!(range.from.file_name(1), name);
        assert_eq!(count(&client).await, 200);
        let words = missing(&share, world.begin.lsn, end + 32 * 1024 * 1024).unwrap();
        let of = |wanted| words.iter().filter(move |it| it.1 == wanted).map(|it| it.0.name());
        assert_eq!(of(Word::MissingLost).collect::<Vec<_>>(), [name]);
        assert_eq!(of(Word::MissingUploading).count(), 1, "{words:?}");
        assert_eq!(of(Word::MissingDelayed).count(), 2, "{words:?}");
    });
}
