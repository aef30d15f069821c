//! An old term takes no posts; a newer one goes on where the branches parted.

use crate::world::{Client, DEADLINE, World};
use chat::rooms::RoomError;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn an_old_term_takes_no_posts() {
    let mut world = World::new().await;
    world.limits.queue_wait = Duration::from_millis(500);
    world.limits.answer_wait = Duration::from_millis(500);
    let server = world.server("a");
    let alice = Client::new(&server, "alice");
    alice.enters("ops", "alice").await.unwrap();
    alice.posts("ops", "one", None).await.unwrap();
    let sql = world.sql().await;
    sql.batch_execute("update recovery.term set turn = 2").await.unwrap();
    let refused = alice.posts("ops", "two", None).await.unwrap_err();
    assert!(matches!(refused, RoomError::Wait | RoomError::Unknown), "{refused}");
    assert_eq!(world.archived("ops").await, ["one"]);
    world.tell_primary(1, 2);
    testkit::eventually(DEADLINE, "the new term takes posts", async || {
        alice.posts("ops", "three", Some("3")).await
    })
    .await;
    assert_eq!(alice.has_bodies("ops", 2).await, ["one", "three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_that_change_under_load_move_no_post() {
    let mut world = World::new().await;
    let servers = [world.server("a"), world.server("b")];
    let mut posting = JoinSet::new();
    let done = CancellationToken::new();
    let mut clients = Vec::new();
    for n in 0..4 {
        let client = Arc::new(Client::new(&servers[n % 2], &format!("user{n}")));
        client.enters("ops", &format!("user{n}")).await.unwrap();
        clients.push(Arc::clone(&client));
        let done = done.clone();
        posting.spawn(async move {
            let mut posts = 0;
            while !done.is_cancelled() {
                let id = format!("{n}-{posts}");
                // In doubt or refused while the turn changes: the same post is sent again.
                timeout(DEADLINE, stands(&client, &id)).await.expect("a post stands");
                posts += 1;
            }
            posts
        });
    }
    let sql = world.sql().await;
    for turn in 2..12 {
        let before = world.archived("ops").await.len();
        sql.execute("update recovery.term set turn = $1", &[&turn]).await.unwrap();
        world.tell_primary(1, turn);
        testkit::eventually(DEADLINE, "people post in the new turn", async || {
            let stand = world.archived("ops").await.len();
            if before + 20 < stand { Ok(()) } else { Err(stand) }
        })
        .await;
    }
    done.cancel();
    let posted: usize = posting.join_all().await.into_iter().sum();
    let archived = world.archived("ops").await;
    assert_eq!(archived.len(), posted, "a post stands twice, or not at all");
    for client in &clients {
        testkit::eventually(DEADLINE, "everybody sees the same", async || {
            // Whoever repeated a post that stood sees it once more: that is the receipt.
            let mut seen = BTreeSet::new();
            let shown = client.bodies("ops").into_iter();
            let first: Vec<String> = shown.filter(|it| seen.insert(it.clone())).collect();
            if first == archived { Ok(()) } else { Err(first) }
        })
        .await;
    }
}

/// Posts until it is acknowledged.
async fn stands(client: &Client, id: &str) {
    while client.posts("ops", id, Some(id)).await.is_err() {}
}
