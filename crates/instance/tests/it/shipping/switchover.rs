//! The receiver goes on through a switchover of the mirror, and refuses a branch that is dead.

use std::fs;

use instance::shipping::{Position, Receiver, Reign, Standing, Word, missing};
use testkit::eventually;
use testkit::postgres::Postgres;

use super::support::{
    DEADLINE, REIGN, World, alarm, append, conninfo, copy_of, count, feed, insert, promote,
    replayed, run, shipped, stands,
};

async fn mirror_of(source: &Postgres) -> Postgres {
    let (mut mirror, _) = copy_of(source).await;
    let data = mirror.data_directory();
    let conninfo = conninfo(source);
    append(&data.join("postgresql.conf"), &format!("primary_conninfo = '{conninfo}'\n"));
    fs::write(data.join("standby.signal"), "").unwrap();
    mirror.start_again().await;
    mirror
}

#[test]
fn a_receiver_follows_a_mirror_switchover() {
    run(async {
        let mut world = World::new().await;
        let mirror = mirror_of(&world.source).await;
        // First from the primary, then from the mirror.
        let receiver = world.receive().await;
        world.fill_segment(100).await;
        world.shipped(&receiver).await;
        receiver.feed_from(Some(feed(&mirror, "home mirror")));
        stands(
            &receiver,
            |it| matches!(it, Standing::Receiving { source, .. } if source == "home mirror"),
        )
        .await;
        world.backup.start_again().await;
        world.fill_segment(100).await;
        insert(&world.client, 100).await;
        world.shipped(&receiver).await;

        world.source.kill().await;
        let client = mirror.connect("postgres").await;
        promote(&client).await;
        insert(&client, 100).await;
        let end = shipped(&client, &receiver).await;
        let at = receiver.flushed().borrow().unwrap();
        assert_eq!(at.timeline, 2);

        let fork = {
            let folder = world.opened().folder(REIGN);
            let text = fs::read_to_string(folder.incoming().join("00000002.history")).unwrap();
            text.split_whitespace().nth(1).unwrap().parse::<instance::Lsn>().unwrap()
        };
        let partial = format!("{}.partial", fork.file_name(1));
        eventually(DEADLINE, "history and old partial file are closed", async || {
            let names: Vec<String> = world.lines().into_iter().map(|it| it.name).collect();
            let closed = |name: &str| names.iter().any(|it| it == name);
            if closed("00000002.history") && closed(&partial) { Ok(()) } else { Err(names) }
        })
        .await;
        // The same segment number, on the new timeline, and no hole before it.
        let words = missing(&world.opened(), world.begin.lsn, end).unwrap();
        let all = words.iter().all(|it| matches!(it.1, Word::Found | Word::MissingUploading));
        assert!(all, "{words:?}");
        assert!(words.iter().any(|it| it.0.name() == fork.file_name(2)), "{words:?}");

        insert(&client, 50).await;
        client.query_one("select pg_switch_wal()", &[]).await.unwrap();
        insert(&client, 1).await;
        shipped(&client, &receiver).await;
        let expected = count(&client).await;
        receiver.stop().await.unwrap();
        let backup = world.drain_and_promote().await;
        assert_eq!((count(&backup).await, expected), (451, 451));
    });
}

#[test]
fn a_copy_that_never_saw_an_older_timeline_feeds_all_the_same() {
    run(async {
        let world = World::new().await;
        let second = mirror_of(&world.source).await;
        promote(&second.connect("postgres").await).await;
        let third = mirror_of(&second).await;
        let client = third.connect("postgres").await;
        promote(&client).await;
        client.batch_execute("checkpoint").await.unwrap();
        let fed = mirror_of(&third).await;
        assert!(!fed.data_directory().join("pg_wal/00000002.history").exists());

        let (_copy, begin) = copy_of(&third).await;
        let mut settings = world.settings(REIGN).await;
        settings.begin = Some(begin);
        let receiver = Receiver::start(settings, &world.tasks, &world.shutdown).unwrap();
        receiver.feed_from(Some(feed(&fed, "home mirror")));
        insert(&client, 10).await;
        shipped(&client, &receiver).await;
        receiver.stop().await;
    });
}

#[test]
fn a_share_ahead_of_the_fork_is_a_dead_branch() {
    run(async {
        let mut world = World::new().await;
        let mut mirror = mirror_of(&world.source).await;
        let receiver = world.receive().await;
        insert(&world.client, 10).await;
        world.shipped(&receiver).await;
        // The mirror does not get what the share gets.
        mirror.stop_immediately().await;
        insert(&world.client, 10).await;
        world.shipped(&receiver).await;
        world.source.kill().await;
        mirror.start_again().await;
        promote(&mirror.connect("postgres").await).await;
        receiver.feed_from(Some(feed(&mirror, "home mirror")));
        let why = alarm(&receiver).await;
        assert!(why.starts_with("Diverged"), "{why}");

        // The backup instance is seeded again, and shipping begins anew.
        receiver.stop().await;
        world.opened().set_aside(REIGN).unwrap();
        let (_copy, begin) = copy_of(&mirror).await;
        let mut settings = world.settings(REIGN).await;
        settings.begin = Some(begin);
        let receiver = Receiver::start(settings, &world.tasks, &world.shutdown).unwrap();
        receiver.feed_from(Some(feed(&mirror, "home mirror")));
        shipped(&mirror.connect("postgres").await, &receiver).await;
        receiver.stop().await;
    });
}

#[test]
fn shipping_goes_on_in_a_later_reign() {
    run(async {
        let mut world = World::new().await;
        let receiver = world.receive().await;
        world.backup.start_again().await;
        world.fill_segment(100).await;
        insert(&world.client, 100).await;
        world.shipped(&receiver).await;
        // Home is lost; the backup instance takes over, and home returns as its copy.
        world.source.kill().await;
        receiver.stop().await.unwrap();
        world.opened().raise(Reign(2)).unwrap();
        let client = world.drain_and_promote().await;
        let home = mirror_of(&world.backup).await;
        insert(&client, 100).await;

        // The planned way back: what the backup wrote last is at home before home is promoted.
        let pid = nix::unistd::Pid::from_raw(world.backup.pid().unwrap());
        client.batch_execute("checkpoint").await.unwrap();
        drop(client);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
        let log = || world.backup.log();
        eventually(DEADLINE, "the backup instance is stopped in order", async || {
            let said = log();
            let down = said.lines().last().is_some_and(|it| it.contains("is shut down"));
            if down { Ok(()) } else { Err(said.lines().last().map(str::to_owned)) }
        })
        .await;
        world.backup.stop_immediately().await;
        let client = home.connect("postgres").await;
        eventually(DEADLINE, "home has it all", async || {
            let seen = count(&client).await;
            if seen == 300 { Ok(()) } else { Err(seen) }
        })
        .await;
        let at = replayed(&client).await;
        promote(&client).await;
        insert(&client, 100).await;

        let mut settings = world.settings(Reign(3)).await;
        settings.begin = Some(Position { timeline: 2, lsn: at });
        let receiver = Receiver::start(settings, &world.tasks, &world.shutdown).unwrap();
        receiver.feed_from(Some(feed(&home, "home")));
        shipped(&client, &receiver).await;
        fs::write(world.backup.data_directory().join("standby.signal"), "").unwrap();
        append(&world.backup.data_directory().join("postgresql.conf"), "primary_conninfo = ''\n");
        world.backup.start_again().await;
        let backup = world.backup.connect("postgres").await;
        eventually(DEADLINE, "the backup instance follows home again", async || {
            let seen = count(&backup).await;
            if seen == 400 { Ok(()) } else { Err(seen) }
        })
        .await;
        receiver.stop().await.unwrap();
        let backup = world.drain_and_promote().await;
        assert_eq!(count(&backup).await, 400);
    });
}
