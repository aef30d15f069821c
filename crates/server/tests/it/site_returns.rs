//! A home site that was down whole asks the other site before it serves.

use std::time::Instant;

use crate::ground::{AT_HOME, Ground};
use crate::load::Load;

#[tokio::test]
async fn a_home_site_comes_back_by_itself_and_only_when_it_has_heard_the_other() {
    let mut ground = Ground::stand(26).await;
    let load = Load::begin(&ground);
    load.goes_on("the new pool").await;
    the_other_site_is_there(&mut ground, &load).await;
    the_other_site_is_not_heard(&mut ground, &load).await;
    load.ends_whole(&mut ground).await;
    ground.backup_has_followed().await;
}

async fn the_other_site_is_there(ground: &mut Ground, load: &Load) {
    ground.deployment.site_down("north").await.unwrap();
    let lost = Instant::now();
    ground.starts(&AT_HOME).await;
    load.first_since(lost).await;
    println!("site lost: back after {:?}", load.outage_since(lost));
    ground.is_well("home is back").await;
}

async fn the_other_site_is_not_heard(ground: &mut Ground, load: &Load) {
    let (_, primary) = ground.primary().await;
    let (_, mirror) = ground.mirror().await;
    ground.host("south-witness").kill_host().await.unwrap();
    ground.deployment.site_down("north").await.unwrap();
    let lost = Instant::now();
    ground.starts(&AT_HOME).await;
    ground.keeper_says(&primary, "it stays shut until").await;
    ground.keeper_says(&mirror, "not promoted").await;
    assert!(ground.is_standby(&mirror).await);
    assert!(load.since(lost).is_empty(), "nobody is let in");
    ground.host("south-witness").start().await.unwrap();
    load.first_since(lost).await;
    ground.is_well("home has heard the other site").await;
}
