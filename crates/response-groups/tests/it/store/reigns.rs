//! One pool at a time edits what belongs to an owner.

use response_groups::import::Standing;
use response_groups::store::RgsError;

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
