//! Two sites on this machine: one of them is lost, the other takes over, and the first comes home.
//!
//! Everything is real: the product's own hosts, `PostgreSQL`, XMPP clients that find their servers
//! by DNS. What is printed was measured; the accounting is that of an independent checker.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a command line tool")]

mod accounting;
mod acts;
mod administrator;
mod narration;
mod people;
mod preflight;
mod protection;
mod stage;
mod table;
mod watch;

use anyhow::Context as _;
use clap::Parser;
use stage::Stage;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Show two sites, lose one, bring it home again.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask demo", version)]
struct Arguments {
    /// End after the story; with status 0 only if every acknowledged post is accounted for
    #[arg(long)]
    exit: bool,
    /// Keep all data in this directory, which must be new or empty
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Use loopback addresses that no other deployment uses, instead of config/demo.toml's
    #[arg(long)]
    apart: bool,
}

/// How the demo came to its end.
enum Ending {
    /// The story was told, and this is what was not as promised.
    Told { complaints: usize },
    /// Somebody told us to stop.
    Stopped,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime needs nothing but memory");
    // Whatever ends it, the stage is dropped in here, and with it everything that runs.
    let ended = runtime.block_on(async {
        let mut signals = Signals::hear()?;
        tokio::select! {
            biased;
            () = signals.told() => {
                println!("\nstopping everything, and tidying up");
                Ok(Ending::Stopped)
            }
            ended = perform(&arguments) => ended,
        }
    });
    match ended {
        Ok(Ending::Told { complaints: 0 }) => ExitCode::SUCCESS,
        Ok(Ending::Told { .. }) => ExitCode::FAILURE,
        Ok(Ending::Stopped) if arguments.exit => ExitCode::FAILURE,
        Ok(Ending::Stopped) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn perform(arguments: &Arguments) -> anyhow::Result<Ending> {
    let mut stage = acts::prepare::play(arguments).await?;
    match tell(&mut stage).await {
        Ok(complaints) if arguments.exit => Ok(Ending::Told { complaints }),
        Ok(_) => {
            acts::stay::play(&mut stage).await;
            std::future::pending().await
        }
        Err(error) => {
            eprintln!("\n{}", stage.deployment.last_words());
            Err(error)
        }
    }
}

/// The story, act by act. Tells how much was not as promised.
async fn tell(stage: &mut Stage) -> anyhow::Result<usize> {
    acts::begin::play(stage).await?;
    acts::talk::play(stage).await?;
    acts::switch_over::play(stage).await?;
    acts::cut_shipping::play(stage).await?;
    acts::lose_home::play(stage).await?;
    acts::fail_over::play(stage).await?;
    acts::fail_back::play(stage).await?;
    acts::account::play(stage).await
}

/// What tells us to stop.
struct Signals([Signal; 3]);

impl Signals {
    fn hear() -> anyhow::Result<Self> {
        let hear = |kind| signal(kind).context("hear of signals");
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(hear);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    async fn told(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
