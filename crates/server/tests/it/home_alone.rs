//! Home serves although the backup site cannot be asked, and the backup site is brought into shape
//! when it returns: never two primaries, and nothing that anybody was told is lost.

use crate::disaster::Disaster;

const ALONE: &str = "Invoke-CsPersistentChatFailback -AttestBackupSiteIsDown -Force";
const FAILBACK: &str = "Invoke-CsPersistentChatFailback -Force";

#[tokio::test]
async fn home_serves_alone_and_the_backup_site_comes_back() {
    let mut pool = Disaster::stand(42).await;
    before_any_failover(&mut pool).await;
    after_a_failover_that_home_never_heard_of(&mut pool).await;
    after_a_failover_that_home_has_heard_of(&mut pool).await;
}

async fn before_any_failover(pool: &mut Disaster) {
    println!("== before any failover");
    pool.says(4, "to begin with").await;
    pool.deployment.site_down("south").await.unwrap();
    pool.deployment.site_down("north").await.unwrap();
    pool.deployment.site_up("north").await.unwrap();
    pool.keeper_says("north-a", "it stays shut until").await;
    pool.refused(FAILBACK, "Both sites answer").await;
    pool.shell(ALONE).await;
    pool.says(4, "at home alone").await;
    pool.deployment.site_up("south").await.unwrap();
    pool.eventually(FAILBACK).await;
    pool.is_well("the backup site is back").await;
    pool.nothing_is_missing("before any failover").await;
}

async fn after_a_failover_that_home_never_heard_of(pool: &mut Disaster) {
    println!("== home has not heard of the failover");
    let (unshipped, there) = fails_over(pool).await;
    pool.deployment.site_down("south").await.unwrap();
    pool.deployment.site_up("north").await.unwrap();
    pool.keeper_says("north-a", "it stays shut until").await;
    pool.shell(ALONE).await;
    returns(pool, &unshipped, &there).await;
}

async fn after_a_failover_that_home_has_heard_of(pool: &mut Disaster) {
    println!("== home has fenced itself");
    let (unshipped, there) = fails_over(pool).await;
    pool.deployment.site_up("north").await.unwrap();
    pool.keeper_is("north-a", "held").await;
    pool.refused(ALONE, "The backup site does not have the pool").await;
    pool.deployment.site_down("south").await.unwrap();
    pool.refused(ALONE, "-AcceptDataLoss").await;
    pool.shell(&format!("{ALONE} -AcceptDataLoss")).await;
    returns(pool, &unshipped, &there).await;
}

/// Home is lost with posts that were never shipped, and people go on at the backup site.
async fn fails_over(pool: &mut Disaster) -> (Vec<String>, Vec<String>) {
    pool.says(3, "shipped").await;
    pool.is_well("before home is lost").await;
    pool.cut_shipping().await;
    let unshipped = pool.says(7, "unshipped").await;
    pool.is_behind().await;
    pool.lose_home().await;
    pool.fail_over().await;
    let there = pool.says(5, "at the backup site").await;
    (unshipped, there)
}

/// People go on at home; the backup site returns, stays shut, and what it took is put back.
async fn returns(pool: &mut Disaster, unshipped: &[String], there: &[String]) {
    pool.gives_up(there);
    pool.says(4, "at home alone").await;
    let recovered = pool.nothing_is_missing("home alone").await;
    assert!(recovered.is_disjoint(&unshipped.iter().cloned().collect()), "they never left");
    pool.must_keep(there);
    pool.deployment.site_up("south").await.unwrap();
    pool.keeper_is("south-a", "held").await;
    pool.says(2, "the backup site is back").await;
    pool.eventually(FAILBACK).await;
    pool.is_well("the backup site is back").await;
    let recovered = pool.nothing_is_missing("all is well again").await;
    for text in there {
        assert!(recovered.contains(text), "{text} was not salvaged: {recovered:?}");
    }
    let journal = pool.shell("(Get-CsPersistentChatRecovery -Journal).What").await;
    assert!(journal.contains("5 posts put back"), "{journal}");
}

/// The backup site is down, and the machine of home's primary burnt: its mirror was in sync.
#[tokio::test]
async fn home_goes_on_alone_with_the_copy_that_is_left() {
    let mut pool = Disaster::stand(46).await;
    pool.says(5, "on both").await;
    pool.deployment.site_down("south").await.unwrap();
    pool.deployment.site_down("north").await.unwrap();
    pool.deployment.host("north-db1").burn().unwrap();
    pool.deployment.site_up("north").await.unwrap();
    pool.keeper_says("north-b", "not promoted").await;
    pool.eventually(ALONE).await;
    pool.says(4, "at home alone").await;
    pool.nothing_is_missing("home alone with its mirror").await;
    pool.deployment.site_up("south").await.unwrap();
    pool.eventually(FAILBACK).await;
    pool.is_well_fed_from("north-a", "the backup site is back").await;
    pool.nothing_is_missing("all is well again").await;
}
