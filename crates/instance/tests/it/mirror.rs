//! One primary and its synchronous mirror.

use instance::{
    Error, Role, ServerState, StopMode, SyncState, advance_slot, checkpoint, create_slot,
    drop_slot, in_recovery, list_slots, promote,
};
use testkit::{eventually, rerun_as_postgres};

use crate::house::{
    House, LONG, following, freeze, post, posts, small, source, synchronized, thaw,
};

#[tokio::test]
async fn both_sides_are_observed() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (primary, mirror) = house.pair().await;
    post(&primary, 0..5).await;
    let seen = primary.observe().await.unwrap();
    let sender = seen.sender("beta").unwrap();
    assert_eq!((sender.sync, sender.state.as_str()), (SyncState::Sync, "streaming"));
    assert_eq!(seen.slots.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["beta"]);
    let flushed = seen.flushed.unwrap();

    let seen = eventually(LONG, "the mirror replays all", async || {
        let seen = mirror.observe().await.unwrap();
        if seen.replayed >= Some(flushed) { Ok(seen) } else { Err(seen) }
    })
    .await;
    assert!(seen.in_recovery && seen.timeline == 1 && seen.written.is_none(), "{seen:?}");
    let receiver = seen.receiver.unwrap();
    assert_eq!(receiver.status, "streaming");
    assert_eq!(receiver.from_port, Some(i32::from(primary.spec().port)));
    assert_eq!(posts(&mirror).await, 5);
    let error = mirror.set_primary().await.unwrap_err();
    assert!(matches!(error, Error::IsStandby { .. }), "{error}");
}

#[tokio::test]
async fn promotion_right_after_the_primary_died_does_not_stall() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (primary, mirror) = house.pair().await;
    post(&primary, 0..20).await;
    let warm = mirror.connect("postgres").await.unwrap();
    let sql = "select current_setting('wal_retrieve_retry_interval')";
    let interval: String = warm.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(interval, "100ms", "the default stalls one promotion in two for 5 s");
    primary.kill().await.unwrap();
    promote(&warm, LONG).await.unwrap();
    assert!(!in_recovery(&warm).await.unwrap());
    promote(&warm, LONG).await.expect("promoting twice is no harm");
    assert_eq!(posts(&mirror).await, 20, "an acknowledged post was lost");
    post(&mirror, 20..25).await;
    let seen = mirror.observe().await.unwrap();
    assert_eq!((seen.in_recovery, seen.timeline), (false, 2), "before any checkpoint");
    mirror.set_primary().await.unwrap();
    assert_eq!(mirror.settings().unwrap().role, Role::Primary);
}

#[tokio::test]
async fn a_planned_switch_needs_no_rewind_and_loses_nothing() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (primary, mirror) = house.pair().await;
    post(&primary, 0..20).await;
    let token = primary.stop(StopMode::Fast, LONG).await.unwrap();
    assert_eq!(token.state, ServerState::ShutDown);
    eventually(LONG, "the mirror replays past the token", async || {
        let seen = mirror.observe().await.unwrap();
        if seen.replayed > Some(token.checkpoint) { Ok(()) } else { Err(seen) }
    })
    .await;
    // The standby names its partner before its promotion, so that it never acknowledges alone.
    mirror.set_synchronous(Some("alpha")).await.unwrap();
    let warm = mirror.connect("postgres").await.unwrap();
    promote(&warm, LONG).await.unwrap();
    checkpoint(&warm).await.unwrap();
    create_slot(&warm, "alpha").await.unwrap();
    let posting = tokio::task::JoinSet::from_iter([{
        let mirror = mirror.clone();
        async move { post(&mirror, 20..30).await }
    }]);
    eventually(LONG, "the first post waits for the partner", async || waiting(&warm).await).await;

    primary.write_settings(&following(&mirror, "alpha")).await.unwrap();
    primary.start(LONG).await.unwrap();
    synchronized(&mirror, "alpha").await;
    posting.join_all().await;
    eventually(LONG, "the old primary has all", async || {
        let count = posts(&primary).await;
        if count == 30 { Ok(()) } else { Err(count) }
    })
    .await;
    assert_eq!(primary.observe().await.unwrap().timeline, 2);
}

#[tokio::test]
async fn a_cancelled_commit_is_not_acknowledged() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (primary, mirror) = house.pair().await;
    let client = primary.connect("mgc").await.unwrap();
    let watch = primary.connect("mgc").await.unwrap();
    freeze(&mirror);
    let cancel = client.cancel_token();
    let waits = async {
        eventually(LONG, "the commit waits for the mirror", async || waiting(&watch).await).await;
        cancel.cancel_query(tokio_postgres::NoTls).await.unwrap();
    };
    let (answer, ()) = tokio::join!(client.execute("insert into post values (1, 'x')", &[]), waits);
    assert_eq!(answer.unwrap(), 1, "PostgreSQL calls it a success");
    assert!(client.is_unacknowledged(), "and it is none");
    assert!(!watch.is_unacknowledged());
    thaw(&mirror);
}

/// Is one commit waiting for the mirror? Otherwise tells how many do.
async fn waiting(watch: &tokio_postgres::Client) -> Result<(), i64> {
    let sql = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'";
    let count: i64 = watch.query_one(sql, &[]).await.unwrap().get(0);
    if count == 1 { Ok(()) } else { Err(count) }
}

#[tokio::test]
async fn statement_timeout_does_not_bound_the_wait_for_the_mirror() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (primary, mirror) = house.pair().await;
    let client = primary.connect("mgc").await.unwrap();
    let watch = primary.connect("mgc").await.unwrap();
    client.batch_execute("set statement_timeout = '200ms'").await.unwrap();
    freeze(&mirror);
    let decides = async {
        eventually(LONG, "the commit waits far beyond its timeout", async || {
            waiting(&watch).await?;
            let sql = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'
                       and clock_timestamp() - query_start > interval '2 s'";
            let count: i64 = watch.query_one(sql, &[]).await.unwrap().get(0);
            if count == 1 { Ok(()) } else { Err(count) }
        })
        .await;
        // Only a decision ends it.
        primary.set_synchronous(None).await.unwrap();
    };
    let (answer, ()) =
        tokio::join!(client.execute("insert into post values (1, 'x')", &[]), decides);
    assert_eq!(answer.unwrap(), 1);
    assert!(!client.is_unacknowledged(), "the rule was changed, not broken");
    thaw(&mirror);
}

#[tokio::test]
async fn a_standby_is_repointed_while_it_runs() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (primary, mirror) = house.pair().await;
    let third = house.standby_of(&primary, "gamma").await;
    let client = mirror.connect("postgres").await.unwrap();
    create_slot(&client, "gamma").await.unwrap();
    create_slot(&client, "gamma").await.expect("making it twice is no harm");
    let Role::Standby(standby) = following(&mirror, "gamma").role else { unreachable!() };
    third.set_standby(standby).await.unwrap();
    eventually(LONG, "it streams from the mirror", async || {
        let seen = mirror.observe().await.unwrap();
        if seen.sender("gamma").is_some_and(|it| it.state == "streaming") {
            Ok(())
        } else {
            Err(seen)
        }
    })
    .await;
    assert_eq!(source(&mirror).port, mirror.spec().port);
    post(&primary, 0..3).await;
    eventually(LONG, "posts reach it through the mirror", async || {
        let count = posts(&third).await;
        if count == 3 { Ok(()) } else { Err(count) }
    })
    .await;
}

#[tokio::test]
async fn slots_are_made_advanced_and_dropped_on_a_standby() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (primary, mirror) = house.pair().await;
    let client = mirror.connect("postgres").await.unwrap();
    create_slot(&client, "dr").await.unwrap();
    let slot = |slots: Vec<instance::Slot>| slots.into_iter().find(|it| it.name == "dr");
    let made = slot(list_slots(&client).await.unwrap()).unwrap();
    assert!(!made.active && !made.lost && made.restart.is_some());
    post(&primary, 0..10).await;
    let end = primary.observe().await.unwrap().flushed.unwrap();
    eventually(LONG, "the slot is advanced", async || {
        advance_slot(&client, "dr", end).await.unwrap();
        let now = slot(list_slots(&client).await.unwrap()).unwrap();
        if now.restart > made.restart { Ok(()) } else { Err(now) }
    })
    .await;
    advance_slot(&client, "dr", made.restart.unwrap()).await.expect("going back is no harm");
    drop_slot(&client, "dr").await.unwrap();
    drop_slot(&client, "dr").await.expect("dropping it twice is no harm");
    assert_eq!(slot(list_slots(&client).await.unwrap()), None);
    let error = create_slot(&client, "Dr; drop").await.unwrap_err();
    assert!(matches!(error, Error::BadName { .. }), "{error}");
    assert_ne!(small(), mirror.settings().unwrap());
}
