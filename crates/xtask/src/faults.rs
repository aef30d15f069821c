//! The long runs of what CI has moments for: every kind of process and host is killed at random,
//! also while Response Groups are carried, and the machine has too much to do.

use crate::{run, setup};
use anyhow::Context as _;

/// The test that kills, which reads the environment.
const TEST: &[&str] = &["test", "--package", "faults", "--test", "it"];
const NAME: &[&str] = &["random_kills::random_kills", "--exact", "--nocapture"];
/// The test that kills while Response Groups are carried, which reads the environment, too.
const CARRYING: &[&str] = &["test", "--package", "server", "--test", "it"];
const CARRYING_NAME: &[&str] = &[
    "response_groups_killed::whatever_is_killed_response_groups_are_as_before_or_as_after",
    "--exact",
    "--nocapture",
];
/// The test that keeps every processor busy, which reads the environment, too.
const BUSY: &[&str] = &["test", "--package", "server", "--test", "it"];
const BUSY_NAME: &[&str] =
    &["overload::an_overloaded_machine_causes_no_switchover", "--exact", "--nocapture"];

#[derive(Debug, clap::Args)]
pub(crate) struct Faults {
    /// In every five rounds each kind is killed once; with --response-groups in every one
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Makes the choices of an earlier run again
    #[arg(long)]
    seed: Option<u64>,
    /// Kills while Response Groups are imported, exported and moved, instead of while people talk
    #[arg(long)]
    response_groups: bool,
    /// Instead of killing: keeps every processor busy for so many minutes, and wants no switchover
    #[arg(long, value_name = "MINUTES", conflicts_with_all = ["rounds", "seed", "response_groups"])]
    overload: Option<u64>,
}

/// Builds, and kills for so many rounds, or overloads for so long; each event is told as it comes.
pub(crate) fn run(faults: &Faults) -> anyhow::Result<()> {
    setup::run(setup::For::Tests)?;
    run::succeed(run::cargo().args(["build", "--workspace", "--bins"])).context("build")?;
    let mut command = run::cargo();
    if let Some(minutes) = faults.overload {
        command.args(BUSY).arg("--").args(BUSY_NAME);
        command.env("STANDFAST_OVERLOAD_MINUTES", minutes.to_string());
        return run::succeed(&mut command).context("overload");
    }
    let (test, name, rounds, seed) = if faults.response_groups {
        (CARRYING, CARRYING_NAME, "STANDFAST_ROUNDS", "STANDFAST_SEED")
    } else {
        (TEST, NAME, "STANDFAST_FAULTS_ROUNDS", "STANDFAST_FAULTS_SEED")
    };
    command.args(test).arg("--").args(name);
    command.env(rounds, faults.rounds.to_string());
    if let Some(chosen) = faults.seed {
        command.env(seed, chosen.to_string());
    }
    run::succeed(&mut command).context("kill at random")
}
