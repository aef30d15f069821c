//! A whole deployment of two sites on this machine, from a topology file.
//!
//! Every host has its own loopback address, its own directory, and a process that stands for it.
//! Several deployments can stand side by side: see [`Addresses`].

mod addresses;
mod administer;
mod bootstrap;
mod running;

pub use addresses::Addresses;
use addresses::Ground;
pub use bootstrap::Bootstrap;
pub use running::{Ended, Running};

use crate::client::{Login, trust};
use crate::dns::{Dns, Service};
use crate::host::{Host, Plan};
use crate::netns::Network;
use crate::{Account, TempDir, binaries, leftovers};
use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use topology::Topology;

/// The product.
const PROGRAM: &str = "standfast";

/// The first administrator, who is made with the authority.
const ADMINISTRATOR: &str = "administrator";

/// Service records: clients try the servers of the home site first.
const HOME_FIRST: (u16, u16) = (10, 20);

/// How long a host's process may take to end in good order.
const END: Duration = Duration::from_mins(1);

/// What to deploy.
#[derive(Debug)]
pub struct Plans {
    /// The topology file's text.
    pub topology: String,
    /// The text of a file with users and rooms to begin with.
    pub bootstrap: Option<String>,
    /// Where to keep everything; a directory that goes away when there is none.
    pub directory: Option<PathBuf>,
    /// The loopback addresses, when the topology was moved to them.
    pub addresses: Option<Addresses>,
}

impl Plans {
    /// A deployment of `topology` on loopback addresses that nobody else uses at this time.
    ///
    /// Every address `127.0.X.Y` in it becomes `127.N.X.Y`.
    pub fn private(topology: &str) -> anyhow::Result<Self> {
        let addresses = Addresses::claim()?;
        let topology = addresses.moved(topology);
        Ok(Self { topology, bootstrap: None, directory: None, addresses: Some(addresses) })
    }

    /// As [`Plans::private`], but every host has a network namespace of its own, and its link can
    /// be cut. `127.0.X.Y` becomes `10.N.X.Y`.
    pub fn in_namespaces(topology: &str) -> anyhow::Result<Self> {
        let addresses = Addresses::claim_in_namespaces()?;
        let topology = addresses.moved(topology);
        Ok(Self { topology, bootstrap: None, directory: None, addresses: Some(addresses) })
    }
}

/// Where everything is kept.
#[derive(Debug)]
enum Root {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Root {
    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(directory) => directory.path(),
        }
    }
}

/// A deployment; it ends, whatever runs, when dropped.
#[derive(Debug)]
pub struct Deployment {
    // In this order: first the processes, then their directory.
    hosts: BTreeMap<String, Host>,
    dns: Dns,
    topology: Topology,
    program: PathBuf,
    account: Account,
    tls: Arc<rustls::ClientConfig>,
    root: Root,
    network: Option<Network>,
    _addresses: Option<Addresses>,
}

impl Deployment {
    /// Makes authority, certificates, directories and names. Nothing runs yet.
    pub async fn prepare(plans: Plans) -> anyhow::Result<Self> {
        let account = Account::find()?;
        let root = match plans.directory {
            None => Root::Temporary(TempDir::new("deployment")?),
            Some(path) => {
                std::fs::create_dir_all(&path)
                    .with_context(|| format!("make {}", path.display()))?;
                account.own(&path)?;
                Root::Kept(path.canonicalize().with_context(|| format!("find {}", path.display()))?)
            }
        };
        let program = account.runnable(&binaries::find(PROGRAM)?, root.path())?;
        let file = root.path().join("topology.toml");
        let checked = Topology::parse(&file.display().to_string(), &plans.topology)
            .map_err(|problems| anyhow::anyhow!("{problems}"))?;
        let topology = checked.topology;
        write(account, &file, &plans.topology)?;
        let bootstrap = plans.bootstrap.as_ref().map(|text| -> anyhow::Result<PathBuf> {
            let file = root.path().join("bootstrap.toml");
            write(account, &file, text)?;
            Ok(file)
        });
        let bootstrap = bootstrap.transpose()?;

        let authority = root.path().join("authority");
        let mut init = tokio::process::Command::from(account.command(&program));
        init.args(["init", "--administrator", ADMINISTRATOR, "--topology"]).arg(&file);
        let made =
            init.arg("--out").arg(&authority).output().await.context("make the authority")?;
        let said = String::from_utf8_lossy(&made.stderr);
        ensure!(made.status.success(), "{PROGRAM} init ended with {}: {said}", made.status);
        let tls = trust(&authority.join("authority/ca.pem"))?;

        let network = match &plans.addresses {
            Some(addresses) if addresses.ground == Ground::Namespaces => {
                let hosts = topology.hosts.iter().map(|it| (it.name.clone(), it.address));
                Some(Network::new(addresses.octet, &hosts.collect::<Vec<_>>())?)
            }
            _ => None,
        };
        let dns = Dns::start(name_server(&topology)).await?;
        let mut deployment = Self {
            hosts: BTreeMap::new(),
            dns,
            topology,
            program,
            account,
            tls,
            root,
            network,
            _addresses: plans.addresses,
        };
        for host in deployment.topology.hosts.clone() {
            let host = deployment.prepare_host(&host, &file, bootstrap.as_deref())?;
            deployment.hosts.insert(host.name().to_owned(), host);
        }
        deployment.announce();
        Ok(deployment)
    }

    fn prepare_host(
        &self,
        host: &topology::Host,
        topology: &Path,
        bootstrap: Option<&Path>,
    ) -> anyhow::Result<Host> {
        let name = &host.name;
        let directory = self.root.path().join("hosts").join(name);
        std::fs::create_dir_all(&directory)
            .with_context(|| format!("make {}", directory.display()))?;
        self.account.own(&directory)?;
        let data = directory.join("data");
        let bundle = self.root.path().join("authority/hosts").join(name);
        let script = "umask 077 && mkdir -p \"$1\" && cp -pR \"$2\" \"$1/tls\"";
        let mut copy = self.account.command("/bin/sh");
        copy.args(["-c", script, "sh"]).arg(&data).arg(bundle);
        ensure!(data.exists() || copy.status()?.success(), "cannot fill {}", data.display());

        let mut arguments = vec!["run".to_owned(), "--topology".to_owned(), shown(topology)];
        arguments.extend(["--host".to_owned(), name.clone(), "--data".to_owned(), shown(&data)]);
        if let Some(bootstrap) = bootstrap {
            arguments.extend(["--bootstrap".to_owned(), shown(bootstrap)]);
        }
        Host::new(Plan {
            name: name.clone(),
            program: self.program.clone(),
            arguments,
            directory: data,
            log: directory.join("log"),
            namespace: self.network.as_ref().and_then(|it| it.namespace(name)).map(str::to_owned),
        })
    }

    /// Tells the name server what the topology says.
    pub fn announce(&self) {
        let domain = &self.topology.domain;
        for host in &self.topology.hosts {
            self.dns.set_address(&format!("{}.{domain}", host.name), host.address);
        }
        let Some((pool, chat)) =
            self.topology.chat_pools().find_map(|pool| pool.chat().map(|chat| (pool, chat)))
        else {
            return;
        };
        let home = self.topology.home_site(pool).map(|it| &it.name);
        let services = |port: u16| -> Vec<Service> {
            let service = |server: &String| {
                let at_home = self.topology.site_of_host(server).map(|it| &it.name) == home;
                let priority = if at_home { HOME_FIRST.0 } else { HOME_FIRST.1 };
                Service { priority, weight: 0, target: format!("{server}.{domain}"), port }
            };
            pool.servers.iter().map(service).collect()
        };
        let starttls = format!("_xmpp-client._tcp.{domain}");
        self.dns.set_services(&starttls, &services(chat.client_port));
        let direct = format!("_xmpps-client._tcp.{domain}");
        self.dns.set_services(&direct, &services(chat.client_tls_port));
    }

    /// Starts every host: witnesses first, then databases, then the rest.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        let topology = &self.topology;
        let rank = |name: &str| match () {
            () if topology.witnessed_by(name).is_some() => 0,
            () if topology.stores_on(name).next().is_some() => 1,
            () => 2,
        };
        let mut hosts: Vec<&mut Host> = self.hosts.values_mut().collect();
        hosts.sort_by_key(|host| rank(host.name()));
        for host in hosts {
            host.start().await?;
        }
        Ok(())
    }

    /// Kills every process of a site at once, proves it, and makes its directories unreadable.
    pub async fn site_down(&mut self, site: &str) -> anyhow::Result<()> {
        let hosts = self.hosts_of(site)?;
        try_join_all(hosts.into_iter().map(async |host| {
            host.kill_host().await?;
            host.lock_directories()
        }))
        .await
        .map(drop)
    }

    /// Makes a site's directories readable again and starts its hosts.
    pub async fn site_up(&mut self, site: &str) -> anyhow::Result<()> {
        for host in self.hosts_of(site)? {
            host.unlock_directories()?;
            host.start().await?;
        }
        Ok(())
    }

    /// Ends everything in good order.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        try_join_all(self.hosts.values_mut().map(|host| host.terminate(END))).await.map(drop)
    }

    fn hosts_of(&mut self, site: &str) -> anyhow::Result<Vec<&mut Host>> {
        let topology = &self.topology;
        ensure!(topology.site(site).is_some(), "there is no site {site}");
        let of_site =
            |host: &&mut Host| topology.site_of_host(host.name()).is_some_and(|it| it.name == site);
        Ok(self.hosts.values_mut().filter(of_site).collect())
    }

    /// A host by its name in the topology. Panics when there is none.
    pub fn host(&mut self, name: &str) -> &mut Host {
        self.hosts.get_mut(name).unwrap_or_else(|| panic!("there is no host {name}"))
    }

    /// The network, when every host has a namespace of its own.
    pub fn network(&self) -> anyhow::Result<&Network> {
        self.network.as_ref().context("the hosts of this deployment share one network namespace")
    }

    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    pub fn dns(&self) -> &Dns {
        &self.dns
    }

    /// Where everything is kept.
    pub fn directory(&self) -> &Path {
        self.root.path()
    }

    /// The certificate of the deployment's authority.
    pub fn authority(&self) -> PathBuf {
        self.root.path().join("authority/authority/ca.pem")
    }

    /// How a user of the deployment logs in.
    pub fn login(&self, user: &str, password: &str) -> Login {
        Login::new(user, password, &self.topology.domain, self.dns.address(), &self.tls)
    }

    /// The last words of every host, for a test that failed.
    pub fn last_words(&self) -> String {
        let words = |host: &Host| format!("==== {}\n{}\n", host.name(), host.log_end());
        self.hosts.values().map(words).collect()
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.last_words());
        }
        let stores: Vec<PathBuf> = self
            .topology
            .stores
            .iter()
            .filter_map(|it| Some((self.hosts.get(&it.host)?.plan().directory.clone(), &it.name)))
            .map(|(data, name)| data.join("instances").join(name))
            .collect();
        for host in self.hosts.values() {
            if let Err(error) = host.unlock_directories() {
                eprintln!("{error:#}");
            }
        }
        self.hosts.clear();
        for store in &stores {
            leftovers::release(store);
        }
        leftovers::release_unmapped();
    }
}

/// An address for the name server: beside those of the hosts.
fn name_server(topology: &Topology) -> Ipv4Addr {
    match topology.hosts.first().map(|it| it.address) {
        Some(IpAddr::V4(address)) if address.is_loopback() => {
            let [first, second, ..] = address.octets();
            Ipv4Addr::new(first, second, 0, 53)
        }
        _ => Ipv4Addr::LOCALHOST,
    }
}

fn write(account: Account, file: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(file, text).with_context(|| format!("write {}", file.display()))?;
    account.own(file)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
