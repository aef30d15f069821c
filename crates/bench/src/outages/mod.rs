//! Outages: from each kind of loss to the next acknowledged post, beside a bare pair's.
//!
//! Every round kills a bare pair and the product's primary in turn, so that both meet the same
//! machine. The bare pair runs while the deployment stands idle.

mod behind;
mod floor;
mod inserts;
mod losses;
mod moves;
mod posts;

use crate::figures::{Goal, Report, told};
use crate::stage::Stage;
use clap::ValueEnum;
use std::path::PathBuf;

/// Who writes, everywhere: so many writers.
pub(crate) const WRITERS: usize = 8;

/// The deployment: the demo's.
const TOPOLOGY: &str = include_str!("../../../../config/demo.toml");

const FLOOR: &str = "floor: bare pair, primary killed, inserts";
const INSTANCE_POSTS: &str = "instance killed, posts by XMPP";
const INSTANCE_RETURN: &str = "  longest pause until the mirror is back, posts";
const INSTANCE_INSERTS: &str = "instance killed, inserts by db::Connections";
const HOST: &str = "host killed, posts by XMPP";
const STOPPED: &str = "host silent (SIGSTOP), posts by XMPP";
const CUT: &str = "host silent (link cut), posts by XMPP";
const FAILOVER: &str = "failover: command to first post, on two machines";
const FAILOVER_OPEN: &str = "  of it: command to the open gate";
const FAILBACK: &str = "failback: longest pause between posts";
const FAILBACK_TOOK: &str = "  the whole command";
const BEHIND: &str = "behind under load: ms until a position is there";

/// What is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Part {
    /// A bare pair whose primary is killed
    Floor,
    /// The primary instance is killed; people post
    Instance,
    /// The primary instance is killed; writers insert through the product's own connections
    Inserts,
    /// The primary's host is killed
    Host,
    /// All processes of the primary's host are stopped
    Silent,
    /// The link of the primary's host is cut: needs root, for network namespaces
    Cut,
    /// How far the backup site is behind under load
    Behind,
    /// The home site is lost, failed over from, and comes home
    Sites,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How often each thing is measured
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Only these; the floor is measured with any of them but `cut`
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Keep all data and logs in this directory, which must be new or empty
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

impl Arguments {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// Whether anything is measured that needs no network namespaces.
    fn wants_loopback(&self) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| *part != Part::Cut)
    }
}

/// Measures, and prints whatever was measured, also when something fails half-way.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut report = announce();
    let measured = on_both_stages(arguments, &mut report).await;
    println!("\nseconds, unless said otherwise\n{report}");
    measured
}

/// Only links between network namespaces can be cut: that has a stage of its own.
async fn on_both_stages(arguments: &Arguments, report: &mut Report) -> anyhow::Result<()> {
    let rounds = arguments.rounds;
    if arguments.wants_loopback() {
        println!("deploying two sites; then {rounds} rounds");
        let mut stage = Stage::open(TOPOLOGY, WRITERS, arguments.keep.clone()).await?;
        let measured = measure(&mut stage, arguments, report).await;
        say_if_it_failed(&stage, measured)?;
    }
    if arguments.wants(Part::Cut) {
        println!("deploying two sites in network namespaces; then {rounds} rounds");
        let keep = arguments.keep.as_ref().map(|it| it.join("in-namespaces"));
        let mut stage = Stage::open_in_namespaces(TOPOLOGY, WRITERS, keep).await?;
        for round in 1..=rounds {
            println!("round {round}");
            let measured = losses::host_cut_off(&mut stage, report).await;
            say_if_it_failed(&stage, measured)?;
        }
    }
    Ok(())
}

fn say_if_it_failed(stage: &Stage, measured: anyhow::Result<()>) -> anyhow::Result<()> {
    if measured.is_err() {
        eprintln!("{}", stage.deployment.last_words());
    }
    measured
}

fn announce() -> Report {
    let mut report = Report::default();
    let within = Goal::TimesFloor(3.0);
    report.line(FLOOR, Goal::None, None);
    report.line(INSTANCE_POSTS, within, Some(FLOOR));
    report.line(INSTANCE_RETURN, Goal::None, None);
    report.line(INSTANCE_INSERTS, within, Some(FLOOR));
    report.line(HOST, Goal::None, Some(FLOOR));
    report.line(STOPPED, Goal::Under(3.0), None);
    report.line(CUT, Goal::Under(3.0), None);
    report.line(FAILOVER, Goal::Under(5.0), None);
    report.line(FAILOVER_OPEN, Goal::None, None);
    report.line(FAILBACK, Goal::None, None);
    report.line(FAILBACK_TOOK, Goal::None, None);
    report.line(BEHIND, Goal::Under(1000.0), None);
    report
}

async fn measure(
    stage: &mut Stage,
    arguments: &Arguments,
    report: &mut Report,
) -> anyhow::Result<()> {
    for round in 1..=arguments.rounds {
        println!("round {round}");
        let floor = floor::outage().await?;
        told(FLOOR, floor.as_secs_f64(), report);
        if arguments.wants(Part::Instance) {
            losses::instance_under_posts(stage, report).await?;
        }
        if arguments.wants(Part::Inserts) {
            losses::instance_under_inserts(stage, report).await?;
        }
        if arguments.wants(Part::Host) {
            losses::host_killed(stage, report).await?;
        }
        if arguments.wants(Part::Silent) {
            losses::host_stopped(stage, report).await?;
        }
    }
    if arguments.wants(Part::Behind) {
        behind::watch(stage, report).await?;
    }
    for round in 1..=arguments.rounds {
        if arguments.wants(Part::Sites) {
            println!("round {round}: there and back");
            moves::there_and_back(stage, report).await?;
        }
    }
    Ok(())
}
