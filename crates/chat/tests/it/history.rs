//! History on entering, and archive queries.

use crate::world::{Client, DEADLINE, World, room};
use chat::rooms::RoomError;
use xmpp::mam::{Fin, Page, Query};
use xmpp::muc::HistoryWanted;
use xmpp::{Element, ns};

/// Asks, and tells the answer with the bodies of the results.
async fn ask(client: &Client, query: Query) -> Result<(Vec<String>, Fin), RoomError> {
    client.forget();
    let fin = client.chat.rooms().query(&room("ops"), &client.who, query, &client.outbox).await?;
    // A marker after the results shows that all have come.
    client.chat.rooms().presence(&room("ops"), &client.who, &presence()).unwrap();
    client.has_presence("the marker", |p| p.has_child(ns::CLIENT, "show")).await;
    let stanzas = client.stanzas();
    let results = stanzas.iter().filter_map(|s| s.child(ns::MAM, "result"));
    let body = |result: &Element| {
        let message = result.child(ns::FORWARD, "forwarded")?.child(ns::CLIENT, "message")?;
        message.child_text(ns::CLIENT, "body")
    };
    Ok((results.filter_map(body).collect(), fin))
}

fn presence() -> Element {
    Element::new(ns::CLIENT, "presence")
        .with_child(Element::new(ns::CLIENT, "show").with_text("dnd"))
}

#[tokio::test]
async fn pages_forwards_and_backwards_and_counts() {
    let mut world = World::new().await;
    let server = world.server("a");
    let (alice, bob) = (Client::new(&server, "alice"), Client::new(&server, "bob"));
    alice.enters("ops", "alice").await.unwrap();
    bob.enters("ops", "bob").await.unwrap();
    let mut ids = Vec::new();
    for n in 0..10 {
        let author = if n % 2 == 0 { &alice } else { &bob };
        ids.push(author.posts("ops", &n.to_string(), None).await.unwrap().to_string());
    }
    alice.has_bodies("ops", 10).await;
    let max = Some(4);
    let (bodies, fin) = ask(&alice, Query { max, ..Query::default() }).await.unwrap();
    assert_eq!((bodies.join(" ").as_str(), fin.complete), ("0 1 2 3", false));
    assert_eq!(fin.count, Some(10));
    assert_eq!(fin.bounds, Some((ids[0].clone(), ids[3].clone())));
    let page = Page::After(ids[7].clone());
    let (bodies, fin) = ask(&alice, Query { max, page, ..Query::default() }).await.unwrap();
    assert_eq!((bodies.join(" ").as_str(), fin.complete), ("8 9", true));
    let page = Page::Last;
    let (bodies, fin) = ask(&alice, Query { max, page, ..Query::default() }).await.unwrap();
    assert_eq!((bodies.join(" ").as_str(), fin.complete), ("6 7 8 9", false));
    let page = Page::Before(ids[4].clone());
    let flip_page = true;
    let query = Query { max, page, flip_page, ..Query::default() };
    let (bodies, fin) = ask(&alice, query).await.unwrap();
    assert_eq!((bodies.join(" ").as_str(), fin.complete), ("3 2 1 0", true));
    let with = Some(bob.who.to_string());
    let (bodies, fin) = ask(&alice, Query { with, ..Query::default() }).await.unwrap();
    assert_eq!((bodies.join(" ").as_str(), fin.count), ("1 3 5 7 9", Some(5)));
    let query = Query { ids: vec![ids[2].clone(), ids[5].clone()], ..Query::default() };
    assert_eq!(ask(&alice, query).await.unwrap().0, ["2", "5"]);
    let page = Page::After("never-seen".to_owned());
    let missing = ask(&alice, Query { page, ..Query::default() }).await;
    assert_eq!(missing.unwrap_err(), RoomError::NotInArchive);
    let (bodies, fin) = ask(&alice, Query { max: Some(0), ..Query::default() }).await.unwrap();
    assert_eq!((bodies.len(), fin.count), (0, Some(10)));
}

#[tokio::test]
async fn history_is_as_long_as_was_asked_for() {
    let mut world = World::new().await;
    let server = world.server("a");
    let alice = Client::new(&server, "alice");
    alice.enters("ops", "alice").await.unwrap();
    for n in 0..40 {
        alice.posts("ops", &n.to_string(), None).await.unwrap();
    }
    alice.has_bodies("ops", 40).await;
    let wanted =
        |max_stanzas, seconds| HistoryWanted { max_stanzas, seconds, ..Default::default() };
    let cases = [
        (wanted(None, None), 30),
        (wanted(Some(3), None), 3),
        (wanted(Some(0), None), 0),
        (wanted(None, Some(3600)), 40),
        (HistoryWanted { max_chars: Some(1), ..Default::default() }, 0),
        (HistoryWanted { since: Some("2999-01-01T00:00:00Z".to_owned()), ..wanted(None, None) }, 0),
    ];
    for (n, (wanted, count)) in cases.into_iter().enumerate() {
        let late = Client::new(&server, &format!("late{n}"));
        late.enters_with("ops", &format!("late{n}"), wanted.clone()).await.unwrap();
        late.has_presence("self", |p| xmpp::muc::statuses(p).contains(&110)).await;
        let end = format!("end{n}");
        alice.posts("ops", &end, None).await.unwrap();
        let before = testkit::eventually(DEADLINE, "the end arrives", async || {
            let bodies = late.bodies("ops");
            bodies.iter().position(|body| *body == end).ok_or(bodies)
        })
        .await;
        // The ends of earlier cases are history, too.
        assert!(before == count || wanted.seconds.is_some() && before == count + n, "{wanted:?}");
    }
}

#[tokio::test]
async fn who_may_enter_may_read_the_archive_without_being_there() {
    let mut world = World::new().await;
    let (one, two) = (world.server("one"), world.server("two"));
    let alice = Client::new(&one, "alice");
    alice.enters("ops", "alice").await.unwrap();
    for body in ["a", "b"] {
        alice.posts("ops", body, None).await.unwrap();
    }
    // What the server where she is has not shown yet is in nobody's archive there.
    alice.has_bodies("ops", 2).await;
    // At a server where somebody is in the room, and at one where nobody is.
    for server in [&one, &two] {
        let eve = Client::new(server, "eve");
        let ask = async |name: &str| {
            server.rooms().query(&room(name), &eve.who, Query::default(), &eve.outbox).await
        };
        let fin = ask("ops").await.unwrap();
        assert_eq!((fin.complete, fin.count), (true, Some(2)));
        testkit::eventually(DEADLINE, "the page arrives", async || {
            let results = eve.stanzas().iter().filter(|s| s.has_child(ns::MAM, "result")).count();
            if results == 2 { Ok(()) } else { Err(results) }
        })
        .await;
        assert_eq!(ask("nowhere").await, Err(RoomError::NoSuchRoom));
    }
    world.stop_servers().await;
}
