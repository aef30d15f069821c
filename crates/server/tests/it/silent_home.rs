//! The home site says nothing: as with a line that is cut, whoever asks it waits. People at the
//! backup site go on at once, and a home that wakes up does no harm.

use std::time::Instant;

use crate::disaster::{Disaster, ROOM};

/// The witness first: nobody at home takes over from anybody.
const HOME: [&str; 4] = ["north-witness", "north-db1", "north-db2", "north-chat"];
const ORDER: [&str; 3] = ["failover", "--attest-site-is-down", "--accept-data-loss"];

#[tokio::test]
async fn nobody_waits_for_a_home_that_says_nothing() {
    let mut pool = Disaster::stand_with_backup_mirror(49).await;
    pool.says(5, "shipped").await;
    pool.is_well("before home is silent").await;
    let mut near = pool.enters_by("south-chat").await;
    let mut far = pool.enters_by("north-chat").await;
    for host in HOME {
        pool.deployment.host(host).stop_all().await.unwrap();
    }
    far.post(ROOM, "far", "said to a server that sleeps").await.unwrap();
    near.post(ROOM, "near", "said at the backup site").await.unwrap();

    let ordered = Instant::now();
    let first = async { (near.receipt(ROOM, "near").await, ordered.elapsed()) };
    let (done, (first, after)) = tokio::join!(pool.deployment.administer(&ORDER), first);
    println!("home silent: ordered for {:?}, a post after {after:?}", ordered.elapsed());
    done.unwrap();
    first.unwrap();
    pool.must_keep(&["said at the backup site".to_owned()]);
    let journal = pool.shell("(Get-CsPersistentChatRecovery -Journal).What").await;
    assert!(journal.contains("attested that the home site is down"), "{journal}");
    pool.says(4, "home is silent").await;

    for host in HOME {
        pool.deployment.host(host).continue_all().await.unwrap();
    }
    // Home may acknowledge it before it has heard that the other site serves.
    let acknowledged = far.receipt(ROOM, "far").await.is_ok();
    for store in ["north-a", "north-b"] {
        pool.keeper_is(store, "held: the other site serves").await;
    }
    pool.says(3, "home is awake").await;
    pool.nothing_is_missing("home is awake").await;

    if acknowledged {
        pool.must_keep(&["said to a server that sleeps".to_owned()]);
    }
    pool.eventually("Invoke-CsPersistentChatFailback -Force").await;
    pool.is_well("home again").await;
    pool.says(2, "home again").await;
    pool.nothing_is_missing("home again").await;
}
