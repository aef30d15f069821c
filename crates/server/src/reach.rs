//! Reaching a deployment as an administrator: any host that answers will do.

use std::time::Duration;

use anyhow::{Context as _, bail};
use control::{CallError, Client, Credentials, Destination};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use topology::Topology;

use crate::args::Reach;
use crate::check;
use crate::run::{LOOK, Looked};

/// How long all hosts together may take to show that one of them answers.
const PATIENCE: Duration = Duration::from_secs(6);
/// How long a host at work may say nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// A deployment, by way of one host.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) topology: Topology,
    client: Client,
    host: Destination,
}

impl Deployment {
    /// Finds a host that answers; also gives what it saw.
    pub(crate) async fn reach(reach: &Reach) -> anyhow::Result<(Self, Looked)> {
        let topology = check::load(&reach.topology)?;
        let credentials = Credentials::load(&reach.credential).context(
            "load the administrator's credential (made by `standfast init`; give its directory \
             with --credential)",
        )?;
        let client = Client::new(&credentials);
        let mut asked: FuturesUnordered<_> = destinations(&topology, reach)?
            .into_iter()
            .map(|host| {
                let client = client.clone();
                async move {
                    let looked: Result<Looked, CallError> =
                        client.call_idempotent(&host, LOOK, &(), PATIENCE).await;
                    (host, looked)
                }
            })
            .collect();
        let mut why = Vec::new();
        while let Some((host, looked)) = asked.next().await {
            match looked {
                Ok(looked) => return Ok((Self { topology, client, host }, looked)),
                Err(error) => why.push(format!("  {}: {error}", host.host)),
            }
        }
        bail!("no host of the deployment answers\n{}", why.join("\n"))
    }

    /// A deployment whose host is known to answer.
    #[cfg(test)]
    pub(crate) fn at(topology: Topology, client: Client, host: Destination) -> Self {
        Self { topology, client, host }
    }

    /// The host that answers.
    pub(crate) fn host(&self) -> &str {
        &self.host.host
    }

    /// Asks something that may be asked twice without harm.
    pub(crate) async fn call<Req, Ans>(&self, path: &str, request: &Req) -> Result<Ans, CallError>
    where
        Req: Serialize + Sync,
        Ans: DeserializeOwned,
    {
        self.client.call_idempotent(&self.host, path, request, SILENCE).await
    }

    /// Asks something that takes long; `told` hears of its progress.
    pub(crate) async fn ask<Req, Told, Ans>(
        &self,
        path: &str,
        request: &Req,
        told: impl FnMut(Told),
    ) -> Result<Ans, CallError>
    where
        Req: Serialize + Sync,
        Told: DeserializeOwned,
        Ans: DeserializeOwned,
    {
        self.client.call_stream(&self.host, path, request, SILENCE, told).await
    }
}

fn destinations(topology: &Topology, reach: &Reach) -> anyhow::Result<Vec<Destination>> {
    let hosts = topology.hosts.iter();
    let wanted: Vec<_> = match &reach.via {
        Some(name) => hosts.filter(|host| host.name == *name).collect(),
        None => hosts.collect(),
    };
    if let (Some(name), true) = (&reach.via, wanted.is_empty()) {
        bail!("no host {name} in the topology; leave --via out to ask any");
    }
    let destination =
        |host: &topology::Host| Destination { host: host.name.clone(), address: host.control() };
    Ok(wanted.into_iter().map(destination).collect())
}

/// Runs a command's work on a runtime of its own.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?
        .block_on(work)
}
