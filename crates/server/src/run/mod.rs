//! `standfast run`: the life of one host. The start-up is a list.

mod administration;
mod audit_trail;
mod chat_servers;
mod content;
mod deployment;
mod descriptors;
mod files;
mod host;
mod parts;
mod peers;
mod primaries;
mod procedures;
mod rgs;
mod salvage;
mod shipped;

pub(crate) use administration::{INVOKE, LOOK, Looked, PAIRS};
pub(crate) use deployment::{PairSeen, Pairs};
#[cfg(test)]
pub(crate) use files::serve as serve_files;
pub(crate) use files::{DELIVERED, DOWNLOAD, UPLOAD};

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;
use tracing_subscriber::EnvFilter;

use crate::args::Run;
use host::ThisHost;

/// Runs everything that the topology places on this host, until it is told to stop.
pub(crate) fn run(arguments: &Run) -> anyhow::Result<()> {
    let root = nix::unistd::geteuid().is_root();
    ensure!(!root, "nothing here runs as root: start it as a user of its own");
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
        )
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    descriptors::take_all();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?
        .block_on(serve(arguments))
}

/// The start-up list.
async fn serve(arguments: &Run) -> anyhow::Result<()> {
    let host = Arc::new(ThisHost::open(arguments)?);
    let router = control::Router::new();
    let (router, stores) = parts::management_store(&host, router)?;
    let (router, keepers) = parts::keepers(&host, &stores, router).await?;
    let router = shipped::install(&host, router);
    let primaries = primaries::follow(&host, &stores);
    let router = chat_servers::start(&host, &stores, &primaries, router).await?;
    let hostings = rgs::reach(&host, &primaries);
    rgs::receive(&host, &hostings);
    let reached = (hostings, audit_trail::reach(&host, &primaries));
    let router = administration::install(&host, &stores, &keepers, reached, router)?;
    parts::control_port(&host, router).await?;
    info!(host = host.name, "ready");
    told_to_stop().await?;
    info!(host = host.name, "stopping");
    host.shutdown.cancel();
    host.tasks.close();
    host.tasks.wait().await;
    Ok(())
}

async fn told_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
