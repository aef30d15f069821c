//! A primary without its mirror says so before it acknowledges anything alone, and nobody takes
//! over from it.

use std::time::{Instant, SystemTime};

use jiff::Timestamp;
use recovery::record::{Gate, Mirror, PoolRecord};

use crate::ground::Ground;
use crate::load::{Acknowledged, Load};

#[tokio::test]
async fn suspended_is_recorded_first_and_then_nobody_is_promoted() {
    let mut ground = Ground::stand(23).await;
    let load = Load::begin(&ground);
    load.goes_on("the new pool").await;
    the_mirror_is_lost(&mut ground, &load).await;
    the_postmaster_falls_while_suspended(&mut ground, &load).await;
    the_host_dies_while_suspended(&mut ground, &load).await;
    both_instances_fall_at_once(&mut ground, &load).await;
    load.ends_whole(&mut ground).await;
    ground.backup_has_followed().await;
}

async fn the_mirror_is_lost(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (host, _) = ground.mirror().await;
    ground.host(&host).kill_host().await.unwrap();
    let lost = Instant::now();
    let first = load.first_since(lost).await;
    let record = ground.record().await;
    println!("mirror lost: out for {:?}", load.outage_since(lost));
    assert_recorded_before(&record, &first);
    load.goes_on("alone").await;
    ground.host(&host).start().await.unwrap();
    let after = ground.is_well("the mirror is back").await;
    assert_eq!((after.term, after.primary()), (before.term, before.primary()));
}

/// The mirror is there again, and may lack what was acknowledged without it.
async fn the_postmaster_falls_while_suspended(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (_, primary) = ground.primary().await;
    let (host, _) = ground.mirror().await;
    suspend(ground, load, &host).await;
    ground.kill_postmaster(&primary);
    let fell = Instant::now();
    ground.host(&host).continue_all().await.unwrap();
    load.first_since(fell).await;
    println!("fell while suspended: out for {:?}", load.outage_since(fell));
    let after = ground.is_well("the primary started again itself").await;
    assert_eq!((after.term, after.primary()), (before.term, before.primary()));
}

async fn the_host_dies_while_suspended(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (primary_host, primary) = ground.primary().await;
    let (mirror_host, mirror) = ground.mirror().await;
    suspend(ground, load, &mirror_host).await;
    ground.host(&primary_host).kill_host().await.unwrap();
    ground.host(&mirror_host).continue_all().await.unwrap();
    ground.lease_is_over().await;
    ground.keeper_says(&mirror, &format!("waiting for {primary}")).await;
    assert!(ground.is_standby(&mirror).await, "it may lack acknowledged rows");
    ground.host(&primary_host).start().await.unwrap();
    let after = ground.is_well("the primary's host is back").await;
    assert_eq!((after.term, after.primary()), (before.term, before.primary()));
    load.goes_on("the primary's host is back").await;
}

/// The mirror does not come to take over, so the primary starts again, behind a shut gate.
async fn both_instances_fall_at_once(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (_, primary) = ground.primary().await;
    let (host, _) = ground.mirror().await;
    ground.host(&host).kill_host().await.unwrap();
    ground.kill_postmaster(&primary);
    let fell = Instant::now();
    ground.recorded("the gate is shut for the start", |it| it.gate == Gate::Opening).await;
    let first = load.first_since(fell).await;
    let record = ground.record().await;
    println!("both fell: out for {:?}", load.outage_since(fell));
    assert_recorded_before(&record, &first);
    ground.host(&host).start().await.unwrap();
    let after = ground.is_well("both are back").await;
    assert_eq!((after.term, after.primary()), (before.term, before.primary()));
}

/// Silences the mirror's host until the primary serves alone.
async fn suspend(ground: &mut Ground, load: &Load, host: &str) {
    ground.host(host).stop_all().await.unwrap();
    let suspended = |it: &PoolRecord| matches!(it.mirror, Mirror::Suspended { .. });
    ground.recorded("the primary is recorded as alone", suspended).await;
    load.goes_on("the primary is alone").await;
}

fn assert_recorded_before(record: &PoolRecord, row: &Acknowledged) {
    let Mirror::Suspended { since, .. } = &record.mirror else {
        panic!("a row was acknowledged alone, and the record says {:?}", record.mirror);
    };
    let since: Timestamp = since.parse().unwrap();
    let at = Timestamp::try_from(SystemTime::now() - row.at.elapsed()).unwrap();
    assert!(since <= at, "acknowledged alone at {at}, and recorded only at {since}");
}
