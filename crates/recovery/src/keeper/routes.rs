//! What a host answers about its keepers on the control port.

use std::sync::Arc;

use control::{Peer, Refusal, Router};
use instance::shipping::drain::settle;
use instance::shipping::{Share, ShippingError};
use instance::{Instance, Lsn};
use serde::{Deserialize, Serialize};

use super::Handle;
use super::judged::{Judged, begins_anew, give_up, judge};
use super::report::Report;

/// A keeper's account of its instance.
pub const REPORT: &str = "keeper/report";
/// How far the share can take the backup instance, once home is lost.
pub const DRAINED: &str = "keeper/drained";
/// Closes the share to its last valid record, once nothing is received any more.
pub const SETTLE: &str = "keeper/settle";

/// Gives up a range of shipped WAL that is missing from the share.
pub const GIVE_UP: &str = "keeper/give-up";
/// What became of the copy that this keeper's instance has.
pub const COPY: &str = "keeper/copy";

/// Why a copy is lost that left nothing.
pub const NO_COPY: &str = "there is no data directory";

/// What is seen of a copy without opening it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum CopySeen {
    /// There is a data directory.
    There,
    /// There is one, and it could not be read when it was tried.
    NotOpened {
        /// Why.
        why: String,
    },
    /// There is nothing that could be read.
    Lost {
        /// Why.
        why: String,
    },
}

/// Which keeper is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportRequest {
    /// The store's name.
    pub store: String,
}

/// Which range is given up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GiveUp {
    /// The backup instance's store.
    pub store: String,
    /// The range, as it was typed.
    pub range: String,
}

/// Serves what other hosts ask about this host's keepers.
pub fn install(router: Router, keepers: &[Handle]) -> Router {
    let keepers: Arc<[Handle]> = keepers.to_vec().into();
    let [reporting, settling, draining, copying, giving_up] =
        [(); 5].map(|()| Arc::clone(&keepers));
    router
        .on(COPY, move |peer: Peer, asked: ReportRequest| {
            let keepers = Arc::clone(&copying);
            async move {
                crate::store::hosts_only(&peer)?;
                let keeper = find(&keepers, &asked.store)?;
                let seen = keeper.copy_seen().await;
                seen.map_err(|why| Refusal::new("copy", why, "look at the instance's directory"))
            }
        })
        .on(REPORT, move |peer: Peer, asked: ReportRequest| {
            let keepers = Arc::clone(&reporting);
            async move {
                crate::store::hosts_only(&peer)?;
                Ok::<Report, Refusal>(find(&keepers, &asked.store)?.report.borrow().clone())
            }
        })
        .on(GIVE_UP, move |peer: Peer, asked: GiveUp| {
            let keepers = Arc::clone(&giving_up);
            async move {
                crate::store::hosts_only(&peer)?;
                let keeper = find(&keepers, &asked.store)?.clone();
                let replayed = replayed(&keeper.instance).await?;
                let given = blocking(move || give_up(&keeper.judged(), replayed, &asked.range));
                given.await?.map_err(|why| {
                    Refusal::new("range", why, "fail over again without it to see what is missing")
                })
            }
        })
        .on(SETTLE, move |peer: Peer, asked: ReportRequest| {
            let keepers = Arc::clone(&settling);
            async move {
                crate::store::hosts_only(&peer)?;
                let share = find(&keepers, &asked.store)?.share.clone();
                blocking(move || settle(&Share::create(&share)?).map(|_| ())).await
            }
        })
        .on(DRAINED, move |peer: Peer, asked: ReportRequest| {
            let keepers = Arc::clone(&draining);
            async move {
                crate::store::hosts_only(&peer)?;
                let keeper = find(&keepers, &asked.store)?.clone();
                let replayed = replayed(&keeper.instance).await?;
                blocking(move || judge(&keeper.judged(), replayed)).await
            }
        })
}

impl Handle {
    fn judged(&self) -> Judged {
        Judged { share: self.share.clone(), directory: self.directory.clone() }
    }
}

/// From where on the instance needs WAL, and how far it has replayed for certain. A damaged file in
/// the share stops it again and again: then it begins anew at the redo point of its control file,
/// and asks the share for what it had replayed before.
async fn replayed(instance: &Instance) -> Result<(Lsn, Lsn), Refusal> {
    if let Ok(observed) = instance.observe().await {
        let replayed = observed.replayed.unwrap_or_default();
        return Ok((replayed, replayed));
    }
    let control = instance.control_data().await.map_err(|error| {
        Refusal::new("away", error.to_string(), "look at the instance's own trace")
    })?;
    Ok(begins_anew(&control))
}

/// Reads and checks files off the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ShippingError> + Send + 'static,
) -> Result<T, Refusal> {
    let failed = |why: String| Refusal::new("share", why, "look at the share on that host");
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| failed(error.to_string()))?
        .map_err(|error| failed(error.to_string()))
}

fn find<'a>(keepers: &'a [Handle], store: &str) -> Result<&'a Handle, Refusal> {
    keepers.iter().find(|keeper| keeper.store == store).ok_or_else(|| Refusal {
        code: "no_such_store".to_owned(),
        message: format!("no instance of the name {store} is kept on this host"),
        hint: "look at the topology of this host with `standfast check`".to_owned(),
    })
}
