//! Measures outages, chat and Response Groups, each beside a floor in the same run.
//!
//! The bare loop does the least that anything could do with the same database, and so shows what of
//! a figure is ours and what is the machine's. Nothing here judges: a machine that others use, too,
//! has no right figure, only a ratio.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a command line tool")]

mod chat;
mod figures;
mod outages;
mod rgs;
mod stage;
mod view;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Measure outages, chat or Response Groups, each beside a bare loop that shows the floor.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Seconds without an acknowledged post, after each kind of loss
    Recovery(outages::Arguments),
    /// Deliveries, delays, processor time and memory of a full room
    Chat(chat::Arguments),
    /// Seconds to import, list, export and remove a large pool's Response Groups
    Rgs(rgs::Arguments),
    /// The bare loop of `chat`, which runs as a process of its own
    #[command(hide = true)]
    BareRoom(chat::bare::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime needs nothing but memory");
    // Whatever ends it, everything that runs is dropped in here.
    let ended = runtime.block_on(async {
        tokio::select! {
            biased;
            told = told_to_stop() => told,
            ended = run(arguments.what) => ended,
        }
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(what: What) -> anyhow::Result<()> {
    match what {
        What::Recovery(arguments) => outages::run(&arguments).await,
        What::Chat(arguments) => chat::run(&arguments).await,
        What::Rgs(arguments) => rgs::run(&arguments).await,
        What::BareRoom(arguments) => chat::bare::run(&arguments).await,
    }
}

/// An error as soon as somebody stops us.
async fn told_to_stop() -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    anyhow::bail!("stopped before the end")
}
