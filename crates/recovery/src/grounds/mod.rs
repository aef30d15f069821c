//! What every run of a procedure on this host needs: the deployment, its management stores, the
//! lock that lets one run at a time, the journals on every host.

mod journals;
mod lock;
mod run;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use control::Client;
use topology::Topology;

pub use journals::install as install_journal_routes;
pub use run::{LockSeen, Run};

use crate::journal::Journal;
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
    /// Another run in words, as far as this host's journals know it.
    async fn tell_of(&self, run: &str) -> String {
        journals::tell_of(&self.journal, run).await
    }
}
