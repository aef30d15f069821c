//! Everything that is done with this repository: `cargo xtask demo`, `test`, `ci` and the rest.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a command line tool")]

mod bench;
mod ci;
mod demo;
mod docs;
mod faults;
mod interop;
mod run;
mod setup;
mod test;
mod tidy;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Build, show, test and check Standfast", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what is missing from Debian's packages
    Setup,
    /// Show two sites, lose one, bring it home again
    Demo {
        /// Passed on to the demo; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run every test
    Test {
        /// Passed on to the test runner
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check everything, as a reviewer would, and print a summary
    Ci,
    /// Measure outages, chat or Response Groups, each beside a floor in the same run
    Bench {
        what: bench::What,
        /// Passed on to the bench
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill every kind of process and host at random moments, for many rounds
    Faults(faults::Faults),
    /// Write the generated pages of docs/ anew
    Docs,
    /// Check what neither compiler nor clippy checks
    Tidy,
    /// Let clients that we did not write talk to a running deployment
    Interop {
        /// All of them when left out
        suite: Option<interop::Suite>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Setup => setup::run(setup::For::Tests),
        Command::Demo { arguments } => demo::run(&arguments),
        Command::Test { arguments } => test::run(&arguments),
        Command::Ci => ci::run(),
        Command::Bench { what, arguments } => bench::run(what, &arguments),
        Command::Faults(faults) => faults::run(&faults),
        Command::Docs => docs::regenerate(),
        Command::Tidy => tidy::run(),
        Command::Interop { suite } => interop::run(suite),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
