//! Clients that we did not write, against a deployment that a program of ours starts.

use crate::{run, setup};
use anyhow::Context as _;

/// Starts a deployment, runs a command beside it with the facts in its environment, and stops it.
const BINARY: &str = "standfast-beside";

/// Where the suites' scripts are.
const DIRECTORY: &str = "interop";

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Suite {
    /// The integration tests of a Python library, from its source distribution
    Slixmpp,
    /// A console client under a terminal that a script types into
    Profanity,
}

const ALL: &[Suite] = &[Suite::Slixmpp, Suite::Profanity];

/// Runs one suite, or all of them against one deployment.
pub(crate) fn run(suite: Option<Suite>) -> anyhow::Result<()> {
    setup::run(setup::For::Tests)?;
    run::succeed(run::cargo().args(["build", "--workspace", "--bins"])).context("build")?;
    let chosen = ALL.iter().filter(|it| suite.is_none_or(|only| only == **it));
    let names: Vec<&str> = chosen.map(|it| it.script()).collect();
    let mut command = run::program(run::built("debug", BINARY));
    command.arg("--").arg(run::root().join(DIRECTORY).join("run")).args(names);
    run::succeed(&mut command).context("let other people's clients talk to us")
}

impl Suite {
    fn script(self) -> &'static str {
        match self {
            Self::Slixmpp => "slixmpp",
            Self::Profanity => "profanity",
        }
    }
}
