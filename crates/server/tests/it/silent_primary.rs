//! A primary that is silent is replaced, acknowledges nothing more, and becomes the mirror. A
//! mirror that lets nobody in is started again.

use std::time::Instant;

use nix::sys::signal::Signal;

use testkit::eventually;

use crate::ground::{Ground, LONG};
use crate::load::Load;

#[tokio::test]
async fn a_silent_primary_is_replaced() {
    let mut ground = Ground::stand(22).await;
    let load = Load::begin(&ground);
    load.goes_on("the new pool").await;
    the_whole_host_is_silent(&mut ground, &load).await;
    only_its_databases_are_silent(&mut ground, &load).await;
    its_mirror_lets_nobody_in(&mut ground, &load).await;
    load.ends_whole(&mut ground).await;
    ground.backup_has_followed().await;
}

async fn the_whole_host_is_silent(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (host, store) = ground.primary().await;
    ground.host(&host).stop_all().await.unwrap();
    let silent = Instant::now();
    load.first_since(silent).await;
    println!("host silent: out for {:?}", load.outage_since(silent));
    load.goes_on("the mirror has taken over").await;
    assert_eq!(ground.record().await.term, before.term.next_turn());

    // They wait in line for the sleeper, and write to nobody else.
    let misled = Load::on(ground, &[&store]);
    let awake = Instant::now();
    ground.host(&host).continue_all().await.unwrap();
    let after = ground.is_well("the sleeper is awake").await;
    println!("host awake: mirror again after {:?}", awake.elapsed());
    assert_eq!(after.term, before.term.next_turn());
    assert_ne!(after.primary(), before.primary());
    assert!(ground.is_standby(&store).await);
    assert_eq!(misled.count(), 0, "a sleeper that wakes acknowledges nothing");
    misled.ends_whole(ground).await;
}

/// The keeper lives and would renew the lease for ever.
async fn only_its_databases_are_silent(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (host, _) = ground.primary().await;
    ground.host(&host).signal("postgres", Signal::SIGSTOP).unwrap();
    let silent = Instant::now();
    load.first_since(silent).await;
    println!("PostgreSQL silent: out for {:?}", load.outage_since(silent));
    let after = ground.is_well("PostgreSQL was silent").await;
    assert_eq!(after.term, before.term.next_turn());
}

/// It streams and is of no use: nobody could promote it.
async fn its_mirror_lets_nobody_in(ground: &mut Ground, load: &Load) {
    const BEGIN: &str = "select pg_reload_conf(); select pg_sleep(1); \
         select pg_terminate_backend(pid) from pg_stat_activity \
         where usename = 'standfast' and pid <> pg_backend_pid()";
    let before = ground.record().await;
    let (host, store) = ground.mirror().await;
    let postmaster = ground.postmaster(&store);
    let data = ground.host(&host).plan().directory.join("instances").join(&store);
    std::fs::write(data.join("pg_hba.conf"), "local all all reject\n").unwrap();
    ground.sql(&store, "postgres", BEGIN).await;
    let refusing = Instant::now();
    assert!(ground.try_sql(&store, "postgres", "select 1").await.is_err());
    eventually(LONG, "the mirror lets its keeper in", async || {
        ground.try_sql(&store, "postgres", "select 1").await
    })
    .await;
    println!("mirror refused everybody: lets in again after {:?}", refusing.elapsed());
    assert_ne!(ground.postmaster(&store), postmaster, "it was started again");
    load.goes_on("the mirror was started again").await;
    let after = ground.is_well("the mirror was started again").await;
    assert_eq!((after.term, after.primary()), (before.term, before.primary()));
}
