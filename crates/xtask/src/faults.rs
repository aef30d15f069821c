//! The long run of what CI does five rounds of: every kind of process and host is killed at random.

use crate::{run, setup};
use anyhow::Context as _;

/// The test that kills, which reads the environment.
const TEST: &[&str] = &["test", "--package", "faults", "--test", "it"];
const NAME: &[&str] = &["random_kills::random_kills", "--exact", "--nocapture"];

#[derive(Debug, clap::Args)]
pub(crate) struct Faults {
    /// In every five rounds each kind is killed once
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Makes the choices of an earlier run again
    #[arg(long)]
    seed: Option<u64>,
}

/// Builds, and kills for so many rounds; each strike is told as it comes.
pub(crate) fn run(faults: &Faults) -> anyhow::Result<()> {
    setup::run(setup::For::Tests)?;
    run::succeed(run::cargo().args(["build", "--workspace", "--bins"])).context("build")?;
    let mut command = run::cargo();
    command.args(TEST).arg("--").args(NAME);
    command.env("STANDFAST_FAULTS_ROUNDS", faults.rounds.to_string());
    if let Some(seed) = faults.seed {
        command.env("STANDFAST_FAULTS_SEED", seed.to_string());
    }
    run::succeed(&mut command).context("kill at random")
}
