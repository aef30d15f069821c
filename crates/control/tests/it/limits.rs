//! Limits: what is too much is refused, and touches nobody else.

use control::limits::{MAX_BODY_BYTES, MAX_CONNECTIONS, MAX_HANDSHAKES};
use control::{CallError, Peer, Refusal, Router, Sent};
use tokio::net::TcpStream;

use super::raw::{connect, converse};
use super::support::{Deployment, PATIENCE};

fn router() -> Router {
    Router::new()
        .on("length", async |_: Peer, text: String| Ok::<usize, Refusal>(text.len()))
        .on("text", async |_: Peer, length: usize| Ok::<String, Refusal>("a".repeat(length)))
}

#[tokio::test]
async fn a_body_may_be_large_and_not_larger() {
    let deployment = Deployment::new();
    let host = deployment.serve(router()).await;
    let client = deployment.client();
    let text = "a".repeat(MAX_BODY_BYTES - 2);
    let length = client.call::<_, usize>(&host.destination, "length", &text, PATIENCE).await;
    assert_eq!(length, Ok(text.len()));
    let whole = client.call::<_, String>(&host.destination, "text", &text.len(), PATIENCE).await;
    assert!(whole.is_ok_and(|it| it == text));

    let longer = format!("{text}a");
    let refused = client.call::<_, usize>(&host.destination, "length", &longer, PATIENCE).await;
    assert!(matches!(&refused, Err(CallError::Refused(it)) if it.code == "too-large"));
    let refused =
        client.call::<_, String>(&host.destination, "text", &longer.len(), PATIENCE).await;
    assert!(matches!(&refused, Err(CallError::Refused(it)) if it.code == "answer-unsaid"));
}

#[tokio::test]
async fn a_peer_that_sends_too_much_is_told_and_cut_off() {
    let deployment = Deployment::new();
    let host = deployment.serve(router()).await;
    let beta = deployment.host("beta");
    let announced = format!(
        "POST /v1/length HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        MAX_BODY_BYTES + 1
    );
    let mut chunks =
        b"POST /v1/length HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    chunks.extend_from_slice(format!("{:x}\r\n", MAX_BODY_BYTES + 1).as_bytes());
    chunks.resize(chunks.len() + MAX_BODY_BYTES + 1, b'a');
    for request in [announced.as_bytes(), &chunks] {
        let mut stream = connect(&beta, host.destination.address).await;
        let answer = converse(&mut stream, request, "too-large").await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
    let many = "x-again: 1\r\n".repeat(200);
    let request = format!("POST /v1/length HTTP/1.1\r\n{many}\r\n");
    let mut stream = connect(&beta, host.destination.address).await;
    let answer = converse(&mut stream, request.as_bytes(), "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn only_post_is_answered() {
    let deployment = Deployment::new();
    let host = deployment.serve(router()).await;
    let mut stream = connect(&deployment.host("beta"), host.destination.address).await;
    let request = b"GET /v1/length HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = converse(&mut stream, request, "bad-method").await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    let request = b"POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
    let answer = converse(&mut stream, request, "unknown-request").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_too_many_is_told_that_the_host_is_busy() {
    let deployment = Deployment::new();
    let host = deployment.serve(router()).await;
    let beta = deployment.host("beta");
    let request = b"POST /v1/length HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n\"ab\"";
    let mut connections = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        let mut stream = connect(&beta, host.destination.address).await;
        let answer = converse(&mut stream, request, "\r\n\r\n2").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        connections.push(stream);
    }
    let client = deployment.client();
    let busy = client.call::<_, usize>(&host.destination, "length", "ab", PATIENCE).await;
    assert!(matches!(&busy, Err(CallError::Refused(it)) if it.code == "busy"), "{busy:?}");
    connections.clear();
    // The host notices that they are closed as soon as it is scheduled, not when we like.
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let answer = client.call::<_, usize>(&host.destination, "length", "ab", PATIENCE).await;
        if answer == Ok(2) {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{answer:?}");
    }
}

#[tokio::test]
async fn strangers_who_say_nothing_keep_nobody_out_for_long() {
    let deployment = Deployment::new();
    let host = deployment.serve(router()).await;
    let mut strangers = Vec::new();
    for _ in 0..MAX_HANDSHAKES {
        strangers.push(TcpStream::connect(host.destination.address).await.expect("connected"));
    }
    let client = deployment.client();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let answer = client.call::<_, usize>(&host.destination, "length", "ab", PATIENCE).await;
        if answer == Ok(2) {
            break;
        }
        // On a very busy machine the strangers' places are free only after we gave up once.
        assert_eq!(answer, Err(CallError::Silent(Sent::No)));
        assert!(tokio::time::Instant::now() < deadline, "the strangers keep us out");
    }
}
