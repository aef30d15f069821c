//! The database is away for five seconds under load: delivered equals archived, to the last post.

use crate::ground::{Databases, Ground, LONG, SERVERS};
use crate::people::{People, ROOMS, SENDERS};
use crate::sender::{Sender, Told};
use nix::sys::signal::Signal;
use std::time::Duration;
use testkit::client::StanzaRefusal;
use testkit::eventually;
use testkit::ledger::Event;
use testkit::processes::Process;

/// For so long nothing of PostgreSQL runs at home.
const AWAY: Duration = Duration::from_secs(5);

/// Both hosts of the home pair.
const HOSTS: [&str; 2] = ["north-db1", "north-db2"];

/// In the command line of every process of PostgreSQL.
const POSTGRES: &str = "postgres";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_away_for_5_s_under_load() {
    let mut ground = Ground::stand(33, Databases::HomePair).await;
    let people = People::come(&ground).await;
    let mut senders = Vec::new();
    for (index, (name, server)) in SENDERS.into_iter().zip(SERVERS).enumerate() {
        let room = ROOMS[index % ROOMS.len()];
        senders.push(Sender::begin(&ground, &people.ledger, name, server, room).await);
    }
    people.acknowledged(100).await;

    let since = people.now();
    signal(&mut ground, Signal::SIGSTOP).await;
    // On purpose: it is what is tried, and nothing is waited for.
    tokio::time::sleep(AWAY).await;
    signal(&mut ground, Signal::SIGCONT).await;

    let firsts = people.go_on(&since, 5, &people.names(), "the database is back").await;
    println!("acknowledged again {:?} after the beginning", firsts.values().max());
    ground.is_protected("the database is back").await;
    let mut to_wait = Vec::new();
    let mut echoed = 0;
    for sender in &senders {
        let told = sender.is_told().await;
        assert!(sender.is_connected(), "no chat server was hit");
        echoed += told.values().filter(|it| **it == Told::Echo).count();
        to_wait.extend(told.into_iter().filter_map(refused));
    }
    println!("of the senders' posts {echoed} were echoed, {} are to wait", to_wait.len());
    let not_kept: Vec<&String> = to_wait
        .iter()
        .filter(|it| it.1.text.contains("nothing was kept"))
        .map(|it| &it.0)
        .collect();
    let verdict = people.check(&ground, "the database was away").await;
    println!("{verdict}");
    let entries = people.ledger.entries();
    let kept = entries.iter().find(|entry| match &entry.what {
        Event::Seen(post) => post.origin_id.as_ref().is_some_and(|it| not_kept.contains(&it)),
        _ => false,
    });
    assert!(kept.is_none(), "its sender was told that nothing was kept: {kept:?}");
}

/// A post that is to wait, and in which words.
fn refused((origin_id, told): (String, Told)) -> Option<(String, StanzaRefusal)> {
    let Told::Refused(refusal) = told else { return None };
    assert!(refusal.may_pass(), "{origin_id}: {refusal}");
    Some((origin_id, refusal))
}

/// Signals every process of PostgreSQL on both hosts, until all of them are stopped (or go on).
async fn signal(ground: &mut Ground, how: Signal) {
    for host in HOSTS {
        eventually(LONG, &format!("{how} on {host}"), async || {
            let signalled = match ground.host(host).signal(POSTGRES, how) {
                Ok(signalled) => signalled,
                // A keeper ends a primary that is frozen: then there is nothing to go on.
                Err(_) if how == Signal::SIGCONT => Vec::new(),
                Err(error) => panic!("{error:#}"),
            };
            let stopped = |it: &Process| it.state == 'T';
            let now: Vec<_> = signalled.iter().filter_map(|it| Process::look(it.pid)).collect();
            let done = now.iter().all(|it| stopped(it) == (how == Signal::SIGSTOP));
            if done { Ok(()) } else { Err(now) }
        })
        .await;
    }
}
