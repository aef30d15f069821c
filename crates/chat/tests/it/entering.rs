//! Entering, in the order of XEP-0045 section 7.1.

use crate::world::{Client, World, room};
use chat::rooms::RoomError;
use xmpp::{muc, ns};

#[tokio::test]
async fn presence_then_self_then_history_then_subject_then_what_is_said() {
    let mut world = World::new().await;
    let (a, b) = (world.server("a"), world.server("b"));
    let (alice, bob) = (Client::new(&a, "alice"), Client::new(&b, "bob"));
    alice.enters("ops", "alice").await.unwrap();
    alice.posts("ops", "before", None).await.unwrap();
    bob.enters("ops", "bob").await.unwrap();
    alice.posts("ops", "after", None).await.unwrap();
    bob.has_bodies("ops", 2).await;
    let stanzas = bob.stanzas();
    let kinds: Vec<&str> = stanzas
        .iter()
        .map(|s| match s.name() {
            "presence" if muc::statuses(s).contains(&muc::status::SELF) => "self",
            "presence" => "other",
            _ if s.has_child(ns::CLIENT, "subject") => "subject",
            _ if s.has_child(ns::DELAY, "delay") => "history",
            _ => "live",
        })
        .collect();
    assert_eq!(kinds, ["other", "self", "history", "subject", "live"], "{stanzas:?}");
    assert!(muc::statuses(&stanzas[1]).contains(&muc::status::NON_ANONYMOUS));
    let item = stanzas[0].child(ns::MUC_USER, "x").unwrap().child(ns::MUC_USER, "item").unwrap();
    assert_eq!(item.attribute("jid"), Some(alice.who.as_str()));
    assert!(stanzas.iter().all(|s| s.attribute("to") == Some(bob.who.as_str())), "{stanzas:?}");
    // The others learn of him, by way of the other server.
    let nick = format!("{}/bob", room("ops"));
    alice.has_presence("bob arrives", |p| p.attribute("from") == Some(&nick)).await;
}

#[tokio::test]
async fn who_is_not_in_the_room_may_not_speak_and_unknown_rooms_are_none() {
    let mut world = World::new().await;
    let server = world.server("a");
    let alice = Client::new(&server, "alice");
    assert_eq!(alice.posts("ops", "hello", None).await, Err(RoomError::NotAnOccupant));
    assert_eq!(alice.enters("nowhere", "alice").await, Err(RoomError::NoSuchRoom));
    assert!(alice.stanzas().is_empty(), "{:?}", alice.stanzas());
    let sql = world.sql().await;
    chat::provision::disable_room(&sql, "desk").await.unwrap();
    assert_eq!(alice.enters("desk", "alice").await, Err(RoomError::Closed));
    alice.enters("ops", "alice").await.unwrap();
    chat::provision::disable_room(&sql, "ops").await.unwrap();
    assert_eq!(alice.posts("ops", "hello", None).await, Err(RoomError::Closed));
    let names: Vec<String> =
        server.rooms().list().await.unwrap().into_iter().map(|room| room.title).collect();
    assert_eq!(names, ["lab"]);
}

#[tokio::test]
async fn too_many_rooms_are_refused() {
    let mut world = World::new().await;
    world.limits.rooms_per_user = 2;
    let server = world.server("a");
    let alice = Client::new(&server, "alice");
    alice.enters("ops", "alice").await.unwrap();
    let at_home = Client::at(&server, "alice", "home");
    at_home.enters("ops", "alice").await.unwrap();
    at_home.enters("desk", "alice").await.unwrap();
    assert_eq!(alice.enters("lab", "alice").await, Err(RoomError::TooManyRooms(2)));
    alice.enters("ops", "alice").await.unwrap();
    alice.chat.rooms().gone(&at_home.who);
    alice.enters("lab", "alice").await.unwrap();
}

#[tokio::test]
async fn a_server_needs_no_more_than_its_role_may() {
    let mut world = World::new().await;
    let sql = world.sql().await;
    let login = "create role standfast_chat login";
    sql.batch_execute(login).await.unwrap();
    chat::provision::prepare(&sql).await.unwrap();
    let keys = chat::accounts::ScramKeys::of_password("secret").unwrap();
    chat::provision::create_account(&sql, "alice", "Alice", &keys).await.unwrap();
    let database = world.database().to_owned();
    let primary = world.primary.subscribe();
    let server = world.server_as("a", "standfast_chat", &database, primary);
    let alice = Client::new(&server, "alice");
    alice.enters("ops", "alice").await.unwrap();
    alice.posts("ops", "hello", Some("o")).await.unwrap();
    alice.posts("ops", "hello", Some("o")).await.unwrap();
    alice.has_bodies("ops", 1).await;
    assert_eq!(server.accounts().scram_keys("alice").await.unwrap(), Some(keys));
    assert_eq!(server.accounts().scram_keys("nobody").await.unwrap(), None);
}
