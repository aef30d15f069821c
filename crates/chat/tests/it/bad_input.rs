//! What strangers and clients may send or not read: it ends their stream, and nobody else's.
//!
//! After each attack somebody who does nothing wrong still talks in the room.

use crate::server::{DOMAIN, ROOM, Server};
use std::net::SocketAddr;
use std::time::Duration;
use testkit::client::{Client, Encryption, Lost, Wire};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use xmpp::muc::{HistoryWanted, Join};
use xmpp::stanza_error::Condition;
use xmpp::stream::{STANZA_BYTES_AFTER_LOGIN, STANZA_BYTES_BEFORE_LOGIN};
use xmpp::{Element, ns};

/// How long anything may take before a test gives up.
const DEADLINE: Duration = Duration::from_secs(30);

/// Memory that an attack may cost for a while, far below what it sends.
const MEMORY_BYTES: u64 = 64 << 20;

/// Somebody in the room who does nothing wrong.
struct Bystander {
    client: Client,
    said: u32,
}

impl Bystander {
    async fn enter(server: &Server) -> Self {
        let mut client = server.client("bob").await;
        client.join(ROOM, "bob", HistoryWanted::default()).await.unwrap();
        Self { client, said: 0 }
    }

    /// Is everything as it was?
    async fn is_unharmed(&mut self) {
        self.said += 1;
        let id = format!("bystander-{}", self.said);
        self.client.say(ROOM, &id, "still here").await.expect("the bystander was harmed");
    }
}

async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work).await.unwrap_or_else(|_| panic!("not in time: {what}"))
}

/// Reads until the stream ends, and tells the condition; empty if it just ended.
async fn end_of(wire: &mut Wire) -> String {
    let read = async {
        loop {
            match wire.next().await {
                Ok(_) => {}
                Err(Lost::Ended { condition, .. }) => return condition,
                Err(Lost::Closed | Lost::Broken(_)) => return String::new(),
                Err(other) => panic!("{other}"),
            }
        }
    };
    within("the end of the stream", read).await
}

/// Sends, as far as the server still listens, and reads how the stream ends.
async fn attack(wire: &mut Wire, bytes: &[u8]) -> String {
    match within("sending", wire.send_bytes(bytes)).await {
        Ok(()) | Err(Lost::Broken(_)) => end_of(wire).await,
        Err(other) => panic!("{other}"),
    }
}

fn attacks() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let nested = "<a>".repeat(5_000).into_bytes();
    let attributes: Vec<_> = (0..1_000).map(|number| format!(" a{number}=''")).collect();
    let attributes = attributes.concat();
    vec![
        ("5,000 nested tags", nested, &["policy-violation"]),
        ("an attribute flood", format!("<a{attributes}/>").into_bytes(), &["policy-violation"]),
        ("bad UTF-8", b"<a>\xff\xfe</a>".to_vec(), &["unsupported-encoding"]),
        ("an overlong encoding", b"<a>\xc0\xaf</a>".to_vec(), &["unsupported-encoding"]),
        ("an unknown entity", b"<a>&lol;</a>".to_vec(), &["restricted-xml"]),
        (
            "an entity bomb",
            b"<!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;&b;'>]><a>&c;</a>".to_vec(),
            &["restricted-xml", "not-well-formed"],
        ),
        ("a comment", b"<!-- hello -->".to_vec(), &["restricted-xml"]),
        ("an instruction", b"<?php system('x') ?>".to_vec(), &["restricted-xml"]),
        ("wrong nesting", b"<a><b></a></b>".to_vec(), &["not-well-formed"]),
        ("a NUL", b"<a>\0</a>".to_vec(), &["not-well-formed"]),
        ("text between stanzas", b"hello".to_vec(), &["bad-format"]),
        (
            "a second header",
            b"<stream:stream>".to_vec(),
            &["not-authorized", "unsupported-stanza-type"],
        ),
    ]
}

#[tokio::test]
async fn bad_xml_ends_one_stream_and_no_other() {
    let server = Server::start().await;
    let mut bystander = Bystander::enter(&server).await;
    for (what, bytes, conditions) in attacks() {
        let mut stranger = server.wire().await;
        stranger.open(DOMAIN).await.unwrap();
        let mut client = server.bound("eve").await;
        for (whose, wire) in [("a stranger's", &mut stranger), ("a client's", &mut client)] {
            let mut bytes = bytes.clone();
            if what == "a second header" {
                bytes.extend_from_slice(b"</stream:stream>");
            }
            let condition = attack(wire, &bytes).await;
            assert!(conditions.contains(&condition.as_str()), "{whose} {what}: {condition}");
        }
        bystander.is_unharmed().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_stanza_over_the_limit_ends_one_stream_and_no_other() {
    let server = Server::start().await;
    let mut bystander = Bystander::enter(&server).await;
    let message = |bytes: usize| {
        let text = "x".repeat(bytes);
        format!("<message to='{ROOM}' type='groupchat'><body>{text}</body></message>").into_bytes()
    };
    let mut stranger = server.wire().await;
    stranger.open(DOMAIN).await.unwrap();
    let condition = attack(&mut stranger, &message(STANZA_BYTES_BEFORE_LOGIN)).await;
    assert_eq!(condition, "policy-violation");
    let mut client = server.bound("eve").await;
    let condition = attack(&mut client, &message(STANZA_BYTES_AFTER_LOGIN)).await;
    assert_eq!(condition, "policy-violation");
    bystander.is_unharmed().await;
    server.stop().await;
}

#[tokio::test]
async fn two_hundred_megabytes_before_login_are_neither_read_nor_held() {
    let server = Server::start().await;
    let mut bystander = Bystander::enter(&server).await;
    let before = peak_memory_bytes();
    for encryption in [Encryption::StartTls, Encryption::Direct] {
        let mut wire = match encryption {
            Encryption::StartTls => Wire::connect(server.target(encryption).address).await.unwrap(),
            Encryption::Direct => server.wire().await,
        };
        wire.open(DOMAIN).await.unwrap();
        wire.send_bytes(b"<a>").await.unwrap();
        let chunk = vec![b'x'; 1 << 20];
        let mut sent = 0;
        let flood = async {
            while sent < 200 && wire.send_bytes(&chunk).await.is_ok() {
                sent += 1;
            }
        };
        within("the flood", flood).await;
        assert!(sent < 200, "the server took all of it");
        bystander.is_unharmed().await;
    }
    let grown = peak_memory_bytes().saturating_sub(before);
    assert!(grown < MEMORY_BYTES, "the flood cost {grown} bytes of memory");
    server.stop().await;
}

/// The most memory that this process, server and all, has had.
fn peak_memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1_024
}

/// Sends, then only listens, until the server ends it. Tells what it said.
async fn said_until_the_end(what: &str, address: SocketAddr, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut said = Vec::new();
    // A reset is an end, too.
    if let Err(error) = within(what, socket.read_to_end(&mut said)).await {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{what}");
    }
    String::from_utf8(said).unwrap()
}

#[tokio::test]
async fn whoever_does_not_finish_logging_in_is_given_up() {
    let server = Server::start_with(|settings| {
        settings.streams.login_time = Duration::from_secs(5);
    })
    .await;
    let mut bystander = Bystander::enter(&server).await;
    let direct = server.target(Encryption::Direct).address;
    let start_tls = server.target(Encryption::StartTls).address;
    // The beginning of a ClientHello, of which the rest never comes.
    let hello = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03];
    let halves: [(&str, SocketAddr, &[u8]); 4] = [
        ("silence at the TLS port", direct, b""),
        ("half a ClientHello", direct, &hello),
        ("silence", start_tls, b""),
        ("half a header", start_tls, b"<?xml version='1.0'?><stream:stream to='exam"),
    ];
    let halves = halves.map(|(what, address, bytes)| said_until_the_end(what, address, bytes));
    let header = format!(
        "<stream:stream to='{DOMAIN}' version='1.0' xmlns='jabber:client' \
         xmlns:stream='{}'><starttls xmlns='{}'/>",
        ns::STREAM,
        ns::TLS
    );
    let half_open = said_until_the_end("TLS that never comes", start_tls, header.as_bytes());
    let idle = async {
        let mut wire = server.wire().await;
        wire.open(DOMAIN).await.unwrap();
        end_of(&mut wire).await
    };
    let (_, half_open, idle) =
        tokio::join!(futures_util::future::join_all(halves), half_open, idle);
    assert!(half_open.contains("<proceed"), "it got as far as TLS: {half_open}");
    assert_eq!(idle, "connection-timeout");
    bystander.is_unharmed().await;
    server.stop().await;
}

#[tokio::test]
async fn wrong_passwords_and_wrong_names_look_alike_and_end_the_stream() {
    let server = Server::start().await;
    let mut bystander = Bystander::enter(&server).await;
    for name in ["ann", "nobody"] {
        for mechanism in ["SCRAM-SHA-256", "PLAIN"] {
            let mut login = server.login(name);
            login.password = "wrong".to_owned();
            login.mechanism = mechanism;
            let refused = Client::connect_to(&login, &server.target(Encryption::Direct)).await;
            let Err(Lost::NotAuthorized(condition)) = refused else { panic!("{refused:?}") };
            assert_eq!(condition, "not-authorized", "{name} {mechanism}");
        }
    }
    let mut wire = server.wire().await;
    wire.open(DOMAIN).await.unwrap();
    for _ in 0..3 {
        let auth = Element::new(ns::SASL, "auth").with_attribute("mechanism", "PLAIN");
        wire.send(&auth.with_text("AGFubgB3cm9uZw==")).await.unwrap();
        let failure = within("the failure", wire.next()).await.unwrap();
        assert!(failure.has_child(ns::SASL, "not-authorized"), "{failure}");
    }
    assert_eq!(end_of(&mut wire).await, "policy-violation");
    bystander.is_unharmed().await;
    server.stop().await;
}

#[tokio::test]
async fn a_broken_login_is_refused_without_harm() {
    let server = Server::start().await;
    let mut bystander = Bystander::enter(&server).await;
    // Messages that are too short, which the library behind would not survive.
    let broken = ["", "=", "bg==", "biwsLA==", "bixhLG49eCxyPXk=", "biwsbj1hbm4sci==", "????"];
    for text in broken {
        for mechanism in ["SCRAM-SHA-256", "PLAIN", "EXTERNAL"] {
            let mut wire = server.wire().await;
            wire.open(DOMAIN).await.unwrap();
            let auth = Element::new(ns::SASL, "auth").with_attribute("mechanism", mechanism);
            wire.send(&auth.with_text(text)).await.unwrap();
            let mut answer = within("an answer", wire.next()).await.unwrap();
            if answer.is(ns::SASL, "challenge") {
                wire.send(&Element::new(ns::SASL, "response")).await.unwrap();
                answer = within("an answer", wire.next()).await.unwrap();
            }
            assert!(answer.is(ns::SASL, "failure"), "{mechanism} {text}: {answer}");
        }
    }
    bystander.is_unharmed().await;
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let server = Server::start_with(|settings| {
        settings.config.limits.queue_bytes = 256 << 10;
        settings.streams.write_patience = Duration::from_secs(5);
        settings.streams.close_patience = Duration::from_millis(500);
    })
    .await;
    let mut bystander = Bystander::enter(&server).await;
    let mut sleepy = server.bound("eve").await;
    let enter = Element::new(ns::CLIENT, "presence")
        .with_attribute("to", format!("{ROOM}/eve"))
        .with_child(Join::default().element());
    sleepy.send(&enter).await.unwrap();
    let of_eve = |it: &Element| {
        it.is(ns::CLIENT, "presence") && it.attribute("from").is_some_and(|it| it.ends_with("/eve"))
    };
    within("eve", bystander.client.wait_for("eve", of_eve)).await.unwrap();
    let text = "x".repeat(100 << 10);
    let mut eve_is_there = true;
    for number in 0..400 {
        bystander.client.say(ROOM, &format!("long-{number}"), &text).await.unwrap();
        let left = |it: &Element| of_eve(it) && it.attribute("type") == Some("unavailable");
        let look = bystander.client.wait_for_within(Duration::from_millis(1), "eve leaving", left);
        if look.await.is_ok() {
            eve_is_there = false;
            break;
        }
    }
    assert!(!eve_is_there, "who does not read is still in the room");
    bystander.is_unharmed().await;
    server.stop().await;
}

#[tokio::test]
async fn too_many_connections_are_refused_and_those_who_are_in_stay() {
    let server = Server::start_with(|settings| {
        settings.streams.connections = 3;
        settings.streams.strangers_per_address = 2;
    })
    .await;
    let mut bystander = Bystander::enter(&server).await;
    let address = server.target(Encryption::StartTls).address;
    let mut first = Wire::connect(address).await.unwrap();
    first.open(DOMAIN).await.unwrap();
    let mut second = Wire::connect(address).await.unwrap();
    second.open(DOMAIN).await.unwrap();
    let mut third = Wire::connect(address).await.unwrap();
    let refused = within("a refusal", third.next()).await;
    let Err(Lost::Ended { condition, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(condition, "resource-constraint");
    bystander.is_unharmed().await;
    drop((first, second, third));
    let again = async {
        loop {
            let mut wire = Wire::connect(address).await.unwrap();
            if wire.open(DOMAIN).await.is_ok() {
                return;
            }
        }
    };
    within("room for another", again).await;
    server.stop().await;
}

#[tokio::test]
async fn a_user_with_too_many_connections_is_refused_one_more_and_nobody_else_is() {
    let server = Server::start_with(|settings| settings.streams.connections_per_user = 2).await;
    let mut bystander = Bystander::enter(&server).await;
    let (first, _second) = (server.bound("eve").await, server.bound("eve").await);
    let (_third, refused) = server.binds("eve").await;
    let error = refused.child(ns::CLIENT, "error").expect("a refusal");
    let condition = Condition::ResourceConstraint.name();
    assert!(error.children().any(|it| it.name() == condition), "{refused}");
    bystander.is_unharmed().await;
    drop(first);
    let again = async {
        loop {
            let (_wire, answer) = server.binds("eve").await;
            if answer.attribute("type") == Some("result") {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    within("a place for the next connection", again).await;
    server.stop().await;
}
