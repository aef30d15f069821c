//! What every run of a procedure on this host needs: the deployment, its management stores, the
//! lock that lets one run at a time, the journals on every host.

mod journals;
mod lock;
mod made_anew;
mod run;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use control::{Client, Destination};
use serde::Serialize;
use serde::de::DeserializeOwned;
use topology::Topology;

pub use journals::install as install_journal_routes;
pub use run::{LockSeen, Run};

use crate::journal::Journal;
use crate::keeper::ReportRequest;
use crate::store::Records;

/// A copy of a site that lost the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostCopy {
    /// The store's name.
    pub store: String,
    /// An administrator attests that it is lost: what can still be read of it is enough.
    pub attested_lost: bool,
}

/// Finds what a lost site had and never shipped, and puts it back; given by whoever knows the
/// content. Told the copies and the name of the present primary.
pub type Salvager = Arc<
    dyn Fn(Vec<LostCopy>, String) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>>
        + Send
        + Sync,
>;

/// What every run on this host needs.
#[derive(Clone)]
pub struct Grounds {
    /// The host that runs it.
    pub host: String,
    /// The deployment, as it was declared when this host started.
    pub topology: Arc<Topology>,
    /// Every site's management store.
    pub stores: Vec<(String, Records)>,
    /// For questions to other hosts.
    pub client: Client,
    /// This host's journals.
    pub journal: Journal,
    /// Knows the content.
    pub salvager: Salvager,
}

impl fmt::Debug for Grounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grounds").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Grounds {
    /// The records of a site.
    pub(crate) fn records(&self, site: &str) -> Result<&Records, String> {
        let found = self.stores.iter().find(|(name, _)| name == site);
        found.map(|(_, records)| records).ok_or_else(|| format!("there is no site {site}"))
    }

    /// Asks the keeper of a store a question that takes only the store's name.
    pub(crate) async fn ask_keeper<Ans: DeserializeOwned>(
        &self,
        store: &str,
        path: &str,
        patience: Duration,
    ) -> Result<Ans, String> {
        let request = ReportRequest { store: store.to_owned() };
        self.ask_keeper_with(store, path, &request, patience).await
    }

    /// Asks the keeper of a store.
    pub(crate) async fn ask_keeper_with<Req: Serialize + Sync, Ans: DeserializeOwned>(
        &self,
        store: &str,
        path: &str,
        request: &Req,
        patience: Duration,
    ) -> Result<Ans, String> {
        let host = self.topology.host_of_store(store);
        let host = host.ok_or_else(|| format!("{store} has no host in the topology"))?;
        let destination = Destination { host: host.name.clone(), address: host.control() };
        let asked = self.client.call_idempotent(&destination, path, request, patience);
        asked.await.map_err(|error| format!("the keeper of {store}: {error}"))
    }

    /// Another run in words, as far as this host's journals know it.
    async fn tell_of(&self, run: &str) -> String {
        journals::tell_of(&self.journal, run).await
    }
}
