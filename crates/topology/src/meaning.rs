//! From what was said to what it means: defaults filled in, names in their one spelling.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::model::{
    Host, PersistentChat, Pool, ResponseGroups, Service, Share, Site, Store, Topology,
};
use crate::place::Stores;
use crate::said::{SaidFrontEndPool, SaidHost, SaidPlaces, SaidPool, SaidStore, SaidTopology};
use crate::table::Said;
use crate::{
    DEFAULT_CLIENT_PORT, DEFAULT_CLIENT_TLS_PORT, DEFAULT_CONTROL_PORT, DEFAULT_SHARE_DIRECTORY,
    DEFAULT_STORE_PORT,
};

/// `None` where something that is needed was not said, or was no value of its kind.
pub(crate) fn meaning(said: &SaidTopology) -> Option<Topology> {
    let domain = lower(said.domain.as_ref())?;
    let mut sites = Vec::new();
    for site in &said.sites {
        sites.push(Site { name: text(site.name.as_ref())?, witness: text(site.witness.as_ref())? });
    }
    let hosts = said.hosts.iter().map(host).collect::<Option<_>>()?;
    let stores: Vec<Store> = said.stores.iter().map(store).collect::<Option<_>>()?;
    let pairs = pairs(&said.front_end_pools);
    let chat = said.pools.iter().map(|it| pool(it, &domain, &stores));
    let front_end = said.front_end_pools.iter().map(|it| front_end_pool(it, &pairs));
    let pools = chat.chain(front_end).collect::<Option<_>>()?;
    Some(Topology { domain, sites, hosts, stores, pools })
}

fn host(said: &SaidHost) -> Option<Host> {
    Some(Host {
        name: text(said.name.as_ref())?,
        site: text(said.site.as_ref())?,
        address: said.address.as_ref()?.value.parse().ok()?,
        control_port: control_port(said),
    })
}

fn store(said: &SaidStore) -> Option<Store> {
    Some(Store {
        name: text(said.name.as_ref())?,
        host: text(said.host.as_ref())?,
        port: store_port(said),
    })
}

fn pool(said: &SaidPool, domain: &str, stores: &[Store]) -> Option<Pool> {
    let places = places(&said.places)?;
    let backup = places.backup.as_deref();
    let beside_backup = stores.iter().find(|store| Some(store.name.as_str()) == backup);
    let share = match &said.share {
        Some(share) => Some(Share {
            host: text(share.host.as_ref())?,
            directory: share_directory(share.directory.as_ref()),
        }),
        None => beside_backup
            .map(|backup| Share { host: backup.host.clone(), directory: share_directory(None) }),
    };
    Some(Pool {
        fqdn: lower(said.fqdn.as_ref())?,
        service: Service::PersistentChat(PersistentChat {
            rooms: lower(said.rooms.as_ref()).unwrap_or_else(|| rooms_beneath(domain)),
            client_port: client_port(said),
            client_tls_port: client_tls_port(said),
            limits: said.limits,
        }),
        servers: said.servers.as_ref()?.iter().map(|server| server.value.clone()).collect(),
        stores: places,
        share,
        zero_loss: said.zero_loss.as_ref().is_some_and(|flag| flag.value),
        allow_suspended: said.allow_suspended.as_ref().is_none_or(|flag| flag.value),
    })
}

fn front_end_pool(said: &SaidFrontEndPool, pairs: &BTreeMap<String, String>) -> Option<Pool> {
    let fqdn = lower(said.fqdn.as_ref())?;
    let backup_pool = pairs.get(&fqdn).cloned();
    Some(Pool {
        service: Service::ResponseGroups(ResponseGroups { backup_pool }),
        fqdn,
        servers: Vec::new(),
        stores: places(&said.places)?,
        share: None,
        zero_loss: false,
        allow_suspended: said.allow_suspended.as_ref().is_none_or(|flag| flag.value),
    })
}

/// Who is paired with whom, from both sides, although one side may have left it out.
fn pairs(said: &[SaidFrontEndPool]) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    for pool in said {
        if let (Some(one), Some(other)) =
            (lower(pool.fqdn.as_ref()), lower(pool.backup_pool.as_ref()))
        {
            pairs.insert(other.clone(), one.clone());
            pairs.insert(one, other);
        }
    }
    pairs
}

fn places(said: &SaidPlaces) -> Option<Stores> {
    Some(Stores {
        home: text(said.home.as_ref())?,
        home_mirror: text(said.home_mirror.as_ref()),
        backup: text(said.backup.as_ref()),
        backup_mirror: text(said.backup_mirror.as_ref()),
    })
}

pub(crate) fn control_port(said: &SaidHost) -> u16 {
    said.control_port.as_ref().map_or(DEFAULT_CONTROL_PORT, |port| port.value)
}

pub(crate) fn store_port(said: &SaidStore) -> u16 {
    said.port.as_ref().map_or(DEFAULT_STORE_PORT, |port| port.value)
}

pub(crate) fn client_port(said: &SaidPool) -> u16 {
    said.client_port.as_ref().map_or(DEFAULT_CLIENT_PORT, |port| port.value)
}

pub(crate) fn client_tls_port(said: &SaidPool) -> u16 {
    said.client_tls_port.as_ref().map_or(DEFAULT_CLIENT_TLS_PORT, |port| port.value)
}

/// The rooms' domain of a pool that names none.
pub(crate) fn rooms_beneath(domain: &str) -> String {
    format!("rooms.{domain}")
}

pub(crate) fn share_directory(said: Option<&Said<String>>) -> PathBuf {
    said.map_or(DEFAULT_SHARE_DIRECTORY, |directory| &directory.value).into()
}

/// A domain name in its one spelling: the DNS does not tell capital letters from small ones.
pub(crate) fn lower(said: Option<&Said<String>>) -> Option<String> {
    said.map(|it| it.value.to_ascii_lowercase())
}

fn text(said: Option<&Said<String>>) -> Option<String> {
    said.map(|it| it.value.clone())
}
