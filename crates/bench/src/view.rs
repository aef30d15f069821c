//! What Standfast says of the pool, followed as its chat servers follow it.

use anyhow::{Context as _, bail};
use control::{Client, Credentials, Destination};
use recovery::keeper::report::Report;
use recovery::keeper::{REPORT, ReportRequest};
use recovery::record::{Gate, PoolRecord, Shipping};
use recovery::store::{self, Remote, Snapshots, Store};
use recovery::term::Term;
use recovery::whereabouts::{self, Known, Primary};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use topology::{Pool, Topology};

/// How long a keeper may take to report.
const ASK: Duration = Duration::from_secs(2);

/// The pool, as any host sees it.
#[derive(Debug)]
pub(crate) struct View {
    topology: Arc<Topology>,
    pub(crate) pool: Pool,
    client: Client,
    pub(crate) credentials: Credentials,
    known: watch::Receiver<Known>,
    _tasks: TaskTracker,
    _end: DropGuard,
}

impl View {
    /// Follows the topology's pool with the certificate of one of its hosts.
    pub(crate) fn open(topology: &Topology, bundle: &Path) -> anyhow::Result<Self> {
        let topology = Arc::new(topology.clone());
        let pool = topology.chat_pools().next().context("the topology has a chat pool")?.clone();
        let credentials = Credentials::load(bundle).context("load a host's certificates")?;
        let client = Client::new(&credentials);
        let (tasks, end) = (TaskTracker::new(), CancellationToken::new());
        let stores = topology.sites.iter().map(|site| -> anyhow::Result<(String, Snapshots)> {
            let address = topology.control_of(&site.witness).context("a witness is a host")?;
            let witness = Destination { host: site.witness.clone(), address };
            let store: Arc<dyn Store> = Arc::new(Remote::new(&site.name, witness, client.clone()));
            Ok((site.name.clone(), store::follow(&site.name, &store, &tasks, &end)))
        });
        let stores = stores.collect::<anyhow::Result<Vec<_>>>()?;
        let known = whereabouts::follow(&pool.fqdn, stores, &tasks, &end);
        let end = end.drop_guard();
        Ok(Self { topology, pool, client, credentials, known, _tasks: tasks, _end: end })
    }

    /// Where the certificates are that we follow the pool with.
    pub(crate) fn bundle(&self) -> PathBuf {
        self.credentials.ca().parent().map(Path::to_path_buf).unwrap_or_default()
    }

    /// Everything that is known, as it changes.
    pub(crate) fn known(&self) -> watch::Receiver<Known> {
        self.known.clone()
    }

    /// The primary that may be connected to.
    pub(crate) fn primary(&self) -> Option<Primary> {
        self.known.borrow().primary(&self.topology)
    }

    /// The name of the host that has the primary, and its term.
    pub(crate) fn primary_host(&self) -> anyhow::Result<(String, Term)> {
        let primary = self.primary().context("no primary is known")?;
        let host = self.topology.host_of_store(&primary.store).context("a store is on a host")?;
        Ok((host.name.clone(), primary.term))
    }

    /// As [`db::Connections`] wants to be told of it.
    pub(crate) fn for_connections(
        &self,
        tasks: &TaskTracker,
    ) -> watch::Receiver<Option<db::Primary>> {
        let (tell, told) = watch::channel(self.primary().map(to_db));
        let (mut known, topology) = (self.known(), Arc::clone(&self.topology));
        tasks.spawn(async move {
            while !tell.is_closed() {
                let primary = known.borrow_and_update().primary(&topology).map(to_db);
                tell.send_if_modified(|now| std::mem::replace(now, primary.clone()) != primary);
                tokio::select! {
                    changed = known.changed() => if changed.is_err() { return },
                    () = tell.closed() => return,
                }
            }
        });
        told
    }

    /// Waits until the record of the site that serves is as `wanted`, and tells when that was.
    pub(crate) async fn until(
        &self,
        deadline: Duration,
        what: &str,
        mut wanted: impl FnMut(&PoolRecord) -> bool,
    ) -> anyhow::Result<Instant> {
        let mut known = self.known();
        let seen = known.wait_for(|known| known.serving().is_some_and(&mut wanted));
        let seen = tokio::time::timeout(deadline, seen).await;
        match seen {
            Ok(Ok(_)) => Ok(Instant::now()),
            Ok(Err(_)) => bail!("nobody follows the pool any more"),
            Err(_) => bail!("{what}: not within {deadline:?}; known: {:?}", self.known.borrow()),
        }
    }

    /// Waits until clients are let in, in a term higher than `before`.
    pub(crate) async fn open_after(
        &self,
        before: Term,
        deadline: Duration,
    ) -> anyhow::Result<Instant> {
        let open = |record: &PoolRecord| before < record.term && record.gate == Gate::Open;
        self.until(deadline, "a new primary", open).await
    }

    /// Waits until clients are let in and the mirror is in sync.
    pub(crate) async fn in_sync(&self, deadline: Duration) -> anyhow::Result<()> {
        let whole = |record: &PoolRecord| record.is_synchronized() && record.gate == Gate::Open;
        self.until(deadline, "the mirror in sync", whole).await.map(drop)
    }

    /// Waits until the pool is at home and WAL is received at the backup site.
    pub(crate) async fn shipping(&self, deadline: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + deadline;
        loop {
            let report = self.backup_report().await;
            let home = self.known.borrow().records.values().any(|record| {
                record.primary().is_none() && record.shipping == Shipping::Continuous
            });
            if let Ok(report) = &report
                && home
                && report.shipping.as_ref().is_some_and(|it| it.receiving)
            {
                return Ok(());
            }
            if end < Instant::now() {
                bail!("shipping: not within {deadline:?}; the backup's keeper says {report:?}");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What the keeper of the backup instance says.
    pub(crate) async fn backup_report(&self) -> anyhow::Result<Report> {
        let store = self.pool.stores.backup.as_ref().context("the pool has a backup")?;
        let host = self.topology.host_of_store(store).context("a store is on a host")?;
        let destination = Destination { host: host.name.clone(), address: host.control() };
        let request = ReportRequest { store: store.clone() };
        Ok(self.client.call_idempotent(&destination, REPORT, &request, ASK).await?)
    }
}

fn to_db(primary: Primary) -> db::Primary {
    let signed = |half: u64| i64::try_from(half).expect("terms are raised one by one");
    let Term { reign, turn } = primary.term;
    let (reign, turn) = (signed(reign), signed(turn));
    db::Primary { store: primary.store, address: primary.address, reign, turn }
}
