//! The Response Groups of every pool that hosts some, as this host reaches them.

use std::collections::BTreeMap;

use response_groups::store::Hosting;
use topology::{Pool, Topology};

use super::pair::Pair;
use crate::run::host::ThisHost;
use crate::run::primaries::Primaries;

/// What pools host, and those of them that are paired. Cheap enough to clone.
#[derive(Clone, Debug)]
pub(crate) struct Hostings {
    hostings: BTreeMap<String, Hosting>,
    pairs: BTreeMap<String, Pair>,
}

/// Every pool that hosts Response Groups; connects only when asked to.
pub(crate) fn reach(host: &ThisHost, primaries: &Primaries) -> Hostings {
    let reach_one = |pool: &Pool| {
        let application = format!("response groups {}", host.name);
        let role = response_groups::schema::ROLE;
        let connections = primaries.connections(host, pool, role, application);
        (pool.fqdn.clone(), Hosting::new(&pool.fqdn, connections))
    };
    let hostings = host.topology.front_end_pools().map(reach_one).collect();
    let pairs = pairs(&host.topology, &hostings);
    Hostings { hostings, pairs }
}

fn pairs(topology: &Topology, hostings: &BTreeMap<String, Hosting>) -> BTreeMap<String, Pair> {
    let pair = |pool: &Pool| {
        let partner = pool.response_groups()?.backup_pool.as_ref()?;
        let (own, partner) = (hostings.get(&pool.fqdn)?, hostings.get(partner)?);
        Some((pool.fqdn.clone(), Pair::new(own.clone(), partner.clone())))
    };
    topology.front_end_pools().filter_map(pair).collect()
}

impl Hostings {
    /// What the pool hosts.
    pub(crate) fn get(&self, pool: &str) -> Option<&Hosting> {
        self.hostings.get(pool)
    }

    /// The pool and the one that it is paired with, if it is.
    pub(crate) fn pair(&self, pool: &str) -> Option<&Pair> {
        self.pairs.get(pool)
    }

    /// Every pool and what it hosts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Hosting)> {
        self.hostings.iter().map(|(pool, hosting)| (pool.as_str(), hosting))
    }

    /// The store that is the pool's primary now, as far as is known.
    pub(crate) fn primary(&self, pool: &str) -> Option<String> {
        Some(self.hostings.get(pool)?.primary()?.store)
    }
}
