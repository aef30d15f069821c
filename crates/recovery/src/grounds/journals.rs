//! A run's journal on every host that can be reached.

use std::time::Duration;

use control::{Destination, Peer, Refusal, Router};
use futures_util::future::join_all;
use tracing::debug;

use super::Grounds;
use crate::journal::{self, Entry, Journal};

const APPEND: &str = "journal/append";
/// How long another host may take; a host that is away is no reason to wait.
const PATIENCE: Duration = Duration::from_millis(500);

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

/// Writes `entry` here first, durably, and then wherever a host answers.
pub(super) async fn append(grounds: &Grounds, entry: Entry) -> Result<(), String> {
    keep(&grounds.journal, entry.clone()).await?;
    let others = grounds.topology.hosts.iter().filter(|host| host.name != grounds.host);
    join_all(others.map(async |host| {
        let destination = Destination { host: host.name.clone(), address: host.control() };
        let told: Result<(), _> = grounds.client.call(&destination, APPEND, &entry, PATIENCE).await;
        if let Err(error) = told {
            debug!(host = host.name, %error, "the journal's line is not there");
        }
    }))
    .await;
    Ok(())
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

async fn keep(journal: &Journal, entry: Entry) -> Result<(), String> {
    let journal = journal.clone();
    tokio::task::spawn_blocking(move || journal.append(&entry))
        .await
        .map_err(|error| format!("the journal could not be written: {error}"))?
        .map_err(|error| format!("the journal could not be written: {error}"))
}
