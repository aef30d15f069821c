//! One pool at a time edits what belongs to an owner.

use std::collections::BTreeMap;

use response_groups::configuration::Configuration;
use response_groups::import::{RAISED_MAX, Standing};
use response_groups::store::{NoAudio, RgsError, Word};

use super::world::{BACKUP, PRIMARY, World, group};

#[tokio::test]
async fn a_higher_reign_decides_who_edits() {
    let world = World::new().await;
    let own = Standing { reign: 0, edits: true, revision: 0 };
    assert_eq!(world.hosting.standing(PRIMARY).await.unwrap(), own);
    assert_eq!(world.hosting.standing(BACKUP).await.unwrap(), Standing::default());
    world.add(group(1, "Support")).await.unwrap();

    world.hosting.yield_to(PRIMARY, 1).await.unwrap();
    world.hosting.yield_to(PRIMARY, 1).await.unwrap();
    let yielded = Standing { reign: 1, edits: false, revision: 2 };
    assert_eq!(world.hosting.standing(PRIMARY).await.unwrap(), yielded);
    for reign in [0, 1] {
        let refused = world.hosting.claim(PRIMARY, reign).await;
        assert!(matches!(refused, Err(RgsError::Older { .. })), "{refused:?}");
    }
    world.hosting.claim(PRIMARY, 2).await.unwrap();
    world.hosting.claim(PRIMARY, 2).await.unwrap();
    let claimed = Standing { reign: 2, edits: true, revision: 3 };
    assert_eq!(world.hosting.standing(PRIMARY).await.unwrap(), claimed);
    let refused = world.hosting.yield_to(PRIMARY, 2).await;
    assert!(matches!(refused, Err(RgsError::Older { .. })), "two editors: {refused:?}");
    world.add(group(2, "Desk")).await.unwrap();
}

#[tokio::test]
async fn a_reign_that_somebody_made_up_is_refused_and_nothing_is_changed() {
    let world = World::new().await;
    for reign in [-1, i64::MIN, RAISED_MAX + 1, i64::MAX] {
        for refused in [
            world.hosting.claim(BACKUP, reign).await,
            world.hosting.yield_to(PRIMARY, reign).await,
            world.hosting.receive(BACKUP, reign, 1, &Configuration::default(), &mut NoAudio).await,
        ] {
            assert!(matches!(refused, Err(RgsError::OutOfBounds { .. })), "{reign}: {refused:?}");
        }
    }
    assert_eq!(world.hosting.received_revisions().await.unwrap(), []);
    assert_eq!(world.hosting.standing(BACKUP).await.unwrap(), Standing::default());

    // At the end of what there is, nobody counts on, and no host falls over it.
    world.hosting.claim(PRIMARY, RAISED_MAX).await.unwrap();
    for refused in [world.hosting.take_over(PRIMARY).await, world.hosting.close(PRIMARY).await] {
        assert!(matches!(refused, Err(RgsError::OutOfBounds { .. })), "{refused:?}");
        let sentence = refused.unwrap_err().to_string();
        assert!(sentence.contains("rgs.owner"), "{sentence}");
    }
    let sql = "update rgs.owner set reign = reign + 1";
    let refused = world.sql().await.execute(sql, &[]).await.unwrap_err();
    assert!(refused.as_db_error().unwrap().message().contains("owner_bounds"), "{refused:?}");
}

#[tokio::test]
async fn a_pool_is_closed_and_taken_over_under_the_next_reign() {
    let world = World::new().await;
    world.hosting.close(PRIMARY).await.unwrap();
    world.hosting.close(PRIMARY).await.unwrap();
    let closed = Standing { reign: 1, edits: false, revision: 1 };
    assert_eq!(world.hosting.standing(PRIMARY).await.unwrap(), closed);
    world.hosting.take_over(PRIMARY).await.unwrap();
    let open = Standing { reign: 2, edits: true, revision: 2 };
    assert_eq!(world.hosting.standing(PRIMARY).await.unwrap(), open);
}

#[tokio::test]
async fn a_pool_that_has_less_than_its_pair_received_is_closed_and_does_not_pass_for_newer() {
    let world = World::new().await;
    world.add(group(1, "Support")).await.unwrap();
    let heed = async |received, reign| {
        let theirs = Standing { reign, edits: reign > 0, revision: 9 };
        let standings = BTreeMap::from([(PRIMARY.to_owned(), theirs)]);
        let theirs = Word { standings, received };
        world.hosting.heed(&theirs, &[PRIMARY, BACKUP]).await.unwrap()
    };
    let own = Standing { reign: 0, edits: true, revision: 1 };
    for received in [None, Some((0, 0)), Some((0, 1))] {
        let heeded = heed(received, 0).await;
        assert_eq!((heeded.standings[PRIMARY], heeded.lost), (own, false), "{received:?}");
    }
    let heeded = heed(Some((0, 2)), 3).await;
    let closed = Standing { edits: false, ..own };
    assert_eq!((heeded.standings[PRIMARY], heeded.lost), (closed, true));
    assert_eq!(heeded.fenced, Vec::<String>::new(), "it stays below what was received");
    assert!(!heed(Some((0, 2)), 3).await.lost, "told again");
    let refused = world.add(group(2, "Desk")).await;
    assert!(matches!(refused, Err(RgsError::NotEditor { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_pool_heeds_another_that_edits_under_a_higher_reign() {
    let world = World::new().await;
    world.add(group(1, "Support")).await.unwrap();
    let heed = async |reign, edits| {
        let theirs = Standing { reign, edits, revision: 9 };
        let standings = BTreeMap::from([(PRIMARY.to_owned(), theirs)]);
        let theirs = Word { standings, received: None };
        world.hosting.heed(&theirs, &[PRIMARY, BACKUP]).await.unwrap()
    };
    let own = Standing { reign: 0, edits: true, revision: 1 };
    for (reign, edits) in [(0, false), (0, true), (1, false)] {
        let heeded = heed(reign, edits).await;
        assert_eq!((heeded.standings[PRIMARY], heeded.fenced), (own, vec![]));
    }
    world.add(group(2, "Desk")).await.unwrap();

    let heeded = heed(3, true).await;
    let fenced = Standing { reign: 3, edits: false, revision: 3 };
    assert_eq!((heeded.standings[PRIMARY], heeded.fenced), (fenced, vec![PRIMARY.to_owned()]));
    let refused = world.add(group(3, "Night")).await;
    assert!(matches!(refused, Err(RgsError::NotEditor { .. })), "{refused:?}");
    assert_eq!(heed(3, true).await.fenced, Vec::<String>::new());
    // It came home in the meantime: an old word is nothing to heed.
    world.hosting.take_over(PRIMARY).await.unwrap();
    assert_eq!(heed(3, true).await.fenced, Vec::<String>::new());
    world.add(group(3, "Night")).await.unwrap();
}
