//! Measures outages, chat and Response Groups, each beside a floor in the same run.

use crate::{run, setup};
use anyhow::Context as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// The program that measures.
const BINARY: &str = "standfast-bench";

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum What {
    /// Seconds without an acknowledged post, after each kind of loss
    Recovery,
    /// Deliveries, delays, processor time and memory of a full room
    Chat,
    /// Seconds to import, list, export and remove a large pool's Response Groups
    Rgs,
}

/// Builds with optimisation, and becomes the bench.
pub(crate) fn run(what: What, arguments: &[String]) -> anyhow::Result<()> {
    setup::run(setup::For::Tests)?;
    let mut build = run::cargo();
    build.args(["build", "--release", "--bins", "-p", "server", "-p", "testkit", "-p", "bench"]);
    run::succeed(&mut build).context("build")?;
    let mut bench = Command::new(run::built("release", BINARY));
    bench.arg(match what {
        What::Recovery => "recovery",
        What::Chat => "chat",
        What::Rgs => "rgs",
    });
    Err(bench.args(arguments).current_dir(run::root()).exec()).context("start the bench")
}
