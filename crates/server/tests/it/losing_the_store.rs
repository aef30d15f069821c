//! A store file that is lost or rolled back decides nothing: the primary's keeper writes it anew.

use std::path::PathBuf;

use testkit::Account;

use crate::ground::{Ground, WITNESS};
use crate::load::Load;

#[tokio::test]
async fn a_lost_or_older_store_file_decides_nothing() {
    let mut ground = Ground::stand(25).await;
    let load = Load::begin(&ground);
    load.goes_on("the new pool").await;
    it_is_lost(&mut ground, &load).await;
    it_is_rolled_back(&mut ground, &load).await;
    load.ends_whole(&mut ground).await;
    ground.backup_has_followed().await;
}

async fn it_is_lost(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    ground.host(WITNESS).kill_host().await.unwrap();
    std::fs::remove_file(file(ground)).unwrap();
    ground.host(WITNESS).start().await.unwrap();
    let after = ground.is_well("the file was lost").await;
    assert_eq!(after, before, "written anew as it was");
    load.goes_on("the file was lost").await;
}

/// The older file calls another instance the primary, and the mirror in sync.
async fn it_is_rolled_back(ground: &mut Ground, load: &Load) {
    let older = std::fs::read(file(ground)).unwrap();
    let (_, former) = ground.primary().await;
    ground.kill_postmaster(&former);
    load.goes_on("the mirror has taken over").await;
    let before = ground.is_well("the mirror has taken over").await;
    let (host, primary) = ground.primary().await;
    assert_ne!(former, primary);

    ground.host(WITNESS).kill_host().await.unwrap();
    ground.host(&host).kill_host().await.unwrap();
    std::fs::write(file(ground), older).unwrap();
    Account::find().unwrap().own(&file(ground)).unwrap();
    ground.host(WITNESS).start().await.unwrap();
    ground.keeper_says(&former, "lost its record").await;
    ground.lease_is_over().await;
    ground.keeper_says(&former, "lost its record").await;
    assert!(ground.is_standby(&former).await, "an older file makes no primary");

    ground.host(&host).start().await.unwrap();
    let after = ground.is_well("the primary's keeper has written it anew").await;
    // From here on the mirror may take over, for what the record says is true again.
    assert!(before.term <= after.term, "{after:?}");
    load.goes_on("the file was rolled back").await;
}

fn file(ground: &mut Ground) -> PathBuf {
    ground.host(WITNESS).plan().directory.join("store/management-store.json")
}
