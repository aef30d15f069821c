//! Audio files: they stay while something names them, and a while before.

use response_groups::model::{CallAction, Queue, ServiceSettings};
use response_groups::store::RgsError;

use super::world::{PRIMARY, World, audio_file, id, plays, queue, to_queue};
use response_groups::model::{ActionKind, Kind};

async fn count(world: &World, table: &str) -> i64 {
    let sql = format!("select count(*) from rgs.{table}");
    world.sql().await.query_one(&sql, &[]).await.unwrap().get(0)
}

async fn grow_old(world: &World) {
    let sql = "update rgs.audio set imported_at = imported_at - interval '25 hours'";
    world.sql().await.batch_execute(sql).await.unwrap();
}

#[tokio::test]
async fn audio_goes_with_its_last_use_but_not_while_it_is_young() {
    let world = World::new().await;
    let file = audio_file(1, b"one");
    let one = world.hosting.add_audio(&file).await.unwrap();
    let two = world.hosting.add_audio(&audio_file(2, b"one")).await.unwrap();
    assert_eq!(world.hosting.audio(id(1)).await.unwrap(), file);
    assert_eq!((count(&world, "audio").await, count(&world, "content").await), (2, 1));
    let exists = world.hosting.add_audio(&file).await;
    assert!(matches!(exists, Err(RgsError::Exists { .. })), "{exists:?}");

    let prompt = Some(plays(&one));
    let timeout = CallAction { prompt, ..CallAction::new(ActionKind::Terminate) };
    let named = Queue { timeout_action: Some(timeout), ..queue(1, "q", &[]) };
    world.add(named).await.unwrap();
    let music =
        ServiceSettings { default_music_on_hold_file: Some(two), ..ServiceSettings::default() };
    world.hosting.set_settings(PRIMARY, &music).await.unwrap();
    assert_eq!(world.hosting.settings(PRIMARY).await.unwrap(), music);
    let all = world.hosting.all_settings().await.unwrap();
    assert_eq!(all.into_iter().collect::<Vec<_>>(), [(PRIMARY.to_owned(), music)]);
    grow_old(&world).await;
    world.hosting.add_audio(&audio_file(3, b"three")).await.unwrap();
    assert_eq!(count(&world, "audio").await, 3, "what is named stays, and what is young");
    assert!(world.sql().await.batch_execute("delete from rgs.audio").await.is_err());

    let silent = Queue { timeout_action: Some(to_queue(1)), ..queue(1, "q", &[]) };
    world.change(silent).await.unwrap();
    assert_eq!((count(&world, "audio").await, count(&world, "content").await), (2, 2));
    let gone = world.hosting.audio(id(1)).await;
    assert!(matches!(gone, Err(RgsError::Missing { .. })), "{gone:?}");
    world.hosting.set_settings(PRIMARY, &ServiceSettings::default()).await.unwrap();
    assert_eq!((count(&world, "audio").await, count(&world, "content").await), (1, 1));
    grow_old(&world).await;
    world.change(queue(1, "q", &[])).await.unwrap();
    world.hosting.remove(Kind::Queue, id(1)).await.unwrap();
    assert_eq!((count(&world, "audio").await, count(&world, "content").await), (0, 0));
}

#[tokio::test]
async fn what_is_not_audio_is_refused() {
    let world = World::new().await;
    let mut file = audio_file(1, b"one");
    file.content = b"MZ\x90".to_vec();
    let refused = world.hosting.add_audio(&file).await;
    assert!(matches!(refused, Err(RgsError::Refused(_))), "{refused:?}");
    assert_eq!(count(&world, "content").await, 0);
}
