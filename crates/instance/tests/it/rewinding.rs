//! Old primaries that come back.

use std::fs;

use instance::{
    Error, Found, Instance, Rewound, ServerState, StopMode, checkpoint, create_slot, promote,
};
use testkit::{eventually, rerun_as_postgres};

use crate::house::{
    House, LONG, copy_options, following, freeze, post, posts, source, synchronized,
};

/// A pair whose primary was killed with a post of its own, and whose mirror was promoted and is
/// not checkpointed yet.
async fn forked(house: &House) -> (Instance, Instance) {
    let (primary, mirror) = house.pair().await;
    post(&primary, 0..10).await;
    mirror.stop(StopMode::Fast, LONG).await.unwrap();
    // As after a decision to go on alone: the mirror must never be promoted now, and here it is.
    primary.set_synchronous(None).await.unwrap();
    post(&primary, 100..110).await;
    freeze(&primary);
    mirror.start(LONG).await.unwrap();
    primary.kill().await.unwrap();
    let warm = mirror.connect("postgres").await.unwrap();
    promote(&warm, LONG).await.unwrap();
    (primary, mirror)
}

/// The old primary's rewound directory follows and ends up with the new one's posts only.
async fn follows(old: &Instance, new: &Instance) {
    let client = new.connect("postgres").await.unwrap();
    create_slot(&client, "alpha").await.unwrap();
    old.start(LONG).await.unwrap();
    new.set_synchronous(Some("alpha")).await.unwrap();
    synchronized(new, "alpha").await;
    post(new, 10..15).await;
    eventually(LONG, "the old primary has the new one's posts", async || {
        let count = posts(old).await;
        if count == 15 { Ok(()) } else { Err(count) }
    })
    .await;
}

#[tokio::test]
async fn an_old_primary_follows_after_rewind() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (old, new) = forked(&house).await;
    let client = new.connect("postgres").await.unwrap();
    checkpoint(&client).await.unwrap();
    let rewound = old.rewind_from(&source(&new), &following(&new, "alpha")).await.unwrap();
    assert_eq!(rewound, Rewound::Rewound);
    follows(&old, &new).await;
}

#[tokio::test]
async fn rewind_straight_after_promote_is_refused_until_a_checkpoint() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (old, new) = forked(&house).await;
    let client = new.connect("postgres").await.unwrap();
    let sql = "select timeline_id from pg_control_checkpoint()";
    let timeline: i32 = client.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(timeline, 1, "the control file does not know of the promotion yet");

    // Without the right to make one itself it is refused.
    client.batch_execute("revoke pg_checkpoint from standfast_replication").await.unwrap();
    let settings = following(&new, "alpha");
    let error = old.rewind_from(&source(&new), &settings).await.unwrap_err();
    assert!(matches!(error, Error::SourceNotCheckpointed { writes: 2, says: 1, .. }), "{error}");
    assert!(matches!(old.found().await.unwrap(), Found::Stopped(_)), "nothing was touched");

    // With it, it makes one.
    client.batch_execute("grant pg_checkpoint to standfast_replication").await.unwrap();
    assert_eq!(old.rewind_from(&source(&new), &settings).await.unwrap(), Rewound::Rewound);
    follows(&old, &new).await;
}

#[tokio::test]
async fn rewind_rewrites_the_configuration_it_copied() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (old, new) = forked(&house).await;
    let settings = following(&new, "alpha");
    old.rewind_from(&source(&new), &settings).await.unwrap();
    let read = |file: &str| fs::read_to_string(old.spec().data.join(file)).unwrap();
    let ours = read("standfast.conf");
    assert!(ours.contains(&format!("port = '{}'", old.spec().port)), "{ours}");
    assert!(ours.contains(&format!("port=''{}''", new.spec().port)), "{ours}");
    assert!(ours.contains("primary_slot_name = 'alpha'"), "{ours}");
    assert!(old.spec().data.join("standby.signal").exists());
    assert_eq!(read("postgresql.conf").matches("include 'standfast.conf'").count(), 1);
    assert_eq!(old.settings().unwrap(), settings);
    follows(&old, &new).await;
}

#[tokio::test]
async fn a_rewind_that_broke_off_asks_for_a_reseed() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (old, new) = forked(&house).await;
    fs::write(house.path().join("alpha.rewinding"), "beta\n").unwrap();
    assert!(matches!(old.found().await.unwrap(), Found::Unusable(_)));
    let error = old.start(LONG).await.unwrap_err();
    assert!(matches!(error, Error::Unusable { .. }), "{error}");
    assert!(error.to_string().contains("reseed"), "{error}");

    let (settings, options) = (following(&new, "alpha"), copy_options("alpha"));
    old.base_backup_from(&source(&new), &settings, &options, |_| {}).await.unwrap();
    assert!(!house.path().join("alpha.rewinding").exists());
    follows(&old, &new).await;
}

#[tokio::test]
async fn two_that_were_never_the_same_are_told_apart() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let one = house.primary("alpha").await;
    let other = house.primary("beta").await;
    one.stop(StopMode::Fast, LONG).await.unwrap();
    let settings = following(&other, "alpha");
    let error = one.rewind_from(&source(&other), &settings).await.unwrap_err();
    assert!(matches!(error, Error::OtherSystem { .. }), "{error}");
    let error = other.rewind_from(&source(&one), &settings).await.unwrap_err();
    assert!(matches!(error, Error::Running { .. }), "{error}");
}

#[tokio::test]
async fn two_primaries_on_one_timeline_are_not_taken_for_the_same() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (old, new) = house.pair().await;
    old.kill().await.unwrap();
    new.stop(StopMode::Fast, LONG).await.unwrap();
    let error = new.set_primary().await.unwrap_err();
    assert!(matches!(error, Error::IsStandby { .. }), "{error}");
    // What we refuse to do, somebody may have done by hand.
    fs::remove_file(new.spec().data.join("standby.signal")).unwrap();
    let program = new.spec().binaries.program("postgres");
    let recovered = std::process::Command::new(program)
        .args(["--single", "-D"])
        .arg(&new.spec().data)
        .arg("template1")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(recovered.status.success(), "{recovered:?}");
    new.set_primary().await.unwrap();
    new.start(LONG).await.unwrap();
    let error = old.rewind_from(&source(&new), &following(&new, "alpha")).await.unwrap_err();
    assert!(matches!(error, Error::SameTimeline { timeline: 1, .. }), "{error}");
}

#[tokio::test]
async fn a_killed_standby_is_not_rewound_as_if_it_were_a_primary() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let (primary, mirror) = house.pair().await;
    mirror.kill().await.unwrap();
    let control = mirror.control_data().await.unwrap();
    assert_eq!(control.state, ServerState::InArchiveRecovery);
    let settings = mirror.settings().unwrap();
    let error = mirror.rewind_from(&source(&primary), &settings).await.unwrap_err();
    assert!(matches!(error, Error::RewindRefused { .. }), "{error}");
    mirror.start(LONG).await.unwrap();
    synchronized(&primary, "beta").await;
}
