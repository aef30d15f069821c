//! Order in a room is the order of commits, the same for everybody everywhere.

use crate::world::{Client, DEADLINE, World};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::task::JoinSet;

const POSTS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn eight_writers_on_two_servers_see_one_order() {
    let mut world = World::new().await;
    let servers = [world.server("a"), world.server("b")];
    let mut clients = Vec::new();
    for n in 0..8 {
        let client = Client::new(&servers[n % 2], &format!("user{n}"));
        for room in ["ops", "desk"] {
            client.enters(room, &format!("user{n}")).await.unwrap();
        }
        clients.push(Arc::new(client));
    }
    let mut posting = JoinSet::new();
    for (n, client) in clients.iter().cloned().enumerate() {
        posting.spawn(async move {
            for post in 0..POSTS {
                let room = ["ops", "desk"][post % 2];
                client.posts(room, &format!("{n}-{post}"), None).await.unwrap();
            }
        });
    }
    while let Some(done) = posting.join_next().await {
        done.unwrap();
    }
    for room in ["ops", "desk"] {
        let archived = world.archived(room).await;
        assert_eq!(archived.len(), 8 * POSTS / 2);
        for client in &clients {
            assert_eq!(client.has_bodies(room, archived.len()).await, archived);
        }
    }
    // Positions have no gaps.
    let sql = world.sql().await;
    let query = "select count(*) from chat.room where next_position - 1 <>
                 (select count(*) from chat.post where room = room.id)";
    assert_eq!(sql.query_one(query, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test]
async fn a_lost_bell_costs_no_post() {
    let mut world = World::new().await;
    let (a, b) = (world.server("a"), world.server("b"));
    let (alice, bob) = (Client::new(&a, "alice"), Client::new(&b, "bob"));
    alice.enters("ops", "alice").await.unwrap();
    bob.enters("ops", "bob").await.unwrap();
    world.net.mute.store(true, Ordering::Relaxed);
    for n in 0..10 {
        alice.posts("ops", &n.to_string(), None).await.unwrap();
    }
    let expected: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    assert_eq!(bob.has_bodies("ops", 10).await, expected);
}

#[tokio::test]
async fn nobody_misses_or_doubles_a_post_while_entering() {
    let mut world = World::new().await;
    let (a, b) = (world.server("a"), world.server("b"));
    let alice = Client::new(&a, "alice");
    alice.enters("ops", "alice").await.unwrap();
    let speaking = async {
        for n in 0..200 {
            alice.posts("ops", &n.to_string(), None).await.unwrap();
        }
    };
    let entering = async {
        let mut late = Vec::new();
        for n in 0..10 {
            let client = Client::new(&b, &format!("late{n}"));
            let all = xmpp::muc::HistoryWanted { max_stanzas: Some(250), ..Default::default() };
            client.enters_with("ops", &format!("late{n}"), all).await.unwrap();
            late.push(client);
        }
        late
    };
    let ((), late) = tokio::join!(speaking, entering);
    let archived = world.archived("ops").await;
    for client in late {
        assert_eq!(client.has_bodies("ops", 200).await, archived);
    }
}

#[tokio::test]
async fn the_subject_is_kept_and_told() {
    let mut world = World::new().await;
    let (a, b) = (world.server("a"), world.server("b"));
    let (alice, bob) = (Client::new(&a, "alice"), Client::new(&b, "bob"));
    alice.enters("ops", "alice").await.unwrap();
    let subject = xmpp::Element::new(xmpp::ns::CLIENT, "message")
        .with_child(xmpp::Element::new(xmpp::ns::CLIENT, "subject").with_text("fire drill"));
    alice.chat.rooms().post(&crate::world::room("ops"), &alice.who, subject).await.unwrap();
    bob.enters("ops", "bob").await.unwrap();
    let heard = testkit::eventually(DEADLINE, "the subject arrives", async || {
        let stanzas = bob.stanzas();
        let last = stanzas.iter().rfind(|s| s.has_child(xmpp::ns::CLIENT, "subject"));
        last.and_then(|s| s.child_text(xmpp::ns::CLIENT, "subject")).ok_or(stanzas)
    });
    assert_eq!(heard.await, "fire drill");
}
