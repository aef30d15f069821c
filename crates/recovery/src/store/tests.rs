//! The conformance suite: every backend of the management store passes it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use control::authority::Authority;
use control::{Client, Credentials, Destination, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Embedded, LeaseAsk, LeaseState, Remote, Seen, Store, StoreError};

const FULL_LEASE: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(15);

/// A directory of this test's own, removed with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("standfast-store-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn open(&self) -> Arc<dyn Store> {
        Arc::new(Embedded::open(&self.0, FULL_LEASE).unwrap())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the scratch directory is ours");
    }
}

fn take(holder: &str) -> LeaseAsk {
    LeaseAsk::Take { holder: holder.to_owned(), length_ms: 300 }
}

/// What every backend promises, asked of `store`.
async fn conforms(store: Arc<dyn Store>) {
    compare_and_set_lets_one_writer_through(&store).await;
    a_watch_sees_a_write(&store).await;
    a_store_that_lost_its_file_is_told_how_far_it_was(&store).await;
    a_lease_has_one_holder_at_a_time(&store).await;
    a_watch_sees_a_lease_end(&store).await;
    a_lease_given_up_says_so(&store).await;
    what_is_too_large_is_refused(&store).await;
}

async fn compare_and_set_lets_one_writer_through(store: &Arc<dyn Store>) {
    let first = store.write("cas", 0, json!(0)).await.unwrap();
    let writers = (0..8).map(|n| {
        let store = Arc::clone(store);
        async move { store.write("cas", first, json!(n)).await }
    });
    let results = futures_util::future::join_all(writers).await;
    let won: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    assert_eq!(won.len(), 1, "{results:?}");
    for lost in results.iter().filter_map(|result| result.as_ref().err()) {
        assert!(matches!(lost, StoreError::Conflict { found, .. } if found == won[0]), "{lost}");
    }
    let snapshot = store.read().await.unwrap();
    assert_eq!(snapshot.entries["cas"].revision, *won[0]);
}

async fn a_store_that_lost_its_file_is_told_how_far_it_was(store: &Arc<dyn Store>) {
    let first = store.write("anew", 0, json!(1)).await.unwrap();
    let seen = store.read().await.unwrap().seen();
    let floor = first + 1000;
    let (watched, written) =
        tokio::join!(store.watch(seen, LONG), store.write_above("anew", first, json!(2), floor));
    let written = written.unwrap();
    assert!(floor < written, "{written}");
    assert_eq!(watched.unwrap().revision, written);
    assert!(written < store.write("anew", written, json!(3)).await.unwrap());
}

async fn a_watch_sees_a_write(store: &Arc<dyn Store>) {
    let seen = store.read().await.unwrap().seen();
    let (snapshot, written) = tokio::join!(store.watch(seen, LONG), store.write("w", 0, json!(1)));
    assert_eq!(snapshot.unwrap().entries["w"].revision, written.unwrap());
    let from_another_life = Seen { incarnation: 0, revision: u64::MAX };
    store.watch(from_another_life, LONG).await.unwrap();
}

async fn a_lease_has_one_holder_at_a_time(store: &Arc<dyn Store>) {
    assert!(matches!(store.lease("l", take("a")).await, Ok(LeaseState::Held { .. })));
    assert!(matches!(store.lease("l", take("a")).await, Ok(LeaseState::Held { .. })));
    let refused = store.lease("l", take("b")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Held { ref holder, .. } if holder == "a"), "{refused}");
}

async fn a_watch_sees_a_lease_end(store: &Arc<dyn Store>) {
    let mut snapshot = store.read().await.unwrap();
    while snapshot.lease("l") != (LeaseState::Ended { holder: "a".to_owned() }) {
        snapshot = store.watch(snapshot.seen(), LONG).await.unwrap();
    }
    let late = store.watch(Seen { revision: snapshot.revision - 1, ..snapshot.seen() }, LONG).await;
    assert!(matches!(late.unwrap().lease("l"), LeaseState::Ended { .. }));
    assert!(matches!(store.lease("l", take("b")).await, Ok(LeaseState::Held { .. })));
}

async fn a_lease_given_up_says_so(store: &Arc<dyn Store>) {
    let of_another = LeaseAsk::GiveUp { holder: "a".to_owned() };
    assert!(matches!(store.lease("l", of_another).await, Ok(LeaseState::Held { .. })));
    let seen = store.read().await.unwrap().seen();
    let give_up = LeaseAsk::GiveUp { holder: "b".to_owned() };
    let (snapshot, told) = tokio::join!(store.watch(seen, LONG), store.lease("l", give_up));
    let expected = LeaseState::GivenUp { holder: "b".to_owned() };
    assert_eq!(told.unwrap(), expected);
    assert_eq!(snapshot.unwrap().lease("l"), expected);
}

async fn what_is_too_large_is_refused(store: &Arc<dyn Store>) {
    let large = json!("x".repeat(super::VALUE_LIMIT));
    let refused = store.write("large", 0, large).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused { .. }), "{refused}");
    assert!(!store.read().await.unwrap().entries.contains_key("large"));
}

#[tokio::test]
async fn the_embedded_store_conforms() {
    let scratch = Scratch::new("conforms");
    conforms(scratch.open()).await;
}

/// The same suite, through the control port: another host must see the same store.
#[tokio::test]
async fn the_remote_store_conforms() {
    let scratch = Scratch::new("remote");
    let tls = scratch.0.join("tls");
    let authority = Authority::create(&tls.join("authority")).unwrap();
    let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
    for host in ["witness", "keeper"] {
        authority.issue_host(host, &[host.to_owned()], &[address.ip()], &tls.join(host)).unwrap();
    }
    let credentials = |host: &str| Credentials::load(&tls.join(host)).unwrap();
    let listener = TcpListener::bind(address).await.unwrap();
    let witness =
        Destination { host: "witness".to_owned(), address: listener.local_addr().unwrap() };
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let router = super::install_routes(Router::new(), &scratch.open());
    control::serve(
        listener,
        credentials("witness"),
        router,
        BTreeSet::new(),
        tasks.clone(),
        shutdown.clone(),
    );

    let client = Client::new(&credentials("keeper"));
    conforms(Arc::new(Remote::new("north", witness.clone(), client.clone()))).await;

    shutdown.cancel();
    tasks.close();
    tasks.wait().await;
    let away = Remote::new("north", witness, client).read().await.unwrap_err();
    assert!(matches!(away, StoreError::Away { .. }), "{away}");
}

#[tokio::test]
async fn a_restarted_store_keeps_values_and_knows_no_lease() {
    let scratch = Scratch::new("restart");
    let store = scratch.open();
    let revision = store.write("k", 0, json!("v")).await.unwrap();
    store.lease("l", take("a")).await.unwrap();
    let before = store.read().await.unwrap();
    drop(store);

    let store = scratch.open();
    let after = store.read().await.unwrap();
    assert_ne!(before.incarnation, after.incarnation);
    assert_eq!(after.entries["k"].revision, revision);
    assert_eq!(after.lease("l"), LeaseState::Unknown, "a restarted store grants no promotion");
    let mut waited = after;
    while !waited.settled {
        waited = store.watch(waited.seen(), FULL_LEASE).await.unwrap();
    }
    assert_eq!(waited.lease("l"), LeaseState::Free, "a full lease went by and nobody renewed");
}

#[tokio::test]
async fn a_damaged_file_is_named_and_nothing_is_started() {
    let scratch = Scratch::new("damaged");
    std::fs::write(scratch.0.join("management-store.json"), b"{ \"revision\": 3, ").unwrap();
    let refused = Embedded::open(&scratch.0, FULL_LEASE).unwrap_err().to_string();
    assert!(refused.contains("damaged"), "{refused}");
}
