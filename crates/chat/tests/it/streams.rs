//! A client's stream from the first byte to the last, over real sockets, TLS and `PostgreSQL`.

use crate::server::{DOMAIN, ROOM, Server};
use chat::activity::Activity;
use std::collections::BTreeSet;
use testkit::client::{Client, Encryption, Lost, StanzaRefusal, Target, Wire};
use xmpp::mam::Query;
use xmpp::muc::HistoryWanted;
use xmpp::{Element, ns, ping, sm};

fn refused<T: std::fmt::Debug>(result: Result<T, Lost>) -> StanzaRefusal {
    match result {
        Err(Lost::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn ended<T: std::fmt::Debug>(result: Result<T, Lost>) -> String {
    match result {
        Err(Lost::Ended { condition, .. }) => condition,
        other => panic!("expected the end of the stream, got {other:?}"),
    }
}

fn query(namespace: &'static str) -> Element {
    Element::new(namespace, "query")
}

#[tokio::test]
async fn both_ports_and_both_mechanisms_let_in() {
    let server = Server::start().await;
    for encryption in [Encryption::StartTls, Encryption::Direct] {
        for mechanism in ["SCRAM-SHA-256", "PLAIN"] {
            let mut login = server.login("ann");
            login.mechanism = mechanism;
            let client = Client::connect_to(&login, &server.target(encryption)).await.unwrap();
            assert!(client.jid().starts_with("ann@example.org/"), "{}", client.jid());
            client.close().await.unwrap();
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_was_sent_on_may_begin_with_tls_at_the_other_port() {
    let server = Server::start().await;
    let address = server.target(Encryption::StartTls).address;
    let target = Target { address, encryption: Encryption::Direct };
    Client::connect_to(&server.login("ann"), &target).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn nobody_speaks_without_tls() {
    let server = Server::start().await;
    let mut wire = Wire::connect(server.target(Encryption::StartTls).address).await.unwrap();
    let features = wire.open(DOMAIN).await.unwrap();
    assert!(features.child(ns::TLS, "starttls").unwrap().has_child(ns::TLS, "required"));
    assert!(!features.has_child(ns::SASL, "mechanisms"));
    let auth = Element::new(ns::SASL, "auth").with_attribute("mechanism", "PLAIN");
    wire.send(&auth.with_text("AGFubgBzZWNyZXQ=")).await.unwrap();
    assert_eq!(ended(wire.next().await), "not-authorized");
    server.stop().await;
}

#[tokio::test]
async fn nothing_is_offered_that_is_not_there() {
    let server = Server::start().await;
    let features = server.wire().await.open(DOMAIN).await.unwrap();
    let mechanisms = features.child(ns::SASL, "mechanisms").unwrap();
    let mechanisms: Vec<String> = mechanisms.children().map(Element::text).collect();
    // Without channel binding, so nothing with -PLUS.
    assert_eq!(mechanisms, ["SCRAM-SHA-256", "PLAIN"]);
    let mut ann = server.client("ann").await;
    let of = async |client: &mut Client, address: &str| -> BTreeSet<String> {
        let answer = client.request("get", Some(address), query(ns::DISCO_INFO)).await.unwrap();
        let info = answer.child(ns::DISCO_INFO, "query").unwrap();
        let features = info.children().filter(|child| child.name() == "feature");
        features.filter_map(|it| it.attribute("var").map(str::to_owned)).collect()
    };
    let room = of(&mut ann, ROOM).await;
    for feature in [
        "http://jabber.org/protocol/muc",
        "http://jabber.org/protocol/muc#self-ping-optimization",
        "http://jabber.org/protocol/muc#stable_id",
        "urn:xmpp:mam:2",
        "urn:xmpp:sid:0",
        "urn:xmpp:occupant-id:0",
        "urn:xmpp:ping",
    ] {
        assert!(room.contains(feature), "{feature} of {room:?}");
    }
    // An archive's metadata cannot be asked for, and accounts have no archive.
    assert!(!room.contains("urn:xmpp:mam:2#extended"));
    let account = ann.jid().split('/').next().unwrap().to_owned();
    assert!(!of(&mut ann, &account).await.contains("urn:xmpp:mam:2"));
    server.stop().await;
}

#[tokio::test]
async fn what_is_said_between_starttls_and_tls_ends_the_stream() {
    let server = Server::start().await;
    let mut wire = Wire::connect(server.target(Encryption::StartTls).address).await.unwrap();
    wire.open(DOMAIN).await.unwrap();
    let both = format!("<starttls xmlns='{}'/><iq type='get' id='1'/>", ns::TLS);
    wire.send_bytes(both.as_bytes()).await.unwrap();
    assert_eq!(ended(wire.next().await), "policy-violation");
    server.stop().await;
}

#[tokio::test]
async fn a_wrong_header_is_answered_inside_a_stream() {
    let server = Server::start().await;
    let mut wire = server.wire().await;
    assert_eq!(ended(wire.open("elsewhere.example").await), "host-unknown");
    let mut wire = server.wire().await;
    let header = "<stream:stream xmlns='jabber:client' to='example.org' \
                  xmlns:stream='http://etherx.jabber.org/streams'>";
    wire.send_bytes(header.as_bytes()).await.unwrap();
    assert_eq!(ended(wire.next().await), "unsupported-version");
    let mut wire = server.wire().await;
    wire.send_bytes(b"<a xmlns='b'>").await.unwrap();
    assert_eq!(ended(wire.next().await), "invalid-namespace");
    server.stop().await;
}

#[tokio::test]
async fn a_newer_stream_with_the_same_address_ends_the_older() {
    let server = Server::start().await;
    let mut login = server.login("ann");
    login.resource = Some("desk".to_owned());
    let target = server.target(Encryption::Direct);
    let mut older = Client::connect_to(&login, &target).await.unwrap();
    older.join(ROOM, "ann", HistoryWanted::default()).await.unwrap();
    let mut newer = Client::connect_to(&login, &target).await.unwrap();
    assert_eq!(newer.jid(), "ann@example.org/desk");
    let error = loop {
        if let Err(error) = older.next().await {
            break error;
        }
    };
    assert_eq!(ended::<()>(Err(error)), "conflict");
    newer.join(ROOM, "ann", HistoryWanted::default()).await.expect("the nick is free again");
    newer.say(ROOM, "1", "here I am").await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_newer_stream_at_another_server_ends_the_older_too() {
    let [one, two] = Server::two().await;
    let come = async |server: &Server| {
        let mut login = server.login("ann");
        login.resource = Some("desk".to_owned());
        Client::connect_to(&login, &server.target(Encryption::Direct)).await.unwrap()
    };
    let mut here = come(&one).await;
    here.join(ROOM, "ann", HistoryWanted::default()).await.unwrap();
    // There and back again, by both servers.
    for server in [&two, &one] {
        let mut newer = come(server).await;
        assert_eq!(newer.jid(), "ann@example.org/desk");
        let error = loop {
            if let Err(error) = here.next().await {
                break error;
            }
        };
        assert_eq!(ended::<()>(Err(error)), "conflict");
        newer.join(ROOM, "ann", HistoryWanted::default()).await.expect("the nick is ann's");
        newer.say(ROOM, "1", "here I am").await.unwrap();
        here = newer;
    }
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn the_server_answers_what_clients_ask_at_the_start() {
    let server = Server::start().await;
    let mut ann = server.client("ann").await;
    let roster = ann.request("get", None, query(ns::ROSTER)).await.unwrap();
    assert_eq!(roster.child(ns::ROSTER, "query").unwrap().children().count(), 0);
    let session = Element::new(ns::SESSION, "session");
    ann.request("set", None, session).await.unwrap();
    let ping = || Element::new(ns::PING, "ping");
    for to in [None, Some(DOMAIN), Some("rooms.example.org"), Some(ROOM)] {
        ann.request("get", to, ping()).await.unwrap();
    }
    let version = ann.request("get", Some(DOMAIN), query(ns::VERSION)).await.unwrap();
    let name = version.child(ns::VERSION, "query").unwrap().child_text(ns::VERSION, "name");
    assert_eq!(name.as_deref(), Some("Standfast"));
    let card = Element::new("vcard-temp", "vCard");
    assert_eq!(refused(ann.request("get", None, card).await).condition, "service-unavailable");
    let storage = query("jabber:iq:private");
    assert_eq!(refused(ann.request("get", None, storage).await).condition, "service-unavailable");
    let abroad = refused(ann.request("get", Some("elsewhere.example"), ping()).await);
    assert_eq!(abroad.condition, "remote-server-not-found");
    let somebody = refused(ann.request("get", Some("bob@example.org/x"), ping()).await);
    assert_eq!(somebody.condition, "service-unavailable");
    let nonsense = refused(ann.request("get", Some("@"), ping()).await);
    assert_eq!(nonsense.condition, "jid-malformed");
    server.stop().await;
}

#[tokio::test]
async fn rooms_are_found_by_discovery() {
    let server = Server::start().await;
    let mut ann = server.client("ann").await;
    let items = |answer: &Element| -> Vec<String> {
        let query = answer.child(ns::DISCO_ITEMS, "query").expect("a list");
        query.children().filter_map(|item| item.attribute("jid").map(str::to_owned)).collect()
    };
    let found = ann.request("get", Some(DOMAIN), query(ns::DISCO_ITEMS)).await.unwrap();
    assert_eq!(items(&found), ["rooms.example.org"]);
    let rooms = Some("rooms.example.org");
    let found = ann.request("get", rooms, query(ns::DISCO_ITEMS)).await.unwrap();
    assert!(items(&found).contains(&ROOM.to_owned()), "{found}");
    let room = ann.request("get", Some(ROOM), query(ns::DISCO_INFO)).await.unwrap();
    let info = room.child(ns::DISCO_INFO, "query").unwrap();
    let features: Vec<_> = info.children().filter_map(|it| it.attribute("var")).collect();
    for feature in [ns::MUC, ns::MAM, ns::STANZA_ID, ns::SELF_PING_OPTIMISATION] {
        assert!(features.contains(&feature), "{feature} is not among {features:?}");
    }
    let none = ann.request("get", Some("none@rooms.example.org"), query(ns::DISCO_INFO)).await;
    assert_eq!(refused(none).condition, "item-not-found");
    server.stop().await;
}

#[tokio::test]
async fn who_is_in_a_room_may_ask_whether_it_is() {
    let server = Server::start().await;
    let (mut ann, mut bob) = (server.client("ann").await, server.client("bob").await);
    ann.join(ROOM, "ann", HistoryWanted::default()).await.unwrap();
    bob.join(ROOM, "bob", HistoryWanted::default()).await.unwrap();
    let ping = || Element::new(ns::PING, "ping");
    let own = format!("{ROOM}/ann");
    ann.request("get", Some(&own), ping()).await.unwrap();
    assert_eq!(refused(bob.request("get", Some(&own), ping()).await).condition, "not-acceptable");
    ann.leave(ROOM, "ann").await.unwrap();
    assert_eq!(refused(ann.request("get", Some(&own), ping()).await).condition, "not-acceptable");
    server.stop().await;
}

#[tokio::test]
async fn people_talk_change_nicks_and_leave() {
    let server = Server::start().await;
    let (mut ann, mut bob) = (server.client("ann").await, server.client("bob").await);
    ann.join(ROOM, "ann", HistoryWanted::default()).await.unwrap();
    bob.join(ROOM, "bob", HistoryWanted::default()).await.unwrap();
    let said = ann.say(ROOM, "a1", "hello").await.unwrap();
    assert_eq!(bob.receipt(ROOM, "a1").await.unwrap(), said);
    let rename = Element::new(ns::CLIENT, "presence").with_attribute("to", format!("{ROOM}/eve"));
    ann.send(&rename).await.unwrap();
    let renamed = format!("{ROOM}/eve");
    let of_eve = |it: &Element| {
        it.is(ns::CLIENT, "presence") && it.attribute("from") == Some(renamed.as_str())
    };
    bob.wait_for("eve", of_eve).await.unwrap();
    assert_eq!(ann.say(ROOM, "a2", "it is me").await.unwrap().nick, "eve");
    ann.close().await.unwrap();
    let eve_left = |it: &Element| of_eve(it) && it.attribute("type") == Some("unavailable");
    bob.wait_for("eve leaving", eve_left).await.unwrap();
    let page = bob.query(ROOM, Query::default()).await.unwrap();
    let bodies: Vec<_> = page.posts.iter().map(|post| post.body.as_str()).collect();
    assert_eq!(bodies, ["hello", "it is me"]);
    server.stop().await;
}

#[tokio::test]
async fn that_somebody_types_is_shown_and_not_kept() {
    let [one, two] = Server::two().await;
    let (mut ann, mut bob) = (one.client("ann").await, two.client("bob").await);
    ann.join(ROOM, "ann", HistoryWanted::default()).await.unwrap();
    bob.join(ROOM, "bob", HistoryWanted::default()).await.unwrap();
    let types = Element::new(ns::CLIENT, "message")
        .with_attribute("to", ROOM)
        .with_attribute("type", "groupchat")
        .with_child(Element::new(ns::CHAT_STATES, "composing"));
    let from = format!("{ROOM}/ann");
    let is_typing = |it: &Element| {
        it.has_child(ns::CHAT_STATES, "composing") && it.attribute("from") == Some(from.as_str())
    };
    ann.send(&types).await.unwrap();
    ann.wait_for("the reflection", is_typing).await.unwrap();
    bob.wait_for("ann typing, at the other server", is_typing).await.unwrap();
    ann.all_acknowledged().await.unwrap();
    // Too much of it is dropped, and a post behind it is not.
    for _ in 0..500 {
        ann.send(&types).await.unwrap();
    }
    ann.post(ROOM, "a1", "hello").await.unwrap();
    let mut typed = 0;
    loop {
        let stanza = bob.next().await.unwrap();
        if stanza.has_child(ns::CLIENT, "body") {
            break;
        }
        typed += usize::from(is_typing(&stanza));
    }
    assert!(typed < 500, "nothing was dropped");
    let page = bob.query(ROOM, Query::default()).await.unwrap();
    let bodies: Vec<_> = page.posts.iter().map(|post| post.body.as_str()).collect();
    assert_eq!((bodies, one.posts().await), (vec!["hello"], 1));
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn what_cannot_be_delivered_comes_back() {
    let server = Server::start().await;
    let mut ann = server.client("ann").await;
    let mut send = async |to: &str, kind: &str| {
        let message = Element::new(ns::CLIENT, "message")
            .with_attribute("to", to)
            .with_attribute("id", "m")
            .with_attribute("type", kind)
            .with_child(Element::new(ns::CLIENT, "body").with_text("?"));
        ann.send(&message).await.unwrap();
        let answer = ann.wait_for("the error", |it| it.attribute("id") == Some("m")).await;
        StanzaRefusal::read(&answer.unwrap()).unwrap().condition
    };
    assert_eq!(send("bob@example.org", "chat").await, "service-unavailable");
    assert_eq!(send("bob@elsewhere.example", "chat").await, "remote-server-not-found");
    assert_eq!(send(ROOM, "groupchat").await, "not-acceptable");
    assert_eq!(send("bob@example.org", "groupchat").await, "bad-request");
    let errors = Element::new(ns::CLIENT, "message")
        .with_attribute("to", "bob@example.org")
        .with_attribute("type", "error");
    ann.send(&errors).await.unwrap();
    ann.all_acknowledged().await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn an_acknowledgement_counts_posts_that_are_durable() {
    let server = Server::start().await;
    let mut ann = server.client("ann").await;
    ann.join(ROOM, "ann", HistoryWanted::default()).await.unwrap();
    ann.all_acknowledged().await.unwrap();
    let before = ann.acknowledged();
    for number in 0..10 {
        ann.post(ROOM, &number.to_string(), "text").await.unwrap();
    }
    ann.ask().await.unwrap();
    ann.all_acknowledged().await.unwrap();
    assert_eq!(ann.acknowledged(), before + 10);
    assert_eq!(server.posts().await, 10, "what is acknowledged stands in the database");
    server.stop().await;
}

#[tokio::test]
async fn stream_management_is_turned_on_once_and_not_resumed() {
    let server = Server::start().await;
    let mut wire = server.bound("ann").await;
    wire.send(&Element::new(ns::SM, "enable").with_attribute("resume", "true")).await.unwrap();
    let enabled = wire.next().await.unwrap();
    assert!(enabled.is(ns::SM, "enabled") && enabled.attribute("resume").is_none(), "{enabled}");
    wire.send(&Element::new(ns::SM, "enable")).await.unwrap();
    assert!(wire.next().await.unwrap().is(ns::SM, "failed"));
    wire.send(&sm::ask()).await.unwrap();
    assert_eq!(wire.next().await.unwrap(), sm::acknowledge(0));
    wire.send(&ping::request("ann@example.org", DOMAIN, "p")).await.unwrap();
    assert_eq!(wire.next().await.unwrap().attribute("type"), Some("result"));
    wire.send(&sm::ask()).await.unwrap();
    assert_eq!(wire.next().await.unwrap(), sm::acknowledge(1));
    // One answer was sent, and the one to the binding may count.
    wire.send(&sm::acknowledge(2)).await.unwrap();
    wire.send(&sm::acknowledge(3)).await.unwrap();
    assert_eq!(ended(wire.next().await), "undefined-condition", "there was no third");
    server.stop().await;
}

#[tokio::test]
async fn nobody_speaks_for_another() {
    let server = Server::start().await;
    let mut wire = server.bound("ann").await;
    wire.send(&ping::request("bob@example.org", DOMAIN, "p")).await.unwrap();
    assert_eq!(ended(wire.next().await), "invalid-from");
    let mut wire = server.bound("ann").await;
    wire.send(&Element::new("urn:x", "a")).await.unwrap();
    assert_eq!(ended(wire.next().await), "unsupported-stanza-type");
    server.stop().await;
}

#[tokio::test]
async fn a_silent_client_is_asked_and_then_given_up() {
    let server = Server::start_with(|settings| {
        settings.streams.probe_after = std::time::Duration::from_millis(300);
        settings.streams.probe_patience = std::time::Duration::from_millis(300);
    })
    .await;
    let mut wire = server.bound("ann").await;
    let asked = wire.next().await.unwrap();
    assert!(ping::is_ping(&asked), "{asked}");
    wire.send(&xmpp::stanza::result(&asked, None)).await.unwrap();
    assert!(ping::is_ping(&wire.next().await.unwrap()), "who answers is asked again");
    assert_eq!(ended(wire.next().await), "connection-timeout");
    server.stop().await;
}

#[tokio::test]
async fn a_server_off_the_active_list_moves_its_clients() {
    let server = Server::start().await;
    let mut ann = server.client("ann").await;
    ann.join(ROOM, "ann", HistoryWanted::default()).await.unwrap();
    ann.say(ROOM, "1", "before").await.unwrap();
    ann.post(ROOM, "2", "meanwhile").await.unwrap();
    server.set_activity(Activity::Inactive { move_to: "other.example.org:5222".to_owned() });
    let error = loop {
        if let Err(error) = ann.next().await {
            break error;
        }
    };
    assert!(matches!(&error, Lost::Moved(to) if to == "other.example.org:5222"), "{error}");
    for encryption in [Encryption::StartTls, Encryption::Direct] {
        let again = Client::connect_to(&server.login("ann"), &server.target(encryption)).await;
        assert!(matches!(again, Err(Lost::Moved(_))), "{again:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn with_nobody_active_clients_stay_and_are_told_to_wait() {
    let server = Server::start().await;
    let mut ann = server.client("ann").await;
    ann.join(ROOM, "ann", HistoryWanted::default()).await.unwrap();
    server.set_activity(Activity::NoneActive);
    let refusal = refused(ann.say(ROOM, "1", "text").await);
    assert!(refusal.may_pass(), "{refusal}");
    server.set_activity(Activity::Active);
    ann.say(ROOM, "2", "text").await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_acknowledges_and_says_so() {
    let server = Server::start().await;
    let mut ann = server.client("ann").await;
    ann.join(ROOM, "ann", HistoryWanted::default()).await.unwrap();
    ann.post(ROOM, "1", "the last words").await.unwrap();
    ann.receipt(ROOM, "1").await.unwrap();
    let ((), error) = tokio::join!(server.stop(), async {
        loop {
            if let Err(error) = ann.next().await {
                break error;
            }
        }
    });
    assert_eq!(ended::<()>(Err(error)), "system-shutdown");
}
