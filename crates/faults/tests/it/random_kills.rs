//! Each kind of process and host is killed at random moments, with posts in flight.
//!
//! `STANDFAST_FAULTS_SEED` repeats the choices of an earlier run, `STANDFAST_FAULTS_ROUNDS` makes
//! it a longer one.

use crate::ground::{Databases, Ground};
use crate::people::People;
use crate::strike::{self, Hit};
use faults::chance::Chance;
use faults::plan::{Kind, Return, Strike, rounds};
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::time::Duration;

const SEED: &str = "STANDFAST_FAULTS_SEED";
const ROUNDS: &str = "STANDFAST_FAULTS_ROUNDS";

/// As many as hit every kind once.
const ROUNDS_USUAL: usize = 5;

/// After a strike everybody says so much, and is acknowledged.
const GOES_ON: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_kills() {
    let seed = number(SEED).unwrap_or_else(Chance::seed);
    let count = number(ROUNDS).and_then(|it| usize::try_from(it).ok()).unwrap_or(ROUNDS_USUAL);
    println!("{count} rounds; {SEED}={seed} repeats them");
    let mut chance = Chance::new(seed);
    let plan = rounds(count, &mut chance);
    let mut ground = Ground::stand(31, Databases::HomePairAndBackup).await;
    let people = People::come(&ground).await;
    let mut kinds = BTreeSet::<Kind>::new();
    for (number, strikes) in plan.iter().enumerate() {
        for strike in strikes {
            carry_out(strike, &mut ground, &people, &mut chance).await;
            kinds.extend(&strike.kinds);
        }
        let verdict = people.check(&ground, &format!("round {number}, seed {seed}")).await;
        println!("round {}: {}", number + 1, verdict.to_string().trim());
        people.talk().await;
    }
    assert_eq!(kinds.len(), Kind::ALL.len(), "every kind was hit: {kinds:?}");
}

async fn carry_out(strike: &Strike, ground: &mut Ground, people: &People, chance: &mut Chance) {
    let (posts, microseconds) = strike.after;
    people.acknowledged(posts).await;
    // On purpose: any moment will do; the wait is the fault's, not the test's.
    tokio::time::sleep(Duration::from_micros(microseconds.try_into().unwrap())).await;
    let since = people.now();
    let mut hits: Vec<Hit> = Vec::new();
    for kind in &strike.kinds {
        hits.push(strike::hit(ground, people, *kind, chance).await);
    }
    let since = since.asked_from_now(people);
    let what: Vec<&str> = hits.iter().map(|it| it.what.as_str()).collect();
    let when = format!("after {strike} ({})", what.join(", "));
    if strike.returns == Return::AtOnce {
        start_again(&hits, ground).await;
    }
    let firsts = people.go_on(&since, GOES_ON, &people.names(), &when).await;
    if strike.returns == Return::Later {
        start_again(&hits, ground).await;
    }
    ground.is_protected(&when).await;
    println!(
        "{when}: acknowledged again after {}, protected again after {:.1} s",
        span(&firsts),
        since.elapsed().as_secs_f64()
    );
    for hit in &hits {
        hit.is_back(ground).await;
    }
}

async fn start_again(hits: &[Hit], ground: &mut Ground) {
    for hit in hits {
        hit.start_again(ground).await;
    }
}

/// The shortest and the longest time that somebody waited.
fn span(firsts: &BTreeMap<String, Duration>) -> String {
    let shortest = firsts.values().min().copied().unwrap_or_default();
    let (who, longest) = firsts.iter().max_by_key(|it| it.1).expect("people talk");
    format!("{:.2} to {:.2} s ({who})", shortest.as_secs_f64(), longest.as_secs_f64())
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text}")))
}
