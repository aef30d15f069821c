//! A chat server that is frozen in the middle of its work holds up nobody but its own clients.

use crate::ground::{Databases, Ground, SERVERS};
use crate::people::People;
use faults::chance::Chance;

/// Everybody else says so much while it is silent, and is acknowledged: for longer than its
/// occupants' lease lasts.
const GO_ON: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigstop_of_one_chat_server_stops_no_other() {
    let seed = Chance::seed();
    println!("seed {seed}");
    let mut chance = Chance::new(seed);
    let mut ground = Ground::stand(32, Databases::HomePair).await;
    let people = People::come(&ground).await;
    for server in SERVERS {
        people.acknowledged(chance.below(20)).await;
        let places = people.places(&ground);
        let (theirs, others): (Vec<_>, Vec<_>) =
            people.names().into_iter().partition(|it| places[it] == server);
        let since = people.now();
        ground.host(server).stop_all().await.unwrap();
        let when = format!("{server} is silent");
        let firsts = people.go_on(&since, GO_ON, &others, &when).await;
        let lost: Vec<_> =
            people.losses(&since).into_iter().filter(|(who, _)| others.contains(who)).collect();
        assert!(lost.is_empty(), "{when}, and others lose their connections: {lost:?}");
        let longest = others.iter().filter_map(|it| firsts.get(it)).max();
        let moved = people.go_on(&since, 1, &theirs, &when).await;
        let their_longest = theirs.iter().filter_map(|it| moved.get(it)).max();
        println!(
            "{when}: acknowledged again after {longest:?} to {} others, after {their_longest:?} \
             to its own {}",
            others.len(),
            theirs.len()
        );
        ground.host(server).continue_all().await.unwrap();
        ground.server_listens(server).await;
    }
    let verdict = people.check(&ground, "every server was silent once").await;
    println!("{verdict}");
}
