//! The open segment is followed, and shown only as far as it is durable.

use std::fs;

use instance::SEGMENT_BYTES;
use instance::shipping::drain::settle;
use instance::shipping::restore::{Restored, restore};
use instance::shipping::{Flushed, Segment};
use testkit::eventually;

use super::support::{DEADLINE, REIGN, World, count, insert, run};

#[test]
fn a_standby_follows_an_open_segment() {
    run(async {
        let mut world = World::new().await;
        let receiver = world.receive().await;
        world.backup.start_again().await;
        let backup = world.backup.connect("postgres").await;
        for rows in [3, 50, 400] {
            insert(&world.client, rows).await;
            let expected = count(&world.client).await;
            // Some WAL after the commit, as there always is.
            eventually(DEADLINE, "the rows of an open segment are there", async || {
                let seen = count(&backup).await;
                if seen == expected { Ok(()) } else { Err(seen) }
            })
            .await;
        }
        let open = receiver.flushed().borrow().unwrap().lsn.segment_start();
        assert!(world.lines().iter().all(|it| it.end <= open), "the segment is still open");
        receiver.stop().await;
    });
}

#[test]
fn the_open_segment_is_exposed_only_up_to_the_flushed_position() {
    run(async {
        let world = World::new().await;
        let receiver = world.receive().await;
        insert(&world.client, 250).await;
        world.shipped(&receiver).await;
        let limit = receiver.flushed().borrow().unwrap().lsn;
        insert(&world.client, 250).await;
        world.shipped(&receiver).await;
        receiver.stop().await.unwrap();
        let share = world.opened();
        let end = settle(&share).unwrap().unwrap();

        // As if less had been recorded than was received.
        let folder = share.folder(REIGN);
        let mut flushed = Flushed::read(&folder).unwrap().unwrap();
        flushed.lsn = limit;
        let note = folder.path().join("flushed");
        fs::write(&note, serde_json::to_vec(&flushed).unwrap()).unwrap();

        let segment = Segment::holding(end.timeline, end.lsn);
        let pg_wal = world.directory.directory("pg_wal").unwrap();
        let target = pg_wal.join("RECOVERYXLOG");
        let given = restore(&share, &segment.name(), &target).unwrap();
        assert!(matches!(given, Restored::Given), "{given:?}");
        let bytes = fs::read(&target).unwrap();
        assert_eq!(bytes.len() as u64, SEGMENT_BYTES);
        let valid = usize::try_from(limit.segment_offset()).unwrap();
        let received = fs::read(folder.incoming().join(format!("{segment}.partial"))).unwrap();
        assert_eq!(bytes[..valid], received[..valid]);
        assert!(received[valid..].iter().any(|it| *it != 0), "more was received");
        assert!(bytes[valid..].iter().all(|it| *it == 0), "nothing after it is shown");

        // PostgreSQL keeps it under its own name; the same again is not given.
        fs::rename(&target, pg_wal.join(segment.name())).unwrap();
        let again = restore(&share, &segment.name(), &target).unwrap();
        assert!(matches!(again, Restored::NotThere(_)), "{again:?}");
        settle(&share).unwrap();
        let more = restore(&share, &segment.name(), &target).unwrap();
        assert!(matches!(more, Restored::Given), "{more:?}");
        // A segment that has not begun, and one of another timeline.
        for name in ["000000010000000000000099", "000000070000000000000002", "00000002.history"] {
            let none = restore(&share, name, &target).unwrap();
            assert!(matches!(none, Restored::NotThere(_)), "{name}: {none:?}");
        }
    });
}
