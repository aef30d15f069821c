//! What a host answers about its keepers on the control port.

use std::sync::Arc;

use control::{Peer, Refusal, Router};
use serde::{Deserialize, Serialize};

use super::Handle;
use super::report::Report;

/// A keeper's account of its instance.
pub const REPORT: &str = "keeper/report";
/// How far the share can take the backup instance, once home is lost.
pub const DRAINED: &str = "keeper/drained";
/// Opens an old copy for reading, on a private socket, with nothing shipped or served.
pub const SALVAGE_OPEN: &str = "keeper/salvage-open";
/// Closes it again.
pub const SALVAGE_CLOSE: &str = "keeper/salvage-close";

/// Which keeper is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportRequest {
    /// The store's name.
    pub store: String,
}

/// Which old copy is meant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SalvageRequest {
    /// The store's name.
    pub store: String,
}

/// Serves the reports of this host's keepers.
pub fn install(router: Router, keepers: &[Handle]) -> Router {
    let keepers: Arc<[Handle]> = keepers.to_vec().into();
    router.on(REPORT, move |peer: Peer, asked: ReportRequest| {
        let keepers = Arc::clone(&keepers);
        async move {
            crate::store::hosts_only(&peer)?;
            Ok::<Report, Refusal>(find(&keepers, &asked.store)?.report.borrow().clone())
        }
    })
}

fn find<'a>(keepers: &'a [Handle], store: &str) -> Result<&'a Handle, Refusal> {
    keepers.iter().find(|keeper| keeper.store == store).ok_or_else(|| Refusal {
        code: "no_such_store".to_owned(),
        message: format!("no instance of the name {store} is kept on this host"),
        hint: "look at the topology of this host with `standfast check`".to_owned(),
    })
}
