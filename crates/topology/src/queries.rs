//! Look-ups in a topology. A name that is not in it gives `None`.

use std::net::SocketAddr;

use sha2::{Digest as _, Sha256};

use crate::model::{Host, Pool, Site, Store, Topology};
use crate::place::Place;

impl Topology {
    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.name == name)
    }

    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.iter().find(|host| host.name == name)
    }

    pub fn store(&self, name: &str) -> Option<&Store> {
        self.stores.iter().find(|store| store.name == name)
    }

    /// The pools that have rooms and chat servers.
    pub fn chat_pools(&self) -> impl Iterator<Item = &Pool> {
        self.pools.iter().filter(|pool| pool.chat().is_some())
    }

    /// The pools that host Response Groups.
    pub fn front_end_pools(&self) -> impl Iterator<Item = &Pool> {
        self.pools.iter().filter(|pool| pool.response_groups().is_some())
    }

    /// The pool of that name, in upper or lower case, of whatever kind.
    pub fn pool(&self, fqdn: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.fqdn.eq_ignore_ascii_case(fqdn))
    }

    pub fn site_of_host(&self, host: &str) -> Option<&Site> {
        self.site(&self.host(host)?.site)
    }

    pub fn host_of_store(&self, store: &str) -> Option<&Host> {
        self.host(&self.store(store)?.host)
    }

    pub fn site_of_store(&self, store: &str) -> Option<&Site> {
        self.site_of_host(&self.store(store)?.host)
    }

    /// Where the store's instance listens.
    pub fn address_of_store(&self, store: &str) -> Option<SocketAddr> {
        let store = self.store(store)?;
        Some(SocketAddr::new(self.host(&store.host)?.address, store.port))
    }

    /// The pool in which the store has a place. A store has at most one.
    pub fn pool_of_store(&self, store: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.stores.place_of(store).is_some())
    }

    pub fn place_of(&self, store: &str) -> Option<Place> {
        self.pools.iter().find_map(|pool| pool.stores.place_of(store))
    }

    /// The other half of the store's mirror: home and home mirror, backup and backup mirror.
    pub fn partner_of(&self, store: &str) -> Option<&Store> {
        let place = self.place_of(store)?;
        self.store(self.pool_of_store(store)?.stores.at(place.partner())?)
    }

    pub fn hosts_of_site(&self, site: &str) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(move |host| host.site == site)
    }

    pub fn stores_on(&self, host: &str) -> impl Iterator<Item = &Store> {
        self.stores.iter().filter(move |store| store.host == host)
    }

    /// The pools that have a chat server on the host.
    pub fn pools_served_by(&self, host: &str) -> impl Iterator<Item = &Pool> {
        self.pools.iter().filter(move |pool| pool.servers.iter().any(|server| server == host))
    }

    /// The site in which the pool is at home.
    pub fn home_site(&self, pool: &Pool) -> Option<&Site> {
        self.site_of_store(&pool.stores.home)
    }

    /// The site to which the pool fails over, if it is stretched.
    pub fn backup_site(&self, pool: &Pool) -> Option<&Site> {
        self.site_of_store(pool.stores.backup.as_deref()?)
    }

    /// The sites in which the pool has stores: one, or two if it is stretched.
    pub fn sites_of(&self, pool: &Pool) -> impl Iterator<Item = &Site> {
        self.home_site(pool).into_iter().chain(self.backup_site(pool))
    }

    /// The one site that is not this one.
    pub fn other_site(&self, site: &str) -> Option<&Site> {
        self.sites.iter().find(|other| other.name != site)
    }

    /// The host that keeps the site's management store.
    pub fn witness_of(&self, site: &str) -> Option<&Host> {
        self.host(&self.site(site)?.witness)
    }

    /// The site whose management store the host keeps, if it is a witness.
    pub fn witnessed_by(&self, host: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.witness == host)
    }

    /// Where the host's control port is.
    pub fn control_of(&self, host: &str) -> Option<SocketAddr> {
        self.host(host).map(Host::control)
    }

    /// The SHA-256 of what the topology means, in hexadecimal digits.
    ///
    /// The order in which things were declared, comments and spelt-out defaults do not matter:
    /// two topologies have one hash exactly when [`crate::diff`] finds nothing between them.
    pub fn hash(&self) -> String {
        let mut sorted = self.clone();
        sorted.sites.sort_by(|a, b| a.name.cmp(&b.name));
        sorted.hosts.sort_by(|a, b| a.name.cmp(&b.name));
        sorted.stores.sort_by(|a, b| a.name.cmp(&b.name));
        sorted.pools.sort_by(|a, b| a.fqdn.cmp(&b.fqdn));
        for pool in &mut sorted.pools {
            pool.servers.sort();
        }
        let json = serde_json::to_vec(&sorted).expect("a topology has text keys and valid UTF-8");
        format!("{:x}", Sha256::digest(json))
    }
}
