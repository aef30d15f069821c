//! Shows two sites on this machine, loses one of them, and brings it home again.

use crate::{run, setup};
use anyhow::Context as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// The program that plays the disaster.
const BINARY: &str = "standfast-demo";

/// The product, what stands for hosts, and the demo itself.
const BUILD: &[&str] = &["build", "--bins", "-p", "server", "-p", "testkit", "-p", "demo"];

/// Sets the machine up, builds, and becomes the demo, so that Ctrl-C reaches it and nobody else.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    setup::run(setup::For::Running)?;
    run::succeed(run::cargo().args(BUILD)).context("build")?;
    let mut demo = Command::new(run::built("debug", BINARY));
    Err(demo.args(arguments).current_dir(run::root()).exec()).context("start the demo")
}
