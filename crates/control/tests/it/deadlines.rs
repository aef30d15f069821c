//! Deadlines, hosts that are away in different ways, and what becomes of the work.

use std::sync::Arc;
use std::time::Duration;

use control::limits::HEAD_DEADLINE;
use control::{CallError, Client, Destination, Peer, Refusal, Router, Sent};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use super::support::{Deployment, HERE, PATIENCE, at};

/// A deadline that is meant to pass.
const SHORT: Duration = Duration::from_millis(300);

/// Says that it was dropped.
struct Dropped(mpsc::UnboundedSender<&'static str>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.send("dropped").ok();
    }
}

/// Two handlers that wait for a signal. What becomes of them is told through the channel.
fn waiting() -> (Router, Arc<Notify>, mpsc::UnboundedReceiver<&'static str>) {
    let (told, hears) = mpsc::unbounded_channel();
    let signal = Arc::new(Notify::new());
    let (polling, working) = ((told.clone(), Arc::clone(&signal)), (told, Arc::clone(&signal)));
    let router = Router::new()
        .on_poll("poll", move |_: Peer, (): ()| {
            let (told, signal) = (polling.0.clone(), Arc::clone(&polling.1));
            async move {
                let _dropped = Dropped(told);
                signal.notified().await;
                Ok::<(), Refusal>(())
            }
        })
        .on("work", move |_: Peer, (): ()| {
            let (told, signal) = (working.0.clone(), Arc::clone(&working.1));
            async move {
                told.send("begun").ok();
                signal.notified().await;
                told.send("done").ok();
                Ok::<(), Refusal>(())
            }
        });
    (router, signal, hears)
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_told_at_once() {
    let deployment = Deployment::new();
    let listener = TcpListener::bind((HERE, 0)).await.expect("a port");
    let to = at(listener.local_addr().expect("an address"));
    drop(listener);
    let answer = deployment.client().call::<_, ()>(&to, "x", &(), PATIENCE).await;
    assert_eq!(answer, Err(CallError::NobodyListens));
    assert!(!CallError::NobodyListens.is_outcome_unknown());
}

#[tokio::test]
async fn a_host_that_says_nothing_is_silent_and_nothing_was_sent() {
    let deployment = Deployment::new();
    let listener = TcpListener::bind((HERE, 0)).await.expect("a port");
    let to = at(listener.local_addr().expect("an address"));
    let answer = deployment.client().call::<_, ()>(&to, "x", &(), SHORT).await;
    assert_eq!(answer, Err(CallError::Silent(Sent::No)));
    assert!(!CallError::Silent(Sent::No).is_outcome_unknown());
}

/// Long enough for a host to count as silent.
const IN_VAIN: Duration = Duration::from_secs(1);

/// Waits until the host is not known to be silent any more.
async fn is_heard_again(client: &Client, to: &Destination) {
    let heard = async {
        while client.is_silent(to) {
            // On purpose: it is asked behind our back, and nobody tells when it answered.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, heard).await.expect("it is heard again");
}

#[tokio::test]
async fn a_silent_host_is_known_to_be_until_it_answers() {
    let deployment = Deployment::new();
    let listener = TcpListener::bind((HERE, 0)).await.expect("a port");
    let to = at(listener.local_addr().expect("an address"));
    let client = deployment.client();
    assert!(!client.is_silent(&to), "nobody asked it yet");
    let answer = client.call::<_, ()>(&to, "nothing", &(), IN_VAIN).await;
    assert_eq!(answer, Err(CallError::Silent(Sent::No)));
    assert!(client.is_silent(&to));

    let host = deployment.serve_on(listener, Router::new());
    is_heard_again(&client, &to).await;
    let answer = client.call::<_, ()>(&to, "nothing", &(), PATIENCE).await;
    assert!(matches!(answer, Err(CallError::Refused(_))), "{answer:?}");
    host.stop().await;
}

/// What it was asked takes long: that is no silence.
#[tokio::test]
async fn a_host_that_is_slow_with_one_thing_is_heard_again_at_once() {
    let deployment = Deployment::new();
    let (router, signal, _hears) = waiting();
    let host = deployment.serve(router).await;
    let client = deployment.client();
    let answer = client.call::<_, ()>(&host.destination, "work", &(), IN_VAIN).await;
    assert!(matches!(answer, Err(CallError::Silent(_))), "{answer:?}");
    is_heard_again(&client, &host.destination).await;
    signal.notify_one();
    host.stop().await;
}

#[tokio::test]
async fn work_goes_on_when_whoever_asked_gave_up() {
    let deployment = Deployment::new();
    let (router, signal, mut hears) = waiting();
    let host = deployment.serve(router).await;
    let client = deployment.client();
    // Warm, so that the short deadline is spent on the handler and not on TLS.
    let warm = client.call::<_, ()>(&host.destination, "nothing", &(), PATIENCE).await;
    assert!(matches!(warm, Err(CallError::Refused(_))), "{warm:?}");
    let answer = client.call::<_, ()>(&host.destination, "work", &(), SHORT).await;
    assert_eq!(answer, Err(CallError::Silent(Sent::Perhaps)));
    assert!(CallError::Silent(Sent::Perhaps).is_outcome_unknown());
    assert_eq!(timeout(PATIENCE, hears.recv()).await, Ok(Some("begun")));
    signal.notify_one();
    assert_eq!(timeout(PATIENCE, hears.recv()).await, Ok(Some("done")));
}

#[tokio::test]
async fn a_long_poll_ends_when_whoever_asked_gave_up() {
    let deployment = Deployment::new();
    let (router, _signal, mut hears) = waiting();
    let host = deployment.serve(router).await;
    let client = deployment.client();
    let warm = client.call::<_, ()>(&host.destination, "nothing", &(), PATIENCE).await;
    assert!(matches!(warm, Err(CallError::Refused(_))), "{warm:?}");
    let answer = client.call::<_, ()>(&host.destination, "poll", &(), SHORT).await;
    assert_eq!(answer, Err(CallError::Silent(Sent::Perhaps)));
    assert_eq!(timeout(PATIENCE, hears.recv()).await, Ok(Some("dropped")));
}

#[tokio::test]
async fn a_host_that_stops_lets_work_end_and_polls_go() {
    let deployment = Deployment::new();
    let (router, signal, mut hears) = waiting();
    let host = deployment.serve(router).await;
    let client = deployment.client();
    let working = client.call::<_, ()>(&host.destination, "work", &(), PATIENCE);
    let stopping = async {
        assert_eq!(timeout(PATIENCE, hears.recv()).await, Ok(Some("begun")));
        host.shutdown.cancel();
        signal.notify_one();
        host.stop().await;
    };
    let (answer, ()) = tokio::join!(working, stopping);
    assert_eq!(answer, Ok(()));
    let answer = client.call::<_, ()>(&host.destination, "work", &(), PATIENCE).await;
    assert_eq!(answer, Err(CallError::NobodyListens));
}

#[tokio::test]
async fn a_long_poll_is_told_that_the_host_stops() {
    let deployment = Deployment::new();
    let begun = Arc::new(Notify::new());
    let signal = Arc::clone(&begun);
    let router = Router::new().on_poll("poll", move |_: Peer, (): ()| {
        signal.notify_one();
        std::future::pending::<Result<(), Refusal>>()
    });
    let host = deployment.serve(router).await;
    let client = deployment.client();
    let polling = client.call::<_, ()>(&host.destination, "poll", &(), PATIENCE);
    let stopping = async {
        begun.notified().await;
        host.stop().await;
    };
    let (answer, ()) = tokio::join!(polling, stopping);
    let Err(CallError::Refused(refusal)) = answer else { panic!("{answer:?}") };
    assert_eq!(refusal.code, "stopping");
}

/// Longer than a server waits for the next request on a connection.
#[tokio::test]
async fn a_handler_may_take_longer_than_a_header() {
    const WORK: Duration = HEAD_DEADLINE.saturating_add(Duration::from_secs(5));
    /// The clock stands still but for the work, and goes on with the answer.
    async fn work(_: Peer, (): ()) -> Result<&'static str, Refusal> {
        tokio::time::pause();
        // On purpose: the work itself. Nothing else sleeps for less, except what would cut it off.
        tokio::time::sleep(WORK).await;
        tokio::time::resume();
        Ok("done")
    }
    let deployment = Deployment::new();
    let router = Router::new().on("work", work).on_poll("poll", work);
    let host = deployment.serve(router).await;
    let client = deployment.client();
    for path in ["work", "poll"] {
        let begun = tokio::time::Instant::now();
        let answer = client.call::<_, String>(&host.destination, path, &(), 2 * WORK).await;
        assert_eq!(answer.as_deref(), Ok("done"), "{path}");
        assert!(WORK <= begun.elapsed(), "{path}");
    }
}
