//! Domains, pools and their chat servers.

use std::collections::BTreeMap;

use super::index::Index;
use crate::MAX_SERVERS_PER_POOL;
use crate::findings::Findings;
use crate::meaning::{lower, rooms_beneath};
use crate::names::fault_of_fqdn;
use crate::said::SaidPool;
use crate::table::Said;

pub(super) fn check(index: &Index<'_>, findings: &mut Findings) {
    let said = index.said;
    if let Some(domain) = &said.domain {
        fqdn("domain", domain, findings);
    }
    if said.pools.is_empty() && said.front_end_pools.is_empty() {
        findings.error(1, "no pool is declared", "declare one under a line [[pool]]");
    }
    for pool in &said.pools {
        for (key, name) in [("fqdn", &pool.fqdn), ("rooms", &pool.rooms)] {
            if let Some(name) = name {
                fqdn(key, name, findings);
            }
        }
        servers(pool, index, findings);
    }
    for pool in &said.front_end_pools {
        if let Some(name) = &pool.fqdn {
            fqdn("fqdn", name, findings);
        }
    }
    one_meaning_per_domain(index, findings);
}

fn fqdn(key: &str, said: &Said<String>, findings: &mut Findings) {
    let Said { line, value } = said;
    if let Some(fault) = fault_of_fqdn(value) {
        let what = format!("`{key}` is `{value}`, which {fault}");
        findings.error(*line, what, "write a full domain name, such as chat.example.org");
    }
}

/// Users, pools and rooms are told apart by their domains, so no two may be the same.
fn one_meaning_per_domain(index: &Index<'_>, findings: &mut Findings) {
    let mut first: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    let mut claim = |name: String, line: usize, use_: &'static str| {
        if let Some((other, taken)) = first.get(&name) {
            let what = format!("`{name}` cannot be {use_}: it is {taken} (line {other})");
            findings.error(line, what, "write a domain that nothing else uses");
        } else {
            first.insert(name, (line, use_));
        }
    };
    let domain = lower(index.said.domain.as_ref());
    if let (Some(said), Some(domain)) = (&index.said.domain, &domain) {
        claim(domain.clone(), said.line, "the users' domain");
    }
    for pool in &index.said.pools {
        if let (Some(said), Some(fqdn)) = (&pool.fqdn, lower(pool.fqdn.as_ref())) {
            claim(fqdn, said.line, "the FQDN of a pool");
        }
        let line = pool.rooms.as_ref().map_or(pool.line, |said| said.line);
        let rooms = lower(pool.rooms.as_ref());
        if let Some(rooms) = rooms.or_else(|| domain.as_deref().map(rooms_beneath)) {
            claim(rooms, line, "the rooms of a pool");
        }
    }
    for pool in &index.said.front_end_pools {
        if let (Some(said), Some(fqdn)) = (&pool.fqdn, lower(pool.fqdn.as_ref())) {
            claim(fqdn, said.line, "the FQDN of a pool");
        }
    }
}

fn servers(pool: &SaidPool, index: &Index<'_>, findings: &mut Findings) {
    let Some(servers) = &pool.servers else { return };
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for server in servers {
        if let Some(first) = lines.insert(&server.value, server.line) {
            let what = format!("`{}` is listed twice in `servers` (line {first})", server.value);
            findings.error(server.line, what, "list each host once");
            continue;
        }
        index.host(server, "servers", findings);
    }
    if lines.len() > MAX_SERVERS_PER_POOL {
        let line = servers.first().map_or(pool.line, |server| server.line);
        let what = format!(
            "the pool has {} servers, and a pool has at most {MAX_SERVERS_PER_POOL}",
            lines.len()
        );
        findings.error(line, what, "move some of them to another pool");
    }
    if lines.is_empty() {
        let what = "the pool has no chat server, so nobody can connect to it";
        findings.error(pool.line, what, "list at least one host in `servers`");
        return;
    }
    let sites = [index.home_site(&pool.places), index.backup_site(&pool.places)];
    if lines.keys().any(|server| index.site_of_host(server).is_none()) {
        return;
    }
    for site in sites.into_iter().flatten() {
        if !lines.keys().any(|server| index.site_of_host(server) == Some(site)) {
            let what = format!(
                "none of the pool's servers stands in site `{site}`: when the other site is \
                 lost, nobody can connect"
            );
            findings.warn(pool.line, what, format!("list a host of site `{site}` in `servers`"));
        }
    }
}
