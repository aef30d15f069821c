//! The Response Groups of every pool that hosts some, as this host reaches them.

use std::collections::BTreeMap;

use db::Connections;
use response_groups::store::Hosting;

use crate::run::host::ThisHost;
use crate::run::primaries::Primaries;

/// By the pool's FQDN. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Hostings(BTreeMap<String, (Hosting, Connections)>);

/// Every pool that hosts Response Groups; connects only when asked to.
pub(crate) fn reach(host: &ThisHost, primaries: &Primaries) -> Hostings {
    let reach_one = |pool: &topology::Pool| {
        let application = format!("response groups {}", host.name);
        let role = response_groups::schema::ROLE;
        let connections = primaries.connections(host, pool, role, application);
        let hosting = Hosting::new(&pool.fqdn, connections.clone());
        (pool.fqdn.clone(), (hosting, connections))
    };
    Hostings(host.topology.front_end_pools().map(reach_one).collect())
}

impl Hostings {
    /// What the pool hosts.
    pub(crate) fn get(&self, pool: &str) -> Option<&Hosting> {
        self.0.get(pool).map(|(hosting, _)| hosting)
    }

    /// Every pool and what it hosts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Hosting)> {
        self.0.iter().map(|(pool, (hosting, _))| (pool.as_str(), hosting))
    }

    /// The store that is the pool's primary now, as far as is known.
    pub(crate) fn primary(&self, pool: &str) -> Option<String> {
        Some(self.0.get(pool)?.1.primary()?.store)
    }
}
