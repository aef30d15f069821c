//! Whatever is killed, whenever: no acknowledged row is lost inside the site.
//!
//! `STANDFAST_SEED` repeats a run, `STANDFAST_ROUNDS` makes it longer.

use std::time::{Duration, Instant};

use crate::dice::{Dice, rounds};
use crate::ground::{Ground, HOSTS};
use crate::load::Load;

const ROUNDS: u64 = 5;
/// A kill comes at any moment within this.
const MOMENT_MS: u64 = 1500;

#[tokio::test]
async fn kills_at_random_moments_lose_no_acknowledged_row() {
    let (mut dice, rounds) = (Dice::shown(), rounds(ROUNDS));
    let mut ground = Ground::stand(27).await;
    let load = Load::begin(&ground);
    load.goes_on("the new pool").await;
    let mut hosts: Vec<&str> = Vec::new();
    for round in 1..=rounds {
        if hosts.is_empty() {
            hosts = HOSTS.to_vec();
        }
        let host = hosts.swap_remove(usize::try_from(dice.roll(hosts.len() as u64)).unwrap());
        let moment = Duration::from_millis(dice.roll(MOMENT_MS));
        let begun = Instant::now();
        while begun.elapsed() < moment {
            load.first_since(Instant::now()).await;
        }
        let what = kill(&mut ground, host, dice.roll(3)).await;
        let killed = Instant::now();
        println!("round {round}: {what} on {host} after {moment:?}");
        load.goes_on("after a kill").await;
        if ground.host(host).main().await.unwrap().is_none() {
            ground.host(host).start().await.unwrap();
        }
        let record = ground.is_well("after a kill").await;
        let (outage, whole) = (load.outage_since(killed), killed.elapsed());
        println!("round {round}: term {}, out for {outage:?}, whole after {whole:?}", record.term);
    }
    load.ends_whole(&mut ground).await;
    ground.backup_has_followed().await;
}

/// Kills the host, its own process, or the postmaster, as `die` says and the host has it.
async fn kill(ground: &mut Ground, host: &str, die: u64) -> &'static str {
    let topology = ground.deployment.topology();
    let store = topology.stores_on(host).next().map(|it| it.name.clone());
    match (die, store) {
        (0, _) => {
            ground.host(host).kill_host().await.unwrap();
            "everything"
        }
        (1, Some(store)) => {
            ground.kill_postmaster(&store);
            "the postmaster"
        }
        _ => {
            ground.host(host).kill_process().await.unwrap();
            "the host's own process"
        }
    }
}
