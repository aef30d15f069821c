//! Whatever is killed, whenever: no acknowledged row is lost inside the site.
//!
//! `STANDFAST_SEED` repeats a run, `STANDFAST_ROUNDS` makes it longer.

use std::time::{Duration, Instant};

use crate::ground::{Ground, HOSTS};
use crate::load::Load;

const ROUNDS: u64 = 5;
/// A kill comes at any moment within this.
const MOMENT_MS: u64 = 1500;

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (it ^ (it >> 31)) % sides
    }
}

#[tokio::test]
async fn kills_at_random_moments_lose_no_acknowledged_row() {
    let seed = number("STANDFAST_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let rounds = number("STANDFAST_ROUNDS").unwrap_or(ROUNDS);
    println!("STANDFAST_SEED={seed} STANDFAST_ROUNDS={rounds}");
    let mut dice = Dice(seed);
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

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
