//! Links are cut, nobody is told, and every process lives: no acknowledged row is lost, and there
//! are never two primaries.

use std::time::Instant;

use recovery::keeper::LEASE;
use recovery::record::{Mirror, PoolRecord};
use recovery::store::LeaseState;
use testkit::eventually;

use crate::ground::{AT_HOME, Ground, LONG, WITNESS};
use crate::load::Load;

/// What a mirror's keeper says in its trace when it has lost its primary and its store.
const NOBODY: &str = "nobody is heard";

/// One pool, five partitions in a row, rows being written all the time.
#[tokio::test]
async fn whoever_is_cut_off_loses_no_acknowledged_row() {
    let mut ground = Ground::stand_in_namespaces(27).await;
    let load = Load::begin(&ground);
    load.goes_on("the new pool").await;
    the_witness_from_both(&ground, &load).await;
    the_mirror_from_everybody(&mut ground, &load).await;
    primary_and_mirror_from_each_other(&mut ground, &load).await;
    everybody_from_everybody(&mut ground, &load).await;
    the_primary_from_everybody(&mut ground, &load).await;
    load.ends_whole(&mut ground).await;
    ground.backup_has_followed().await;
}

/// Primary and mirror carry on: the primary sees its mirror, so it needs no lease.
async fn the_witness_from_both(ground: &Ground, load: &Load) {
    let before = ground.record().await;
    let (_, primary) = ground.primary().await;
    ground.network().cut(WITNESS).unwrap();
    let cut = Instant::now();
    ground.keeper_says(&primary, "what runs goes on").await;
    while cut.elapsed() < 2 * LEASE {
        load.goes_on("the witness is cut off").await;
    }
    ground.network().mend(WITNESS).unwrap();
    println!("witness cut off: longest gap {:?}", load.outage_since(cut));
    stands_as(ground, load, &before, "the witness is back").await;
}

/// The primary records that it goes on alone, and does.
async fn the_mirror_from_everybody(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (host, _) = ground.mirror().await;
    ground.network().cut(&host).unwrap();
    goes_on_alone(ground, load, "mirror cut off").await;
    ground.network().mend(&host).unwrap();
    stands_as(ground, load, &before, "the mirror is back").await;
}

/// Both see the witness, and the primary has its lease: nobody takes over.
async fn primary_and_mirror_from_each_other(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (primary, _) = ground.primary().await;
    let (mirror, store) = ground.mirror().await;
    ground.network().part([&primary, &mirror]).unwrap();
    let parted = Instant::now();
    goes_on_alone(ground, load, "primary and mirror parted").await;
    while parted.elapsed() < 2 * LEASE {
        load.goes_on("primary and mirror are parted").await;
    }
    assert!(ground.is_standby(&store).await);
    assert_eq!(ground.record().await.term, before.term);
    for host in [primary, mirror] {
        ground.network().mend(&host).unwrap();
    }
    stands_as(ground, load, &before, "primary and mirror meet again").await;
}

/// Mirror and witness meet first. They cannot know what the primary did, and wait for it.
async fn everybody_from_everybody(ground: &mut Ground, load: &Load) {
    let before = ground.record().await;
    let (primary, _) = ground.primary().await;
    let (mirror, store) = ground.mirror().await;
    let before_the_cut = deserted(ground, &mirror);
    for host in AT_HOME {
        ground.network().cut(host).unwrap();
    }
    let cut = Instant::now();
    stops_itself(ground, &primary).await;
    eventually(LONG, "the mirror has lost both", async || {
        if before_the_cut < deserted(ground, &mirror) { Ok(()) } else { Err("not yet") }
    })
    .await;
    for host in [WITNESS, &mirror] {
        ground.network().mend(host).unwrap();
    }
    ground.keeper_says(&store, "met the store first").await;
    ground.lease_is_over().await;
    assert!(ground.is_standby(&store).await);
    assert_eq!(ground.record().await.term, before.term);
    assert!(load.since(cut).is_empty(), "nobody may acknowledge anything");
    ground.network().mend(&primary).unwrap();
    load.first_since(cut).await;
    println!("everybody cut off: out for {:?}", load.outage_since(cut));
    stands_as(ground, load, &before, "the primary is back").await;
}

/// The mirror takes over. By then the primary has stopped itself, and what was waiting there is
/// nobody's.
async fn the_primary_from_everybody(ground: &mut Ground, load: &Load) {
    const LAST_WORD: &str = "insert into public.kept (id) values (-1)";
    let before = ground.record().await;
    let (host, store) = ground.primary().await;
    ground.network().cut(&host).unwrap();
    let cut = Instant::now();
    // By its private socket, where no link is needed.
    let last_word = ground.try_sql(&store, "mgc", LAST_WORD).await;
    assert!(last_word.is_err(), "whoever is cut off acknowledges nothing");
    stops_itself(ground, &host).await;
    println!("primary cut off: has stopped itself after {:?}", cut.elapsed());
    let lease = ground.lease().await;
    println!("primary cut off: then its lease is {lease:?}");
    assert!(matches!(lease, LeaseState::Held { .. }), "it stops before its lease ends: {lease:?}");
    load.first_since(cut).await;
    println!("primary cut off: out for {:?}", load.outage_since(cut));
    load.goes_on("the mirror has taken over").await;
    assert_eq!(ground.record().await.term, before.term.next_turn());

    ground.network().mend(&host).unwrap();
    let mended = Instant::now();
    let after = ground.is_well("the old primary is back").await;
    println!("primary cut off: mirror again after {:?}", mended.elapsed());
    assert_eq!(after.term, before.term.next_turn());
    assert_ne!(after.primary(), before.primary());
    assert!(ground.is_standby(&store).await);
    let kept = "select count(*) from public.kept where id = -1";
    let (_, primary) = ground.primary().await;
    assert_eq!(ground.sql(&primary, "mgc", kept).await, "0");
}

/// *Suspended* is recorded, and only then is anything acknowledged.
async fn goes_on_alone(ground: &Ground, load: &Load, what: &str) {
    let since = Instant::now();
    eventually(LONG, "rows are acknowledged without the mirror", async || {
        // In this order: what is recorded afterwards may have been recorded too late.
        let acknowledged = load.since(since).len();
        let record = ground.record().await;
        let suspended = matches!(record.mirror, Mirror::Suspended { .. });
        assert!(acknowledged == 0 || suspended, "{acknowledged} rows under {record:?}");
        if acknowledged == 0 { Err(record) } else { Ok(()) }
    })
    .await;
    println!("{what}: out for {:?}", load.outage_since(since));
    load.goes_on(what).await;
}

/// All is well again with the same primary in the same term.
async fn stands_as(ground: &Ground, load: &Load, before: &PoolRecord, when: &str) {
    load.goes_on(when).await;
    let after = ground.is_well(when).await;
    assert_eq!((after.term, after.primary()), (before.term, before.primary()), "{when}");
}

/// Waits until no PostgreSQL is left on a host.
async fn stops_itself(ground: &mut Ground, host: &str) {
    eventually(LONG, "the primary stops itself", async || {
        let mut left = ground.host(host).processes();
        left.retain(|it| it.command.contains("postgres"));
        if left.is_empty() { Ok(()) } else { Err(left.len()) }
    })
    .await;
}

/// How often the keepers of a host have lost everybody.
fn deserted(ground: &mut Ground, host: &str) -> usize {
    let trace = std::fs::read_to_string(&ground.host(host).plan().log).unwrap();
    trace.matches(NOBODY).count()
}
