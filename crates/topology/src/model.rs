//! The topology as it is meant: plain structs that every wing of the product reads.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::limits::ClientLimits;
use crate::place::Stores;
use crate::problem::Problem;

/// Everything an administrator declares. Every name in it refers to something that is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// The XMPP domain of the users, in lower case.
    pub domain: String,
    pub sites: Vec<Site>,
    pub hosts: Vec<Host>,
    pub stores: Vec<Store>,
    /// All of them, whatever they serve. See [`Topology::chat_pools`] for one kind only.
    pub pools: Vec<Pool>,
}

/// A topology in which no error was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub topology: Topology,
    /// What is allowed and probably not wanted.
    pub warnings: Vec<Problem>,
}

/// A data centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    pub name: String,
    /// The host that keeps the site's management store.
    pub witness: String,
}

/// A machine. In the demo it is a process with its own loopback address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    pub name: String,
    /// The name of its site.
    pub site: String,
    /// Where everything on this host listens.
    pub address: IpAddr,
    /// The port by which hosts and administrators talk to this host.
    pub control_port: u16,
}

impl Host {
    /// The address of the host's control port.
    pub fn control(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.control_port)
    }
}

/// The name of one `PostgreSQL` instance, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    pub name: String,
    /// The name of its host.
    pub host: String,
    /// The port of the instance, on the host's address.
    pub port: u16,
}

/// The servers that serve the same users, and the stores behind them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// The pool's name in the DNS, in lower case.
    pub fqdn: String,
    /// What the pool is there for.
    pub service: Service,
    /// The names of the hosts that run a chat server of this pool. A front-end pool has none.
    pub servers: Vec<String>,
    pub stores: Stores,
    /// Where shipped WAL lies. Present exactly when the pool has a backup.
    pub share: Option<Share>,
    /// Whether a post is acknowledged only after the backup site holds it, too.
    pub zero_loss: bool,
    /// Whether changes are taken while the mirror is recorded as suspended. Otherwise they wait.
    pub allow_suspended: bool,
}

/// What a pool is there for, and what is declared of that kind of pool only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Rooms, and the chat servers in front of them. The pool stretches over two sites.
    PersistentChat(PersistentChat),
    /// A front-end pool: it hosts Response Groups, and lives in one site.
    ResponseGroups(ResponseGroups),
}

/// What is declared of a chat pool only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersistentChat {
    /// The domain of the rooms (the XEP-0045 service), in lower case.
    pub rooms: String,
    /// Where clients connect and then start TLS, on each server's address.
    pub client_port: u16,
    /// Where clients connect with TLS from the first byte, on each server's address.
    pub client_tls_port: u16,
    /// What clients may have of each chat server.
    pub limits: ClientLimits,
}

/// The role in every pool's database with which hosts copy and read the audit trail.
pub const AUDIT_ROLE: &str = "standfast_audit";

/// What is declared of a front-end pool only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseGroups {
    /// The FQDN of the pool with which this one is paired, in lower case. The other names this one.
    pub backup_pool: Option<String>,
}

impl Pool {
    /// What is declared of a chat pool, if it is one.
    pub fn chat(&self) -> Option<&PersistentChat> {
        match &self.service {
            Service::PersistentChat(chat) => Some(chat),
            Service::ResponseGroups(_) => None,
        }
    }

    /// What is declared of a front-end pool, if it is one.
    pub fn response_groups(&self) -> Option<&ResponseGroups> {
        match &self.service {
            Service::ResponseGroups(response_groups) => Some(response_groups),
            Service::PersistentChat(_) => None,
        }
    }

    /// The role in the pool's database that its servers have.
    pub fn database_role(&self) -> &'static str {
        match &self.service {
            Service::PersistentChat(_) => "standfast_chat",
            Service::ResponseGroups(_) => "standfast_rgs",
        }
    }

    /// Every role in the pool's database that comes over the network; the first owns it.
    pub fn database_roles(&self) -> [&'static str; 2] {
        [self.database_role(), AUDIT_ROLE]
    }

    /// The name of the pool's database, in each of its instances.
    pub fn database(&self) -> &'static str {
        match &self.service {
            Service::PersistentChat(_) => "mgc",
            Service::ResponseGroups(_) => "rgs",
        }
    }
}

/// The directory in which shipped WAL lies until the backup instance has replayed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The name of the host on which the directory is.
    pub host: String,
    /// Absolute, or relative to that host's data directory. Never contains `..`.
    pub directory: PathBuf,
}
