//! This host: what it was given, and what all of its parts share.

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use control::{Client, Credentials, Destination, Peer};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use topology::{Pool, Site, Topology};

use crate::args::Run;
use crate::check;

/// The bit of a directory's mode that lets everybody make and remove files in it.
const WRITABLE_BY_ALL: u32 = 0o002;

/// What the parts of a host share.
#[derive(Debug)]
pub(crate) struct ThisHost {
    /// Its name in the topology.
    pub name: String,
    /// The whole deployment, as declared.
    pub topology: Arc<Topology>,
    /// What stood in it when this host started.
    pub topology_text: String,
    /// Its data directory, absolute.
    pub data: PathBuf,
    /// Its certificates.
    pub credentials: Credentials,
    /// Its calls to other hosts.
    pub client: Client,
    /// Every task has this owner.
    pub tasks: TaskTracker,
    /// Cancelled once, when the host stops.
    pub shutdown: CancellationToken,
    /// Users and rooms for a new pool.
    pub bootstrap: Option<PathBuf>,
}

impl ThisHost {
    /// Reads all that a host is given. Nothing is started.
    pub(crate) fn open(arguments: &Run) -> anyhow::Result<Self> {
        let topology_text = check::read(&arguments.topology)?;
        let topology = Arc::new(check::load(&arguments.topology)?);
        topology.host(&arguments.host).with_context(|| {
            let names: Vec<_> = topology.hosts.iter().map(|host| host.name.as_str()).collect();
            format!("no host {} in the topology; it has {}", arguments.host, names.join(", "))
        })?;
        let data = std::path::absolute(&arguments.data).context("find the data directory")?;
        std::fs::create_dir_all(&data)
            .with_context(|| format!("make the data directory {}", data.display()))?;
        let mode = std::fs::metadata(&data).context("look at the data directory")?.mode();
        ensure!(
            mode & WRITABLE_BY_ALL == 0,
            "everybody may write into the data directory {0}, where keys and databases lie: \
             `chmod 0700 {0}`",
            data.display()
        );
        let credentials = Credentials::load(&data.join("tls"))
            .context("load this host's certificates (made by `standfast init`)")?;
        let (shown, own) = (credentials.identity(), Peer::Host(arguments.host.clone()));
        ensure!(
            *shown == own,
            "the certificates in {} are those of {shown}: put the bundle of {own} there, which \
             `standfast init` made",
            data.join("tls").display()
        );
        let address = topology.host(&arguments.host).map(|host| host.address);
        let address = address.context("a checked topology has this host")?;
        let client = Client::of_host(&credentials, address);
        Ok(Self {
            name: arguments.host.clone(),
            topology,
            topology_text,
            data,
            credentials,
            client,
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
            bootstrap: arguments.bootstrap.clone(),
        })
    }

    /// The site that this host is in.
    pub(crate) fn site(&self) -> &Site {
        self.topology.site_of_host(&self.name).expect("a checked topology gives a host its site")
    }

    /// The control port of another host.
    pub(crate) fn destination(&self, host: &str) -> Destination {
        let address = self.topology.control_of(host).expect("a checked topology names its hosts");
        Destination { host: host.to_owned(), address }
    }

    /// Where this host's control port listens.
    pub(crate) fn control_address(&self) -> SocketAddr {
        self.destination(&self.name).address
    }

    /// Where this host keeps a pool's shipped log.
    pub(crate) fn share(&self, pool: &Pool) -> PathBuf {
        let declared = pool.share.as_ref().map(|share| self.directory(&share.directory));
        declared.unwrap_or_else(|| self.directory("share"))
    }

    /// A directory of this host's own, below its data directory.
    pub(crate) fn directory(&self, name: impl AsRef<Path>) -> PathBuf {
        self.data.join(name)
    }
}
