//! Where a pool wants zero loss: nothing is acknowledged or shown before the other site holds it.

use crate::world::{Client, DEADLINE, World};
use chat::other_site::{Held, OtherSite};
use chat::rooms::RoomError;
use std::time::Duration;
use testkit::eventually;
use tokio::sync::watch;

/// A place beyond everything that a test writes.
const FAR: u64 = 1 << 50;

/// The other site, as the servers are told of it.
struct Other(watch::Sender<Option<Held>>);

impl Other {
    async fn holds(&self, world: &World, lsn: u64) {
        let sql = "select timeline_id from pg_control_checkpoint()";
        let timeline: i32 = world.sql().await.query_one(sql, &[]).await.unwrap().get(0);
        let place = db::Place { timeline: timeline.cast_unsigned(), lsn };
        self.0.send_replace(Some(Held { reign: 1, place }));
    }

    /// It holds what stands now, and nothing that comes.
    async fn stands_still(&self, world: &World) {
        let sql = "select (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint";
        let lsn: i64 = world.sql().await.query_one(sql, &[]).await.unwrap().get(0);
        self.holds(world, lsn.cast_unsigned()).await;
    }
}

async fn world() -> (World, Other) {
    let mut world = World::new().await;
    let (tell, told) = watch::channel(None);
    world.other_site = OtherSite::awaited(vec!["home".to_owned()], told);
    (world, Other(tell))
}

/// Waits until so many posts stand in the database.
async fn stand(world: &World, room: &str, posts: usize) {
    eventually(DEADLINE, "the posts stand", async || {
        let archived = world.archived(room).await;
        if archived.len() == posts { Ok(()) } else { Err(archived) }
    })
    .await;
}

#[tokio::test]
async fn what_the_other_site_does_not_hold_is_neither_acknowledged_nor_shown() {
    let (mut world, other) = world().await;
    other.holds(&world, FAR).await;
    let (one, two) = (world.server("one"), world.server("two"));
    let (ann, bob) = (Client::new(&one, "ann"), Client::new(&two, "bob"));
    ann.enters("ops", "ann").await.unwrap();
    bob.enters("ops", "bob").await.unwrap();
    ann.posts("ops", "before", Some("1")).await.unwrap();
    bob.has_bodies("ops", 1).await;

    other.stands_still(&world).await;
    let mut waits = ann.posts("ops", "cut", Some("2"));
    stand(&world, "ops", 2).await;
    // Time in which both servers look at the database again and again.
    let early = tokio::time::timeout(world.limits.poll * 10, &mut waits).await;
    assert!(early.is_err(), "it was acknowledged: {early:?}");
    assert_eq!(ann.bodies("ops"), ["before"], "its sender has seen it");
    assert_eq!(bob.bodies("ops"), ["before"], "another server has shown it");
    let eve = Client::new(&two, "eve");
    eve.enters("ops", "eve").await.unwrap();
    assert_eq!(eve.has_bodies("ops", 1).await, ["before"], "it came as history");

    other.holds(&world, FAR).await;
    tokio::time::timeout(DEADLINE, &mut waits).await.unwrap().unwrap();
    for client in [&ann, &bob, &eve] {
        assert_eq!(client.has_bodies("ops", 2).await, ["before", "cut"]);
    }
    world.stop_servers().await;
}

#[tokio::test]
async fn a_repeat_is_not_answered_before_the_first_is_held() {
    let (mut world, other) = world().await;
    other.holds(&world, FAR).await;
    world.limits.queue_wait = Duration::from_millis(500);
    world.limits.answer_wait = Duration::from_millis(500);
    let one = world.server("one");
    let ann = Client::new(&one, "ann");
    ann.enters("ops", "ann").await.unwrap();
    ann.posts("ops", "before", Some("1")).await.unwrap();

    other.stands_still(&world).await;
    assert_eq!(ann.posts("ops", "cut", Some("2")).await, Err(RoomError::Unknown));
    // Nothing more is written: what comes now is refused for certain, repeats included.
    assert_eq!(ann.posts("ops", "cut", Some("2")).await, Err(RoomError::Wait));
    assert_eq!(ann.posts("ops", "later", None).await, Err(RoomError::Wait));
    assert_eq!(ann.bodies("ops"), ["before"]);
    assert_eq!(world.archived("ops").await, ["before", "cut"]);

    other.holds(&world, FAR).await;
    ann.posts("ops", "cut", Some("2")).await.unwrap();
    ann.posts("ops", "after", Some("3")).await.unwrap();
    assert_eq!(ann.has_bodies("ops", 3).await, ["before", "cut", "after"]);
    assert_eq!(world.archived("ops").await, ["before", "cut", "after"]);
    world.stop_servers().await;
}

#[tokio::test]
async fn a_room_that_nobody_here_knows_is_not_entered_while_what_stands_may_not_be_shown() {
    let (mut world, other) = world().await;
    world.limits.enter_wait = Duration::from_secs(1);
    world.limits.read_wait = Duration::from_millis(500);
    other.stands_still(&world).await;
    let one = world.server("one");
    let ann = Client::new(&one, "ann");
    assert_eq!(ann.enters("ops", "ann").await, Err(RoomError::Wait));
    other.holds(&world, FAR).await;
    ann.enters("ops", "ann").await.unwrap();
    world.stop_servers().await;
}

#[tokio::test]
async fn another_primary_waits_for_nobody() {
    let (mut world, other) = world().await;
    // The pool is served by its backup site: its primary is none of those that wait.
    world.other_site = OtherSite::awaited(vec!["elsewhere".to_owned()], other.0.subscribe());
    let one = world.server("one");
    let ann = Client::new(&one, "ann");
    ann.enters("ops", "ann").await.unwrap();
    ann.posts("ops", "hello", Some("1")).await.unwrap();
    assert_eq!(ann.has_bodies("ops", 1).await, ["hello"]);
    world.stop_servers().await;
}
