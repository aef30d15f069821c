//! What a lost site had never shipped comes back: once, in order, marked.

use crate::world::{Client, DEADLINE, World, archived, room};
use chat::salvage::{self, Salvaged};
use db::Primary;
use tokio::sync::watch;
use xmpp::mam::{Page, Query};
use xmpp::{Element, ns, stanza_id};

/// The old copy goes on alone after the other was made from it: nothing of that is ever shipped.
async fn parted(world: &mut World) -> String {
    let server = world.server("old");
    let alice = Client::new(&server, "alice");
    alice.enters("ops", "alice").await.unwrap();
    for n in 0..5 {
        alice.posts("ops", &format!("shipped {n}"), None).await.unwrap();
    }
    drop((alice, server));
    world.stop_servers().await;
    // Connections of ended servers are gone in a moment; a template must have none.
    let old = world.database().to_owned();
    let admin = world.postgres.connect("postgres").await;
    testkit::eventually(DEADLINE, "nobody is connected", async || {
        let sql = "select count(*) from pg_stat_activity where datname = $1";
        match admin.query_one(sql, &[&old]).await.unwrap().get::<_, i64>(0) {
            0 => Ok(()),
            some => Err(some),
        }
    })
    .await;
    world.postgres.fresh_database_from(&old).await
}

fn following(world: &World, reign: i64) -> watch::Receiver<Option<Primary>> {
    let address = world.postgres.address();
    let primary = Primary { store: "backup".to_owned(), address, reign, turn: 1 };
    // The sender is not needed: this primary never changes.
    watch::channel(Some(primary)).1
}

#[tokio::test]
async fn unshipped_posts_come_back_once_and_in_order() {
    let mut world = World::new().await;
    let backup = parted(&mut world).await;
    // Home, cut off, still takes posts.
    let home = world.server("home");
    let alice = Client::new(&home, "alice");
    alice.enters("ops", "alice").await.unwrap();
    alice.enters("lab", "alice").await.unwrap();
    let mut lost = Vec::new();
    for n in 0..4 {
        lost.push(alice.posts("ops", &format!("lost {n}"), Some(&format!("o{n}"))).await.unwrap());
    }
    alice.posts("lab", "only here", None).await.unwrap();
    let old = world.sql().await;
    let extra = chat::provision::NewRoom { name: "new-at-home".to_owned(), ..Default::default() };
    chat::provision::create_room(&old, &extra).await.unwrap();
    alice.enters("new-at-home", "alice").await.unwrap();
    alice.posts("new-at-home", "in a new room", None).await.unwrap();
    world.stop_servers().await;
    // The backup site goes on in the next reign; alice repeats one of her posts there.
    let current = world.postgres.connect(&backup).await;
    current.batch_execute("update recovery.term set reign = 2").await.unwrap();
    let told = following(&world, 2);
    let server = world.server_as("backup", "standfast", &backup, told);
    let alice = Client::new(&server, "alice");
    alice.enters("ops", "alice").await.unwrap();
    alice.posts("ops", "lost 1", Some("o1")).await.unwrap();
    alice.posts("ops", "after the failover", None).await.unwrap();
    alice.has_bodies("ops", 7).await;
    alice.forget();
    // What had not been shipped is read from the old copy and travels as JSON.
    let forks = salvage::forks(&current).await.unwrap();
    let forks = serde_json::from_str(&serde_json::to_string(&forks).unwrap()).unwrap();
    let found = salvage::unshipped(&old, &forks).await.unwrap();
    assert_eq!(found.len(), 6, "{found:?}");
    let text = serde_json::to_string(&found).unwrap();
    let found: Vec<Salvaged> = serde_json::from_str(&text).unwrap();
    let report = salvage::restore(&current, &found).await.unwrap();
    assert_eq!((report.restored, report.already_there, report.repeated_by_sender), (4, 0, 1));
    assert_eq!(report.rooms_missing.len(), 1);
    assert_eq!(report.rooms_missing[0].command, "New-CsPersistentChatRoom -Name 'new-at-home'");
    // Doing it again changes nothing.
    let again = salvage::restore(&current, &found).await.unwrap();
    assert_eq!((again.restored, again.already_there, again.repeated_by_sender), (0, 4, 1));
    let ops = archived(&current, "ops").await;
    assert_eq!(ops[5..], ["lost 1", "after the failover", "lost 0", "lost 2", "lost 3"]);
    // Whoever is in the room is shown them, marked, under their old ids.
    assert_eq!(alice.has_bodies("ops", 3).await, ["lost 0", "lost 2", "lost 3"]);
    let first = alice.stanzas().into_iter().find(|s| s.name() == "message").unwrap();
    let address = room("ops");
    let id = stanza_id::stanza_id(&first, address.as_str());
    assert_eq!(id, Some(lost[0].to_string().as_str()));
    assert!(first.has_child(chat::STANDFAST, "recovered"), "{first}");
    assert!(first.has_child(ns::DELAY, "delay"), "{first}");
    // Made by the command of the report, the missing room gets its posts, too.
    chat::provision::create_room(&current, &extra).await.unwrap();
    let report = salvage::restore(&current, &found).await.unwrap();
    assert_eq!((report.restored, report.rooms_missing.len()), (1, 0));
    after_a_dead_branch(&alice, &lost[2].to_string()).await;
}

/// A client asks for what follows on an id that only the dead branch had at that place.
async fn after_a_dead_branch(alice: &Client, id: &str) {
    let ask = async |page: Page, max: u64| {
        alice.forget();
        let query = Query { page, max: Some(max), ..Query::default() };
        let fin =
            alice.chat.rooms().query(&room("ops"), &alice.who, query, &alice.outbox).await.unwrap();
        let expected = usize::try_from(max).unwrap().min(5);
        let found = testkit::eventually(DEADLINE, "the page arrives", async || {
            let stanzas = alice.stanzas();
            let results = stanzas.iter().filter_map(|s| s.child(ns::MAM, "result"));
            let found: Vec<String> = results.filter_map(body).collect();
            if found.len() >= expected.min(found.len().max(1)) { Ok(found) } else { Err(found) }
        });
        (found.await, fin)
    };
    let (bodies, fin) = ask(Page::After(id.to_owned()), 100).await;
    assert_eq!(bodies, ["lost 1", "after the failover", "lost 0", "lost 2", "lost 3"]);
    assert!(fin.complete);
    // Paging over recovered posts moves on: the bounds name their places.
    let (_, fin) = ask(Page::After(id.to_owned()), 4).await;
    let (_, last) = fin.bounds.unwrap();
    assert!(last.contains('@'), "{last}");
    let (bodies, _) = ask(Page::After(last), 1).await;
    assert_eq!(bodies, ["lost 3"]);
}

fn body(result: &Element) -> Option<String> {
    let message = result.child(ns::FORWARD, "forwarded")?.child(ns::CLIENT, "message")?;
    message.child_text(ns::CLIENT, "body")
}

#[tokio::test]
async fn clients_that_stay_connected_go_on_from_the_fork() {
    let mut world = World::new().await;
    let backup = parted(&mut world).await;
    let current = world.postgres.connect(&backup).await;
    current.batch_execute("update recovery.term set reign = 2").await.unwrap();
    // One server stays with home and shows three posts that are never shipped.
    let home = world.server("home");
    let bob = Client::new(&home, "bob");
    bob.enters("ops", "bob").await.unwrap();
    for n in 0..3 {
        bob.posts("ops", &format!("lost {n}"), None).await.unwrap();
    }
    bob.has_bodies("ops", 8).await;
    // Meanwhile the backup site takes two others, which stand at the same positions.
    let told = following(&world, 2);
    let away = world.server_as("backup", "standfast", &backup, told);
    let carol = Client::new(&away, "carol");
    carol.enters("ops", "carol").await.unwrap();
    carol.posts("ops", "new 0", None).await.unwrap();
    carol.posts("ops", "new 1", None).await.unwrap();
    bob.forget();
    // Both databases are one for this test's servers: the old one takes the new one's name.
    let (old, new) = (world.database().to_owned(), backup);
    let admin = world.postgres.connect("postgres").await;
    drop(current);
    for name in [&old, &new] {
        // The servers come back at once, and a database in use keeps its name.
        let shut = format!("alter database {name} allow_connections false");
        admin.batch_execute(&shut).await.unwrap();
    }
    testkit::eventually(DEADLINE, "the databases change places", async || {
        let end =
            "select pg_terminate_backend(pid) from pg_stat_activity where datname in ($1, $2)";
        admin.execute(end, &[&old, &new]).await.unwrap();
        let swap = format!("alter database {old} rename to aside");
        admin.batch_execute(&swap).await?;
        Ok::<_, tokio_postgres::Error>(())
    })
    .await;
    testkit::eventually(DEADLINE, "the new database takes the name", async || {
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
        admin.execute(end, &[&new]).await.unwrap();
        admin.batch_execute(&format!("alter database {new} rename to {old}")).await
    })
    .await;
    let open = format!("alter database {old} allow_connections true");
    admin.batch_execute(&open).await.unwrap();
    world.tell_primary(2, 1);
    assert_eq!(bob.has_bodies("ops", 2).await, ["new 0", "new 1"]);
    testkit::eventually(DEADLINE, "posts are taken again", async || {
        bob.posts("ops", "and on", Some("on")).await
    })
    .await;
    assert_eq!(bob.has_bodies("ops", 3).await, ["new 0", "new 1", "and on"]);
}
