//! The database away, under load: what was delivered is what is archived, to the last post.

use crate::world::{Client, DEADLINE, World};
use chat::rooms::RoomError;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{interval, timeout};

#[tokio::test(flavor = "multi_thread")]
async fn delivered_equals_archived_when_the_database_dies_under_load() {
    let mut world = World::new().await;
    world.limits.queue_wait = Duration::from_secs(2);
    let servers = [world.server("a"), world.server("b")];
    let mut clients = Vec::new();
    for n in 0..6 {
        let client = Client::new(&servers[n % 2], &format!("user{n}"));
        client.enters("ops", &format!("user{n}")).await.unwrap();
        clients.push(client);
    }
    // 400 posts at 100 each second; the database is away from the 100th to the 350th.
    let mut tickets = Vec::new();
    let mut pace = interval(Duration::from_millis(10));
    for n in 0..400_usize {
        pace.tick().await;
        if n == 100 {
            world.postgres.stop_immediately().await;
        } else if n == 350 {
            world.postgres.start_again().await;
        }
        let body = format!("post {n}");
        tickets.push((body.clone(), clients[n % 6].posts("ops", &body, Some(&body))));
    }
    let (mut acknowledged, mut refused, mut unknown) = (Vec::new(), Vec::new(), 0);
    for (body, ticket) in tickets {
        match timeout(DEADLINE, ticket).await.expect("every post is answered") {
            Ok(_) => acknowledged.push(body),
            Err(RoomError::Wait) => refused.push(body),
            Err(RoomError::Unknown) => unknown += 1,
            Err(other) => panic!("{body}: {other}"),
        }
    }
    // One more after all is well: then everything before it has been shown.
    let last = testkit::eventually(DEADLINE, "posts are taken again", async || {
        clients[0].posts("ops", "the end", Some("the end")).await
    });
    last.await;
    let archived = world.archived("ops").await;
    for client in &clients {
        assert_eq!(client.has_bodies("ops", archived.len()).await, archived);
    }
    let all: BTreeSet<&String> = archived.iter().collect();
    assert_eq!(all.len(), archived.len(), "nothing stands twice");
    for body in &acknowledged {
        assert!(all.contains(body), "{body} was acknowledged");
    }
    for body in &refused {
        assert!(!all.contains(body), "{body} was refused for certain");
    }
    assert!(acknowledged.len() > 100, "{} acknowledged, {unknown} unknown", acknowledged.len());
    assert!(!refused.is_empty(), "the outage was longer than posts may wait");
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let mut world = World::new().await;
    world.limits.waiting_posts = 10;
    world.limits.queue_wait = Duration::from_millis(300);
    let server = world.server("a");
    let alice = Client::new(&server, "alice");
    alice.enters("ops", "alice").await.unwrap();
    world.postgres.stop_immediately().await;
    let tickets: Vec<_> = (0..1000).map(|n| alice.posts("ops", &n.to_string(), None)).collect();
    for ticket in tickets {
        let refused = timeout(DEADLINE, ticket).await.expect("every post is answered");
        assert!(matches!(refused, Err(RoomError::Wait | RoomError::Unknown)), "{refused:?}");
    }
    assert!(alice.bodies("ops").is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_active_takes_no_posts() {
    let mut world = World::new().await;
    let server = world.server("a");
    let alice = Client::new(&server, "alice");
    alice.enters("ops", "alice").await.unwrap();
    server.set_activity(chat::activity::Activity::NoneActive);
    assert_eq!(alice.posts("ops", "hello", None).await, Err(RoomError::NotActive));
    server.set_activity(chat::activity::Activity::Active);
    alice.posts("ops", "hello", None).await.unwrap();
    assert_eq!(alice.has_bodies("ops", 1).await, ["hello"]);
}

#[tokio::test]
async fn what_stands_on_the_primary_alone_is_neither_acknowledged_nor_shown() {
    let mut world = World::new().await;
    let (a, b) = (world.server("a"), world.server("b"));
    let (alice, bob) = (Client::new(&a, "alice"), Client::new(&b, "bob"));
    alice.enters("ops", "alice").await.unwrap();
    bob.enters("ops", "bob").await.unwrap();
    let sql = world.sql().await;
    sql.batch_execute("set synchronous_commit = local").await.unwrap();
    // From now on commits wait for a mirror that is not there.
    sql.batch_execute("alter system set synchronous_standby_names = 'nobody'").await.unwrap();
    sql.execute("select pg_reload_conf()", &[]).await.unwrap();
    let waits = "select pg_cancel_backend(pid) from pg_stat_activity
                 where wait_event = 'SyncRep' and query like '%chat.append%'";
    let ticket = alice.posts("ops", "alone", Some("alone"));
    testkit::eventually(DEADLINE, "somebody cancels the wait", async || {
        match sql.query(waits, &[]).await.unwrap().len() {
            0 => Err("nobody waits"),
            _ => Ok(()),
        }
    })
    .await;
    // It stands, and can be seen by anybody who asks the database; both servers try to prove it.
    let proves = "select count(*) from pg_stat_activity
                  where wait_event = 'SyncRep' and query like '%pg_logical_emit_message%'";
    testkit::eventually(DEADLINE, "both servers found it and wait for proof", async || {
        match sql.query_one(proves, &[]).await.unwrap().get::<_, i64>(0) {
            2 => Ok(()),
            other => Err(other),
        }
    })
    .await;
    assert_eq!(world.archived("ops").await, ["alone"]);
    assert!(alice.bodies("ops").is_empty() && bob.bodies("ops").is_empty());
    // Suspended is recorded, and commits need not wait any more.
    sql.batch_execute("alter system reset synchronous_standby_names").await.unwrap();
    sql.execute("select pg_reload_conf()", &[]).await.unwrap();
    timeout(DEADLINE, ticket).await.expect("it is answered").unwrap();
    assert_eq!(alice.has_bodies("ops", 1).await, ["alone"]);
    assert_eq!(bob.has_bodies("ops", 1).await, ["alone"]);
    assert_eq!(world.archived("ops").await, ["alone"]);
}
