//! A run's journal on every host that can be reached.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use control::{CallError, Client, Destination, Peer, Refusal, Router};
use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tracing::debug;

use super::Grounds;
use crate::journal::{self, Entry, Journal};

const APPEND: &str = "journal/append";
/// How long another host may take; a host that is away is no reason to wait.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two tries to tell a host that could not be reached.
const AGAIN: Duration = Duration::from_millis(500);
/// The most lines that wait for one host; what is more does not come there.
const UNTOLD_MAX: usize = 256;

/// Keeps the lines of runs that other hosts make.
pub fn install(router: Router, journal: &Journal) -> Router {
    let journal = journal.clone();
    router.on(APPEND, move |peer: Peer, entry: Entry| {
        let journal = journal.clone();
        async move {
            crate::store::hosts_only(&peer)?;
            keep(&journal, entry)
                .await
                .map_err(|why| Refusal::new("journal", why, "look at the disk of that host"))
        }
    })
}

/// The journals of the other hosts, for one run. Each host is told the lines in their order; one
/// that does not take them at once is told behind the run's back, and not waited for any more until
/// it has them all.
#[derive(Debug)]
pub(super) struct Copies {
    lanes: Vec<Lane>,
    telling: JoinSet<()>,
}

#[derive(Debug)]
struct Lane {
    host: String,
    lines: mpsc::Sender<Untold>,
    behind: Arc<AtomicBool>,
}

/// A line that a host was not told yet, and who waits until it was, or could not be.
struct Untold {
    entry: Entry,
    waits: oneshot::Sender<()>,
}

impl Copies {
    /// For all hosts but this one.
    pub(super) fn new(grounds: &Grounds) -> Self {
        let mut copies = Self { lanes: Vec::new(), telling: JoinSet::new() };
        for host in grounds.topology.hosts.iter().filter(|host| host.name != grounds.host) {
            let (lines, untold) = mpsc::channel(UNTOLD_MAX);
            let behind = Arc::new(AtomicBool::new(false));
            let destination = Destination { host: host.name.clone(), address: host.control() };
            let client = grounds.client.clone();
            copies.telling.spawn(tell(client, destination, untold, Arc::clone(&behind)));
            copies.lanes.push(Lane { host: host.name.clone(), lines, behind });
        }
        copies
    }

    /// Tells `entry` to every host, and waits for those that are not behind.
    pub(super) async fn append(&self, entry: &Entry) {
        let mut waited_for = Vec::new();
        for lane in &self.lanes {
            let (waits, told) = oneshot::channel();
            match lane.lines.try_send(Untold { entry: entry.clone(), waits }) {
                Ok(()) if lane.behind.load(Ordering::Acquire) => {}
                Ok(()) => waited_for.push(told),
                Err(error) => debug!(host = lane.host, %error, "the journal's line is not there"),
            }
        }
        // An error means that it was not told: that host is behind now.
        join_all(waited_for).await;
    }

    /// Waits a little for those that are behind, and lets go of those that still are.
    pub(super) async fn end(mut self) {
        drop(self.lanes);
        let all = async { while self.telling.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            debug!("a host that does not answer lacks lines of the journal");
        }
    }
}

/// Tells one host its lines, until there will be no more.
async fn tell(
    client: Client,
    destination: Destination,
    mut untold: mpsc::Receiver<Untold>,
    behind: Arc<AtomicBool>,
) {
    let host = &destination.host;
    while let Some(Untold { entry, waits }) = untold.recv().await {
        let mut waits = Some(waits);
        loop {
            let told: Result<(), _> = client.call(&destination, APPEND, &entry, PATIENCE).await;
            behind.store(told.is_err() || !untold.is_empty(), Ordering::Release);
            // Whoever waits goes on, however it went.
            drop(waits.take());
            let Err(error) = told else { break };
            debug!(host, %error, "the journal's line is not there");
            if error.is_outcome_unknown() || matches!(error, CallError::Refused(_)) {
                // Told again, it might stand there twice.
                break;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Writes `entry` into this host's journal, durably.
pub(super) async fn keep(journal: &Journal, entry: Entry) -> Result<(), String> {
    let journal = journal.clone();
    tokio::task::spawn_blocking(move || journal.append(&entry))
        .await
        .map_err(|error| format!("the journal could not be written: {error}"))?
        .map_err(|error| format!("the journal could not be written: {error}"))
}

/// A run in words, as far as the journal knows it.
pub(super) async fn tell_of(journal: &Journal, run: &str) -> String {
    let (journal, name) = (journal.clone(), run.to_owned());
    let read = tokio::task::spawn_blocking(move || journal.run(&name)).await;
    match read {
        Ok(Ok(entries)) => journal::tell_of(run, &entries),
        Ok(Err(error)) => format!("{run}, whose journal cannot be read here: {error}"),
        Err(error) => format!("{run}, whose journal was not read here: {error}"),
    }
}
