//! Calls: answers, refusals, who asks, and the connections that stay warm.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use control::{CallError, Peer, Refusal, Router, Sent};
use serde::{Deserialize, Serialize};

use super::raw::{Do, counter, scripted};
use super::support::{Deployment, PATIENCE, at};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sum {
    numbers: Vec<i64>,
    note: Option<String>,
}

fn adding() -> Router {
    Router::new()
        .on("sum", async |_: Peer, sum: Sum| Ok::<i64, Refusal>(sum.numbers.iter().sum()))
        .on("who", async |peer: Peer, (): ()| Ok::<Peer, Refusal>(peer))
        .on("refuse", async |_: Peer, (): ()| {
            Err::<(), Refusal>(Refusal::new("no", "it is not to be", "ask somebody else"))
        })
        .on("panic", async |_: Peer, number: i64| {
            assert_eq!(number, 0, "the handler panics");
            Ok::<(), Refusal>(())
        })
}

#[tokio::test]
async fn a_call_is_answered() {
    let deployment = Deployment::new();
    let host = deployment.serve(adding()).await;
    let client = deployment.client();
    let sum = Sum { numbers: vec![1, 2, -30], note: Some("ä\n\"".to_owned()) };
    let answer: i64 =
        client.call(&host.destination, "sum", &sum, PATIENCE).await.expect("an answer");
    assert_eq!(answer, -27);
    host.stop().await;
}

#[tokio::test]
async fn a_refusal_is_told_as_it_was_said() {
    let deployment = Deployment::new();
    let host = deployment.serve(adding()).await;
    let client = deployment.client();
    let refused = client.call::<_, ()>(&host.destination, "refuse", &(), PATIENCE).await;
    let said = Refusal::new("no", "it is not to be", "ask somebody else");
    assert_eq!(refused, Err(CallError::Refused(said)));

    let cases = [("nothing", "unknown-request"), ("sum", "bad-request"), ("panic", "panicked")];
    for (path, code) in cases {
        let refused = client.call::<_, ()>(&host.destination, path, &7, PATIENCE).await;
        let Err(CallError::Refused(refusal)) = refused else { panic!("{path}: {refused:?}") };
        assert_eq!(refusal.code, code);
        assert!(!refusal.hint.is_empty(), "{refusal:?}");
    }
    client.call::<_, ()>(&host.destination, "panic", &0, PATIENCE).await.expect("an answer");
}

#[tokio::test]
async fn a_host_and_an_administrator_are_told_apart() {
    let deployment = Deployment::new();
    let host = deployment.serve(adding()).await;
    let client = deployment.client();
    let peer: Peer = client.call(&host.destination, "who", &(), PATIENCE).await.expect("an answer");
    assert_eq!(peer, Peer::Host("beta".to_owned()));

    let jane = deployment.administrator("jane.doe", "CsViewOnlyAdministrator");
    let client = control::Client::new(&jane);
    let peer: Peer = client.call(&host.destination, "who", &(), PATIENCE).await.expect("an answer");
    let role = "CsViewOnlyAdministrator".to_owned();
    assert_eq!(peer, Peer::Administrator { name: "jane.doe".to_owned(), role });
    assert_eq!(&peer, jane.identity());
}

#[tokio::test]
async fn calls_one_after_the_other_use_one_connection() {
    let deployment = Deployment::new();
    let host = deployment.serve(adding()).await;
    let counter = counter(host.destination.address).await;
    let client = deployment.client();
    for number in 0..50 {
        let sum = Sum { numbers: vec![number], note: None };
        let to = at(counter.address);
        assert_eq!(client.call::<_, i64>(&to, "sum", &sum, PATIENCE).await, Ok(number));
        let refused = client.call::<_, ()>(&to, "refuse", &(), PATIENCE).await;
        assert!(matches!(refused, Err(CallError::Refused(_))), "{refused:?}");
    }
    assert_eq!(counter.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_at_once_stay_within_the_limits() {
    let at_work = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let counts = (Arc::clone(&at_work), Arc::clone(&most));
    let router = Router::new().on("echo", move |_: Peer, number: usize| {
        let (at_work, most) = (Arc::clone(&counts.0), Arc::clone(&counts.1));
        async move {
            most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            at_work.fetch_sub(1, Ordering::SeqCst);
            Ok::<usize, Refusal>(number)
        }
    });
    let deployment = Deployment::new();
    let host = deployment.serve(router).await;
    let counter = counter(host.destination.address).await;
    let client = deployment.client();
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let (client, to) = (client.clone(), at(counter.address));
        calls.spawn(async move {
            (number, client.call::<_, usize>(&to, "echo", &number, PATIENCE).await)
        });
    }
    for (number, answer) in calls.join_all().await {
        assert_eq!(answer, Ok(number));
    }
    assert!(most.load(Ordering::SeqCst) <= control::limits::MAX_CALLS_PER_DESTINATION);
    let connections = counter.connections.load(Ordering::SeqCst);
    assert!((1..=100).contains(&connections), "{connections} connections for 1,000 calls");
}

#[tokio::test]
async fn a_warm_connection_that_was_closed_is_replaced() {
    let deployment = Deployment::new();
    let client = deployment.client();
    let host = scripted(deployment.host("alpha"), &[&[Do::Answer("1")], &[Do::Answer("2")]]).await;
    let to = at(host.address);
    assert_eq!(client.call::<_, i64>(&to, "x", &(), PATIENCE).await, Ok(1));
    let closed = async {
        while host.closed.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        // So many turns of the scheduler that it has surely asked the kernel for news.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("the host closes");
    assert_eq!(client.call::<_, i64>(&to, "x", &(), PATIENCE).await, Ok(2));
    assert_eq!(host.requests.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_request_that_may_have_been_executed_is_not_sent_again() {
    const CONNECTIONS: &[&[Do]] =
        &[&[Do::Answer("1"), Do::BreakOff], &[Do::Answer("2"), Do::BreakOff], &[Do::Answer("3")]];
    let deployment = Deployment::new();
    let client = deployment.client();
    let host = scripted(deployment.host("alpha"), CONNECTIONS).await;
    let to = at(host.address);
    assert_eq!(client.call::<_, i64>(&to, "x", &(), PATIENCE).await, Ok(1));
    let broken = client.call::<_, i64>(&to, "x", &(), PATIENCE).await;
    assert_eq!(broken, Err(CallError::Broken(Sent::Perhaps)));
    assert!(broken.is_err_and(|error| error.is_outcome_unknown()));
    assert_eq!(host.requests.load(Ordering::SeqCst), 2);
    // What may be executed twice is, when it was a warm connection that broke.
    assert_eq!(client.call_idempotent::<_, i64>(&to, "x", &(), PATIENCE).await, Ok(2));
    assert_eq!(client.call_idempotent::<_, i64>(&to, "x", &(), PATIENCE).await, Ok(3));
    assert_eq!(host.requests.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn an_answer_that_is_none_of_ours_is_malformed() {
    const ANSWERS: &[&[Do]] = &[
        &[Do::Answer("\"no number\"")],
        &[Do::WriteAndBreakOff("SMTP ready\r\n\r\n")],
        &[Do::WriteAndBreakOff("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n")],
    ];
    let deployment = Deployment::new();
    let host = scripted(deployment.host("alpha"), ANSWERS).await;
    for _ in ANSWERS {
        let answer =
            deployment.client().call::<_, i64>(&at(host.address), "x", &(), PATIENCE).await;
        assert!(matches!(answer, Err(CallError::Malformed(_))), "{answer:?}");
    }
}

#[tokio::test]
async fn a_half_answer_is_a_broken_connection() {
    const HALF: &[&[Do]] =
        &[&[Do::WriteAndBreakOff("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n12")]];
    let deployment = Deployment::new();
    let host = scripted(deployment.host("alpha"), HALF).await;
    let answer = deployment.client().call::<_, i64>(&at(host.address), "x", &(), PATIENCE).await;
    assert_eq!(answer, Err(CallError::Broken(Sent::Perhaps)));
}
