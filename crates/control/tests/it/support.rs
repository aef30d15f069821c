//! What the tests start from: an authority, bundles, a host that serves.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use control::authority::Authority;
use control::{Client, Credentials, Destination, Router, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long anything may take that is expected to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A directory that is removed with everything in it.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("standfast-control-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a new directory");
        Self(path)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} stays: {error}", self.0.display());
        }
    }
}

/// An authority, and the bundles that it gives out.
pub(crate) struct Deployment {
    pub(crate) directory: TempDir,
    pub(crate) authority: Authority,
}

impl Deployment {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new();
        let authority = Authority::create(&directory.join("authority")).expect("an authority");
        Self { directory, authority }
    }

    pub(crate) fn host(&self, name: &str) -> Credentials {
        let out = self.directory.join(name);
        if !out.exists() {
            self.authority.issue_host(name, &[], &[HERE], &out).expect("a bundle");
        }
        Credentials::load(&out).expect("good credentials")
    }

    pub(crate) fn administrator(&self, name: &str, role: &str) -> Credentials {
        let out = self.directory.join(name);
        self.authority.issue_administrator(name, role, &out).expect("a bundle");
        Credentials::load(&out).expect("good credentials")
    }

    /// Serves `router` as the host `alpha` until the guard is dropped.
    pub(crate) async fn serve(&self, router: Router) -> Served {
        self.serve_on(TcpListener::bind((HERE, 0)).await.expect("a port"), router)
    }

    /// As [`Self::serve`], on a port that is there already.
    pub(crate) fn serve_on(&self, listener: TcpListener, router: Router) -> Served {
        let address = listener.local_addr().expect("an address");
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let hosts = BTreeSet::new();
        serve(listener, self.host("alpha"), router, hosts, tasks.clone(), shutdown.clone());
        Served { destination: at(address), tasks, shutdown }
    }

    /// A client that is the host `beta`.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.host("beta"))
    }
}

/// The host `alpha`, at `address`.
pub(crate) fn at(address: SocketAddr) -> Destination {
    Destination { host: "alpha".to_owned(), address }
}

pub(crate) struct Served {
    pub(crate) destination: Destination,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

impl Served {
    /// Stops, and waits until every task has ended.
    pub(crate) async fn stop(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        tokio::time::timeout(PATIENCE, self.tasks.wait()).await.expect("every task ends");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
