//! Once: a repeat appears nowhere again, and its sender gets the first one's echo.

use crate::world::{Client, World};

#[tokio::test]
async fn a_repeat_is_answered_with_the_first_ones_echo() {
    let mut world = World::new().await;
    let (a, b) = (world.server("a"), world.server("b"));
    let alice = Client::new(&a, "alice");
    let watcher = Client::new(&b, "watcher");
    alice.enters("ops", "alice").await.unwrap();
    watcher.enters("ops", "watcher").await.unwrap();
    let first = alice.posts("ops", "hello", Some("o-1")).await.unwrap();
    alice.has_bodies("ops", 1).await;
    // The connection is lost; the client comes back by way of the other server and repeats.
    alice.chat.rooms().gone(&alice.who);
    let again = Client::new(&b, "alice");
    let none = xmpp::muc::HistoryWanted { max_stanzas: Some(0), ..Default::default() };
    again.enters_with("ops", "alice", none).await.unwrap();
    let repeat = again.posts("ops", "hello", Some("o-1")).await.unwrap();
    assert_eq!(repeat, first);
    assert_eq!(again.has_bodies("ops", 1).await, ["hello"]);
    let is_echo = |s: &xmpp::Element| s.has_child(xmpp::ns::CLIENT, "body");
    let echo = again.stanzas().into_iter().find(is_echo).unwrap();
    let room = crate::world::room("ops");
    let id = xmpp::stanza_id::stanza_id(&echo, room.as_str()).unwrap();
    assert_eq!(id, first.to_string());
    // The same id with other content is another post, and that one stands once, too.
    let other = again.posts("ops", "goodbye", Some("o-1")).await.unwrap();
    assert_ne!(other, first);
    assert_eq!(again.posts("ops", "goodbye", Some("o-1")).await.unwrap(), other);
    // Somebody else's origin id is his own affair.
    watcher.posts("ops", "hello", Some("o-1")).await.unwrap();
    assert_eq!(world.archived("ops").await, ["hello", "goodbye", "hello"]);
    assert_eq!(watcher.has_bodies("ops", 3).await, ["hello", "goodbye", "hello"]);
    assert_eq!(again.has_bodies("ops", 3).await, ["hello", "goodbye", "hello"]);
}

#[tokio::test]
async fn repeats_in_one_group_become_one_post() {
    let mut world = World::new().await;
    let server = world.server("a");
    let alice = Client::new(&server, "alice");
    alice.enters("ops", "alice").await.unwrap();
    let tickets: Vec<_> = (0..20).map(|_| alice.posts("ops", "again", Some("o"))).collect();
    let mut ids = Vec::new();
    for ticket in tickets {
        ids.push(ticket.await.unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    alice.posts("ops", "end", None).await.unwrap();
    assert_eq!(alice.has_bodies("ops", 2).await, ["again", "end"]);
    assert_eq!(world.archived("ops").await, ["again", "end"]);
}

#[tokio::test]
async fn a_post_that_cannot_be_stored_sinks_no_other() {
    let mut world = World::new().await;
    let sql = world.sql().await;
    sql.batch_execute("alter table chat.post add check (stanza not like '%poison%')")
        .await
        .unwrap();
    let server = world.server("a");
    let alice = Client::new(&server, "alice");
    alice.enters("ops", "alice").await.unwrap();
    let words = ["one", "poison", "two", "poison", "three"];
    let tickets: Vec<_> = words.iter().map(|word| alice.posts("ops", word, None)).collect();
    let mut kept = Vec::new();
    for (word, ticket) in words.iter().zip(tickets) {
        match ticket.await {
            Ok(_) => kept.push(*word),
            Err(error) => assert_eq!(error, chat::rooms::RoomError::Unstorable),
        }
    }
    assert_eq!(kept, ["one", "two", "three"]);
    assert_eq!(alice.has_bodies("ops", 3).await, kept);
    assert_eq!(world.archived("ops").await, kept);
}
