//! A primary that is merely busy is not replaced, however long the machine has too much to do.
//!
//! `STANDFAST_OVERLOAD_MINUTES` makes it longer than the moment that every run has time for.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::ground::Ground;
use crate::load::Load;

const MOMENT: Duration = Duration::from_secs(20);
/// Between two lines that say how it goes.
const TOLD_EVERY: Duration = Duration::from_mins(1);
/// More than any machine that runs this has processors to spare for.
const BUSY_LOOPS_PER_PROCESSOR: usize = 4;

#[tokio::test]
async fn an_overloaded_machine_causes_no_switchover() {
    let minutes = std::env::var("STANDFAST_OVERLOAD_MINUTES").ok();
    let long = minutes.map_or(MOMENT, |it| Duration::from_mins(it.parse().unwrap()));
    let mut ground = Ground::stand(37).await;
    let load = Load::begin(&ground);
    load.goes_on("the new pool").await;
    let before = ground.record().await;
    let busy = Busy::begin();
    let begun = Instant::now();
    let mut told = begun;
    while begun.elapsed() < long {
        load.goes_on("the machine is overloaded").await;
        if told.elapsed() >= TOLD_EVERY {
            told = Instant::now();
            let term = ground.record().await.term;
            let gap = load.outage_since(begun);
            println!("{:?}: load {}, term {term}, longest gap {gap:?}", begun.elapsed(), average());
        }
    }
    println!("overloaded for {:?}: longest gap {:?}", begun.elapsed(), load.outage_since(begun));
    drop(busy);
    let after = ground.is_well("the overload is over").await;
    assert_eq!(after.term, before.term, "being busy is no reason for a switchover");
    load.ends_whole(&mut ground).await;
    ground.backup_has_followed().await;
}

/// The machine's load average of the last minute.
fn average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap();
    text.split_whitespace().next().unwrap().to_owned()
}

/// Each leads a group of its own: else the kernel would share out time as if they were one.
const BURN: &[&str] = &["sh", "-c", "while :; do :; done"];

/// Processes that only burn time; they end with this.
struct Busy(Vec<Child>);

impl Busy {
    fn begin() -> Self {
        let processors = std::thread::available_parallelism().unwrap().get();
        let loops = processors * BUSY_LOOPS_PER_PROCESSOR;
        let spawn = |_| Command::new("setsid").args(BURN).spawn();
        Self((0..loops).map(spawn).collect::<Result<_, _>>().unwrap())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
