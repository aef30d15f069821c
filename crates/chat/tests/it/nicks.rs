//! One nick, one account, on all servers; and nobody stays who is gone.

use crate::world::{Client, World, room};
use chat::rooms::RoomError;
use xmpp::muc;

fn from(nick: &str) -> String {
    format!("{}/{nick}", room("ops"))
}

#[tokio::test]
async fn two_accounts_on_two_servers_cannot_have_one_nick() {
    let mut world = World::new().await;
    let (a, b) = (world.server("a"), world.server("b"));
    let (alice, bob) = (Client::new(&a, "alice"), Client::new(&b, "bob"));
    let both = tokio::join!(alice.enters("ops", "chief"), bob.enters("ops", "chief"));
    let (winner, loser) = match both {
        (Ok(()), Err(RoomError::NickTaken)) => (&alice, &bob),
        (Err(RoomError::NickTaken), Ok(())) => (&bob, &alice),
        other => panic!("{other:?}"),
    };
    assert_eq!(loser.enters("ops", "chief").await, Err(RoomError::NickTaken));
    loser.enters("ops", "deputy").await.unwrap();
    assert_eq!(
        loser.chat.rooms().rename(&room("ops"), &loser.who, "chief").await,
        Err(RoomError::NickTaken)
    );
    winner
        .has_presence("the other's arrival", |p| p.attribute("from") == Some(&from("deputy")))
        .await;
    winner.chat.rooms().leave(&room("ops"), &winner.who, None);
    loser
        .has_presence("the winner's departure", |p| {
            p.attribute("type") == Some("unavailable")
                && p.attribute("from") == Some(&from("chief"))
        })
        .await;
    loser.chat.rooms().rename(&room("ops"), &loser.who, "chief").await.unwrap();
    assert!(loser.chat.rooms().is_occupant(&room("ops"), &loser.who, "chief"));
    assert!(!loser.chat.rooms().is_occupant(&room("ops"), &loser.who, "deputy"));
}

#[tokio::test]
async fn an_account_may_come_back_under_its_nick_while_its_old_stream_seems_alive() {
    let mut world = World::new().await;
    let (a, b) = (world.server("a"), world.server("b"));
    let (before, after) = (Client::new(&a, "alice"), Client::new(&b, "alice"));
    before.enters("ops", "alice").await.unwrap();
    after.enters("ops", "alice").await.unwrap();
    // It is the very same full address: the old stay ends.
    before
        .has_presence("the end of the old stay", |p| p.attribute("type") == Some("unavailable"))
        .await;
    assert!(after.chat.rooms().is_occupant(&room("ops"), &after.who, "alice"));
    after.posts("ops", "here again", None).await.unwrap();
    after.has_bodies("ops", 1).await;
}

#[tokio::test]
async fn a_lost_servers_occupants_leave_everywhere() {
    let mut world = World::new().await;
    let (a, b) = (world.server("a"), world.server("b"));
    let (alice, bob) = (Client::new(&a, "alice"), Client::new(&b, "bob"));
    alice.enters("ops", "alice").await.unwrap();
    bob.enters("ops", "bob").await.unwrap();
    alice.has_presence("bob arrives", |p| p.attribute("from") == Some(&from("bob"))).await;
    world.lose("b");
    a.server_gone("b");
    let gone = alice
        .has_presence("bob leaves", |p| {
            p.attribute("type") == Some("unavailable") && p.attribute("from") == Some(&from("bob"))
        })
        .await;
    assert!(muc::statuses(&gone).contains(&muc::status::TECHNICAL));
    let carol = Client::new(&a, "carol");
    carol.enters("ops", "bob").await.unwrap();
}
