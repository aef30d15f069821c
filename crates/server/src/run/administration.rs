//! The door on the control port: administrators come in here, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use admin::files::Spool;
use admin::{Door, Fault, Invocation, Request, Role};
use anyhow::Context as _;
use audit::Audit;
use control::{Peer, Progress, Refusal, Router};
use futures_util::future::{join, join_all};
use recovery::keeper::Handle;
use recovery::observed::Observed;
use recovery::{grounds, presence};
use serde::{Deserialize, Serialize};
use topology::Pool;

use super::audit_trail::Trails;
use super::deployment::Reached;
use super::host::ThisHost;
use super::parts::Stores;
use super::procedures::Procedures;
use super::rgs::Hostings;
use super::{content, files, salvage};

/// Where a shell sends its cmdlets.
pub(crate) const INVOKE: &str = "admin/invoke";

/// Where `standfast status` looks.
pub(crate) const LOOK: &str = "admin/look";

/// Where it looks for pools that stand in for each other.
pub(crate) const PAIRS: &str = "admin/pairs";

/// Everything that a host sees of the deployment.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Looked {
    /// The host that looked.
    pub(crate) by: String,
    /// Each chat pool, by its name in the DNS.
    pub(crate) pools: BTreeMap<String, Observed>,
    /// Each front-end pool, by its name in the DNS.
    #[serde(default)]
    pub(crate) front_end_pools: BTreeMap<String, Observed>,
    /// Chat servers that live, by pool.
    pub(crate) living: BTreeMap<String, BTreeSet<String>>,
}

/// Serves the door, and what other hosts need of this one for procedures.
pub(crate) fn install(
    host: &Arc<ThisHost>,
    stores: &Stores,
    keepers: &[Handle],
    (hostings, trails): (Hostings, Trails),
    router: Router,
) -> anyhow::Result<Router> {
    let journal = Procedures::journal(host).context("open the journal")?;
    let audit = Audit::open(&host.directory("audit"), &host.name).context("open the audit")?;
    trails.follow(host, &audit);
    let spool = Spool::open(&host.directory("spool")).context("open the spool")?;
    let router = files::install(host, &spool, &audit, router);
    let router = grounds::install_journal_routes(router, &journal);
    let router = salvage::install(router, keepers);
    let router = content::install(router, keepers);
    let procedures = Procedures::new(host, stores, journal, salvage::salvager(host));
    let looking = (Arc::clone(host), procedures.clone());
    let router = router.on(LOOK, move |_: Peer, (): ()| {
        let (host, procedures) = looking.clone();
        async move { Ok(look(&host, &procedures).await) }
    });
    let reached = Arc::new(Reached::new(Arc::clone(host), procedures, (hostings, trails), spool));
    let paired = Arc::clone(&reached);
    let router = router.on(PAIRS, move |_: Peer, (): ()| {
        let paired = Arc::clone(&paired);
        async move { Ok(paired.look_at_pairs().await) }
    });
    let door = Door::new(reached, audit);
    Ok(router.on_stream(INVOKE, move |peer: Peer, asked: Request, progress: Progress| {
        let door = door.clone();
        async move { invoke(&door, peer, asked, &progress).await }
    }))
}

async fn look(host: &ThisHost, procedures: &Procedures) -> Looked {
    let observed = async |pool: &Pool| (pool.fqdn.clone(), procedures.look(pool).await);
    let chat = join_all(host.topology.chat_pools().map(async |pool| {
        let living = presence::look(&pool.fqdn, procedures.stores());
        let (living, observed) = join(living, observed(pool)).await;
        ((pool.fqdn.clone(), living), observed)
    }));
    let front_end = join_all(host.topology.front_end_pools().map(observed));
    let (chat, front_end) = join(chat, front_end).await;
    let (living, pools) = chat.into_iter().unzip();
    let front_end_pools = front_end.into_iter().collect();
    Looked { by: host.name.clone(), pools, front_end_pools, living }
}

async fn invoke(
    door: &Door,
    peer: Peer,
    request: Request,
    progress: &Progress,
) -> Result<Result<Vec<shell::Value>, Fault>, Refusal> {
    let (who, role) = match peer {
        Peer::Administrator { name, role } => (name, role),
        Peer::Host(name) => {
            let message = format!("host {name} has no role; cmdlets are for administrators");
            return Err(Refusal::new("forbidden", message, "use an administrator's credential"));
        }
    };
    let Some(role) = Role::read(&role) else {
        let from = progress.from().to_string();
        let fault = door.refuse_role((&who, &role, &from), &request).await;
        return Ok(Err(fault));
    };
    let (watch, mut told) = admin::Watch::new();
    let asked = Invocation { request, who, role, from: progress.from().to_string() };
    let act = async {
        let result = door.invoke(asked, &watch).await;
        drop(watch);
        result
    };
    let tell = async {
        while let Some(told) = told.recv().await {
            progress.say(&told).await;
        }
    };
    let (result, ()) = tokio::join!(act, tell);
    Ok(result)
}
