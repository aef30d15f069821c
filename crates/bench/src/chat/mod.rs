//! A full room: one server, one generator, and beside it a bare loop of commit, then fan-out.
//!
//! Both servers speak TLS to the same clients, store every post in the same pair of databases
//! before anybody sees it, and deliver stanzas of the same size. The bare one does nothing else.
//! Each round starts both anew.

pub(crate) mod bare;
mod entry;
mod occupant;
mod process;
mod room;
mod servers;

use crate::figures::{Goal, Report};
use crate::stage::Stage;
use room::Room;
use servers::{BareRoom, Product, Server};
use std::path::PathBuf;
use std::time::Duration;

/// One site: a pair of databases, a witness, one chat server.
const TOPOLOGY: &str = include_str!("one_site.toml");

/// Posts that the sender has on their way at saturation.
const WINDOW: usize = 20;

/// How many posts there are in a second when nothing is saturated.
const PACE: u32 = 40;

/// How long each phase lasts.
const PHASE: Duration = Duration::from_secs(6);

/// Before anything is measured, everything has been done once.
const WARM_UP: Duration = Duration::from_secs(2);

/// The ways to look at a server, as lines of the report.
const FIGURES: [(&str, &str); 6] = [
    ("posts", "posts a second at saturation"),
    ("deliveries", "deliveries a second at saturation"),
    ("half", "p50 at 40 posts a second, ms"),
    ("most", "p99 at 40 posts a second, ms"),
    ("processor", "processor seconds for 100,000 deliveries"),
    ("memory", "KiB for each of 1,000 idle connections"),
];

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How often each thing is measured
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How many are in the room
    #[arg(long, default_value_t = 200)]
    occupants: usize,
    /// How many idle connections there are
    #[arg(long, default_value_t = 1000)]
    idle: usize,
    /// Measure nothing but keep the room saturated for so many seconds, to be profiled
    #[arg(long, value_name = "SECONDS")]
    profile: Option<u64>,
    /// Keep all data and logs in this directory, which must be new or empty
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// What was seen of one server in one round.
#[derive(Clone, Copy, Debug)]
struct Seen {
    posts: f64,
    deliveries: f64,
    half: f64,
    most: f64,
    processor: f64,
    memory: f64,
}

/// Measures, and prints whatever was measured, also when something fails half-way.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    println!("deploying one site with {} users", arguments.occupants);
    let mut stage = Stage::open(TOPOLOGY, arguments.occupants, arguments.keep.clone()).await?;
    let mut report = Report::default();
    for (_, what) in FIGURES {
        let floor = titled(BareRoom::NAME, what);
        report.line(&floor, Goal::None, None);
        report.line(&titled(Product::NAME, what), Goal::None, Some(&floor));
    }
    let measured = measure(&mut stage, arguments, &mut report).await;
    println!("\n{report}");
    if measured.is_err() {
        eprintln!("{}", stage.deployment.last_words());
    }
    measured
}

async fn measure(
    stage: &mut Stage,
    arguments: &Arguments,
    report: &mut Report,
) -> anyhow::Result<()> {
    if let Some(seconds) = arguments.profile {
        let server = Product::start(stage).await?;
        return profile(stage, &server, arguments, Duration::from_secs(seconds)).await;
    }
    for round in 1..=arguments.rounds {
        println!("round {round}");
        let server = BareRoom::start(stage).await?;
        let seen = look(stage, &server, arguments).await?;
        note(BareRoom::NAME, seen, report);
        drop(server);
        let server = Product::start(stage).await?;
        let seen = look(stage, &server, arguments).await?;
        note(Product::NAME, seen, report);
    }
    Ok(())
}

/// Everything about one server.
async fn look(stage: &Stage, server: &impl Server, arguments: &Arguments) -> anyhow::Result<Seen> {
    let process = server.process();
    let before = process.memory()?;
    let crowd = entry::crowd(stage, server, arguments.idle).await?;
    let memory = (process.memory()? - before) / count(arguments.idle);
    drop(crowd);

    let room = Room::fill(stage, server, arguments.occupants).await?;
    room.saturated(WARM_UP, WINDOW).await?;
    let used = process.processor()?;
    let load = room.saturated(PHASE, WINDOW).await?;
    let processor = (process.processor()? - used) / count(load.deliveries) * 100_000.0;
    let paced = room.paced(PHASE, PACE).await?;
    Ok(Seen {
        posts: count(load.posts) / load.lasted.as_secs_f64(),
        deliveries: count(load.deliveries) / load.lasted.as_secs_f64(),
        half: paced.delays.quantile(0.5).unwrap_or_default(),
        most: paced.delays.quantile(0.99).unwrap_or_default(),
        processor,
        memory: memory / 1024.0,
    })
}

/// Keeps the room saturated, and says whom to look at.
async fn profile(
    stage: &Stage,
    server: &impl Server,
    arguments: &Arguments,
    lasts: Duration,
) -> anyhow::Result<()> {
    let room = Room::fill(stage, server, arguments.occupants).await?;
    println!("saturated for {lasts:?}: process {}", server.process().number());
    let load = room.saturated(lasts, WINDOW).await?;
    println!("{} posts, {} deliveries in {:?}", load.posts, load.deliveries, load.lasted);
    Ok(())
}

fn note(name: &str, seen: Seen, report: &mut Report) {
    let load = crate::figures::load_average().unwrap_or_default();
    println!("  {name}: {seen:.1?}   (load {load:.1})");
    let values = [seen.posts, seen.deliveries, seen.half, seen.most, seen.processor, seen.memory];
    for ((_, what), value) in FIGURES.into_iter().zip(values) {
        report.note(&titled(name, what), value);
    }
}

fn titled(name: &str, what: &str) -> String {
    format!("{name}: {what}")
}

#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn count(number: usize) -> f64 {
    number as f64
}
