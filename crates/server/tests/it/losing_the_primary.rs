//! Losing the primary's keeper, its PostgreSQL, or its whole host loses nothing.

use std::time::Instant;

use recovery::record::PoolRecord;

use crate::ground::{Ground, LONG, WITNESS};
use crate::load::Load;

/// One pool, four losses in a row, rows being written all the time.
#[tokio::test]
async fn losing_the_primary_in_four_ways_loses_no_acknowledged_row() {
    let mut ground = Ground::stand(21).await;
    let load = Load::begin(&ground);
    load.goes_on("the new pool").await;
    the_keeper_alone(&mut ground, &load).await;
    its_postmaster(&mut ground, &load).await;
    its_whole_host(&mut ground, &load).await;
    its_host_in_good_order(&mut ground, &load).await;
    load.ends_whole(&mut ground).await;
    ground.backup_has_followed().await;
}

/// PostgreSQL lives on, is adopted, and nobody takes over.
async fn the_keeper_alone(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (host, store) = ground.primary().await;
    let postmaster = ground.postmaster(&store);
    let killed = Instant::now();
    ground.host(&host).kill_process().await.unwrap();
    load.goes_on("the keeper is gone").await;
    ground.lease_is_over().await;
    load.goes_on("the lease is over").await;
    ground.host(&host).start().await.unwrap();
    let after = ground.is_well("the keeper is back").await;
    assert_eq!(before.term, after.term, "nobody may take over from a primary that answers");
    assert_eq!(before.primary(), after.primary());
    let still = ground.postmaster(&store);
    assert_eq!(postmaster, still, "PostgreSQL was adopted, not started again");
    println!("keeper killed: longest gap {:?}", load.outage_since(killed));
}

/// The mirror takes over, and what was the primary becomes the mirror by itself.
async fn its_postmaster(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (_, store) = ground.primary().await;
    let killed = Instant::now();
    ground.kill_postmaster(&store);
    switched(ground, load, &before, killed, "the postmaster was killed").await;
}

/// Keeper and PostgreSQL go at once: the witness sees that nobody is left, and revokes the lease.
async fn its_whole_host(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (host, _) = ground.primary().await;
    let count = ground.host(&host).kill_host().await.unwrap();
    assert!(count > 5, "keeper and PostgreSQL");
    let killed = Instant::now();
    load.first_since(killed).await;
    let outage = load.outage_since(killed);
    ground.host(&host).start().await.unwrap();
    switched(ground, load, &before, killed, "the host was killed").await;
    println!("host killed: out for {outage:?}");
    let log = ground.host(WITNESS).log_end();
    assert!(log.contains("revoked"), "the witness revokes the lease of a dead host: {log}");
}

/// An orderly end of the host hands over at once; it comes back as the mirror.
async fn its_host_in_good_order(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (host, _) = ground.primary().await;
    let told = Instant::now();
    ground.host(&host).terminate(LONG).await.unwrap();
    load.first_since(told).await;
    let left = ground.host(&host).processes();
    assert!(left.is_empty(), "an orderly end leaves nothing: {left:?}");
    ground.host(&host).start().await.unwrap();
    switched(ground, load, &before, told, "the host was ended").await;
}

/// Waits until the mirror has taken over and all is well again.
async fn switched(ground: &Ground, load: &Load, before: &PoolRecord, since: Instant, why: &str) {
    load.goes_on(why).await;
    let outage = load.outage_since(since);
    let after = ground.is_well(why).await;
    println!(
        "{why}: term {} to {}, out for {outage:?}, whole after {:?}",
        before.term,
        after.term,
        since.elapsed()
    );
    assert_eq!(after.term, before.term.next_turn(), "one switchover, and one only");
    assert_ne!(after.primary(), before.primary());
}
