//! Servers off the active list move their clients; with an empty list everybody stays and waits.

use crate::ground::{Databases, Ground, LONG, POOL, SERVERS};
use crate::people::{People, ROOMS, SENDERS};
use crate::sender::{Sender, Told};
use testkit::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_off_the_active_list_move_their_clients() {
    let ground = Ground::stand(34, Databases::HomePair).await;
    let people = People::come(&ground).await;
    people.acknowledged(50).await;

    for active in [&SERVERS[2..], &SERVERS[..1], &SERVERS[1..3]] {
        let since = people.now();
        set_active(&ground, active).await;
        are_at(&ground, &people, active).await;
        let when = format!("only {active:?} are active");
        let firsts = people.go_on(&since, 5, &people.names(), &when).await;
        println!("{when}: acknowledged again {:?}", firsts.values().max());
        are_at(&ground, &people, active).await;
    }
    set_active(&ground, &SERVERS).await;
    let since = people.now();
    people.go_on(&since, 3, &people.names(), "all are active").await;

    // Nobody is moved when nobody is active.
    let mut senders = Vec::new();
    for (name, server) in SENDERS.into_iter().zip(SERVERS) {
        senders.push(Sender::begin(&ground, &people.ledger, name, server, ROOMS[0]).await);
    }
    people.acknowledged(50).await;
    let since = people.now();
    set_active(&ground, &[]).await;
    eventually(LONG, "every sender is told to wait", async || {
        let waits = |it: &Sender| it.told().values().any(|told| matches!(told, Told::Refused(_)));
        if senders.iter().all(waits) { Ok(()) } else { Err("not every") }
    })
    .await;
    set_active(&ground, &SERVERS).await;
    people.go_on(&since, 5, &people.names(), "all are active again").await;
    let losses = people.losses(&since);
    assert!(losses.is_empty(), "everybody stays connected: {losses:?}");
    for sender in &senders {
        for (origin_id, told) in sender.is_told().await {
            let Told::Refused(refusal) = told else { continue };
            assert!(refusal.may_pass(), "{origin_id}: {refusal}");
        }
        assert!(sender.is_connected(), "everybody stays connected");
    }
    let verdict = people.check(&ground, "the list was changed").await;
    println!("{verdict}");
}

/// Sets the list as an administrator would, by the shell.
async fn set_active(ground: &Ground, servers: &[&str]) {
    let list = match servers {
        [] => "$null".to_owned(),
        servers => servers.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(","),
    };
    let line =
        format!("Set-CsPersistentChatActiveServer -Identity {POOL} -ActiveServers {list} -Force");
    ground.deployment.shell(&line).await.unwrap();
}

/// Waits until everybody is on one of these servers.
async fn are_at(ground: &Ground, people: &People, servers: &[&str]) {
    eventually(LONG, &format!("everybody is on one of {servers:?}"), async || {
        let places = people.places(ground);
        let there = places.values().all(|at| servers.contains(&at.as_str()));
        if there { Ok(()) } else { Err(places) }
    })
    .await;
}
