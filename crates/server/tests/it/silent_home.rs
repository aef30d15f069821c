//! The home site says nothing: as with a line that is cut, whoever asks it waits. People at the
//! backup site go on at once, and a home that wakes up does no harm.

use std::time::Instant;

use crate::disaster::{Disaster, LONG, ROOM};

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
    comes_home_after_a_switchover(&mut pool).await;
}

/// The backup site has begun a timeline by itself, and home's mirror is copied only when the pool
/// is home: neither has what log shipping begins with. It is seen to flow all the same, and the
/// backup instance is not copied anew for it.
async fn comes_home_after_a_switchover(pool: &mut Disaster) {
    let switch =
        "Invoke-CsDatabaseFailover -PoolFqdn pool.example.org -DatabaseType PersistentChat";
    pool.eventually(&format!("{switch} -NewPrincipal Mirror -Force")).await;
    pool.says(2, "by the other instance").await;
    let question = ["shell", "-c", "(Get-CsPersistentChatRecovery).Mirror"];
    let in_sync = |said: &str| said.contains("synchronized");
    pool.deployment.watch(LONG, "the mirror follows", &question, in_sync).await.unwrap();
    pool.eventually("Invoke-CsPersistentChatFailback -Force").await;
    let shipping = pool.shell("(Get-CsPersistentChatRecovery).LogShipping").await;
    assert!(shipping.starts_with("continuous, fed from"), "not seen to flow: {shipping}");
    pool.is_well("home again").await;
    pool.says(2, "home again").await;
    pool.nothing_is_missing("home again").await;
    let log = std::fs::read_to_string(&pool.deployment.host("south-db1").plan().log).unwrap();
    assert!(!log.contains("log shipping begins anew"), "copied anew: {log}");
}
