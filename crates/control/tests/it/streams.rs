//! Requests that take long and tell their progress.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use control::limits::HEARTBEAT;
use control::{CallError, Peer, Progress, Refusal, Router, Sent};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::raw::{Do, scripted};
use super::support::{Deployment, PATIENCE, at};

#[tokio::test]
async fn progress_comes_before_the_answer_and_in_order() {
    let router = Router::new().on_stream("count", async |_: Peer, to: u32, progress: Progress| {
        assert!(progress.from().ip().is_loopback());
        for number in 0..to {
            progress.say(&number).await;
        }
        if to == 3 {
            return Err(Refusal::new("three", "it is three", ""));
        }
        assert_ne!(to, 4, "the handler panics");
        Ok::<String, Refusal>("done\nand over".to_owned())
    });
    let deployment = Deployment::new();
    let host = deployment.serve(router).await;
    let client = deployment.client();
    for to in [0, 1, 3, 4, 500] {
        let mut told: Vec<u32> = Vec::new();
        let answer = client
            .call_stream::<_, u32, String>(&host.destination, "count", &to, PATIENCE, |line| {
                told.push(line);
            })
            .await;
        assert_eq!(told, (0..to).collect::<Vec<_>>());
        match (to, answer) {
            (3, Err(CallError::Refused(refusal))) => assert_eq!(refusal.code, "three"),
            (4, Err(CallError::Refused(refusal))) => assert_eq!(refusal.code, "panicked"),
            (_, answer) => assert_eq!(answer.as_deref(), Ok("done\nand over")),
        }
    }
    let refused =
        client.call_stream::<_, u32, ()>(&host.destination, "count", &"x", PATIENCE, drop).await;
    assert!(matches!(&refused, Err(CallError::Refused(it)) if it.code == "bad-request"));
}

#[tokio::test]
async fn a_step_may_take_longer_than_the_silence_that_a_dead_host_is_known_by() {
    let silence = HEARTBEAT * 2;
    let router = Router::new().on_stream("slow", async |_: Peer, millis: u64, _: Progress| {
        // On purpose: the handler is the slow one.
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Ok::<(), Refusal>(())
    });
    let deployment = Deployment::new();
    let host = deployment.serve(router).await;
    let millis = u64::try_from((silence + HEARTBEAT).as_millis()).expect("a short time");
    let answer = deployment
        .client()
        .call_stream::<_, (), ()>(&host.destination, "slow", &millis, silence, drop)
        .await;
    assert_eq!(answer, Ok(()));
}

#[tokio::test]
async fn a_stream_that_ends_without_an_answer_is_broken() {
    const CUT: &[&[Do]] = &[&[Do::WriteAndBreakOff(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n15\r\n{\"progress\":\"begun\"}\n\r\n",
    )]];
    let deployment = Deployment::new();
    let host = scripted(deployment.host("alpha"), CUT).await;
    let mut told: Vec<String> = Vec::new();
    let answer = deployment
        .client()
        .call_stream::<_, String, ()>(&at(host.address), "x", &(), PATIENCE, |line| {
            told.push(line);
        })
        .await;
    assert_eq!(answer, Err(CallError::Broken(Sent::Perhaps)));
    assert_eq!(told, ["begun"]);
}

#[tokio::test]
async fn work_goes_on_when_nobody_hears_its_progress() {
    let (unheard, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let seen = Arc::new(Mutex::new(0));
    let signals = (Arc::clone(&unheard), Arc::clone(&done), Arc::clone(&seen));
    let router = Router::new().on_stream("long", move |_: Peer, (): (), progress: Progress| {
        let (unheard, done, seen) =
            (Arc::clone(&signals.0), Arc::clone(&signals.1), Arc::clone(&signals.2));
        async move {
            progress.say(&"begun").await;
            unheard.notified().await;
            for step in 1..=200 {
                progress.say(&"a step").await;
                *seen.lock().expect("no panic") = step;
            }
            done.notify_one();
            Ok::<(), Refusal>(())
        }
    });
    let deployment = Deployment::new();
    let host = deployment.serve(router).await;
    let client = deployment.client();
    let begun = Notify::new();
    let call =
        client.call_stream::<_, String, ()>(&host.destination, "long", &(), PATIENCE, |_| {
            begun.notify_one();
        });
    tokio::select! {
        answer = call => panic!("nothing was answered yet: {answer:?}"),
        () = begun.notified() => {}
    }
    unheard.notify_one();
    timeout(PATIENCE, done.notified()).await.expect("the work ends");
    assert_eq!(*seen.lock().expect("no panic"), 200);
}
