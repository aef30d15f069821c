//! Without its witness host a site goes on as it is; without witness and mirror a primary stops.

use std::time::Instant;

use recovery::record::Mirror;
use testkit::eventually;

use crate::ground::{Ground, LONG, WITNESS};
use crate::load::Load;

#[tokio::test]
async fn the_witness_is_missed_only_when_somebody_else_is_lost_too() {
    let mut ground = Ground::stand(24).await;
    let load = Load::begin(&ground);
    load.goes_on("the new pool").await;
    the_witness_alone(&mut ground, &load).await;
    then_the_primary(&mut ground, &load).await;
    witness_and_mirror(&mut ground, &load).await;
    load.ends_whole(&mut ground).await;
    ground.backup_has_followed().await;
}

/// Primary and mirror go on; when the witness returns, nobody uses the moment.
async fn the_witness_alone(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (_, primary) = ground.primary().await;
    ground.host(WITNESS).kill_host().await.unwrap();
    let lost = Instant::now();
    ground.keeper_says(&primary, "what runs goes on").await;
    while lost.elapsed() < 2 * recovery::keeper::LEASE {
        load.goes_on("without the witness").await;
    }
    ground.host(WITNESS).start().await.unwrap();
    load.goes_on("the witness is back").await;
    let after = ground.is_well("the witness is back").await;
    let settled = async || ground.snapshot().await.filter(|it| it.settled).ok_or("not yet");
    eventually(LONG, "the store is sure of its leases", settled).await;
    load.goes_on("the store is sure of its leases").await;
    assert_eq!(ground.record().await.term, before.term, "no needless switchover");
    assert_eq!(after.term, before.term);
    println!("witness lost: longest gap {:?}", load.outage_since(lost));
}

/// Nobody can be promoted without the store, nor by a witness that met the mirror first.
async fn then_the_primary(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (_, primary) = ground.primary().await;
    let (_, mirror) = ground.mirror().await;
    ground.host(WITNESS).kill_host().await.unwrap();
    ground.keeper_says(&mirror, "what runs goes on").await;
    ground.kill_postmaster(&primary);
    let fell = Instant::now();
    ground.keeper_says(&primary, "PostgreSQL is down here").await;
    let alone =
        |it: &recovery::observed::Observed| it.report(&mirror).is_some_and(|it| !it.streaming);
    ground.seen("the mirror has lost its primary", alone).await;
    assert!(ground.is_standby(&mirror).await);
    ground.host(WITNESS).start().await.unwrap();
    load.first_since(fell).await;
    let after = ground.is_well("the witness is back, and then the primary").await;
    assert_eq!((after.term, after.primary()), (before.term, before.primary()));
    println!("witness and primary lost: out for {:?}", load.outage_since(fell));
}

/// A primary that can neither renew its lease nor see its mirror stops itself.
async fn witness_and_mirror(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (primary_host, primary) = ground.primary().await;
    let (mirror_host, _) = ground.mirror().await;
    ground.host(WITNESS).kill_host().await.unwrap();
    ground.host(&mirror_host).kill_host().await.unwrap();
    let lost = Instant::now();
    eventually(LONG, "the primary stops itself", async || {
        let processes = ground.host(&primary_host).processes();
        let left: Vec<_> = processes.iter().filter(|it| it.command.contains("postgres")).collect();
        if left.is_empty() { Ok(()) } else { Err(left.len()) }
    })
    .await;
    println!("witness and mirror lost: stopped after {:?}", lost.elapsed());
    assert!(load.since(lost).is_empty(), "nothing was acknowledged alone without a record");
    ground.keeper_says(&primary, "PostgreSQL is down here").await;

    ground.host(WITNESS).start().await.unwrap();
    load.goes_on("the witness is back").await;
    let record = ground.record().await;
    assert!(matches!(record.mirror, Mirror::Suspended { .. }), "{record:?}");
    ground.host(&mirror_host).start().await.unwrap();
    let after = ground.is_well("the mirror is back").await;
    assert_eq!((after.term, after.primary()), (before.term, before.primary()));
}
