//! An old term takes no posts; a newer one goes on where the branches parted.

use crate::world::{Client, DEADLINE, World};
use chat::rooms::RoomError;
use std::time::Duration;

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
