//! Sites, their witnesses, and the hosts in them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::index::Index;
use crate::MAX_SITES;
use crate::findings::Findings;
use crate::said::{SaidPlaces, SaidSite};
use crate::table::Said;

pub(super) fn check(index: &Index<'_>, findings: &mut Findings) {
    for host in &index.said.hosts {
        if let Some(site) = &host.site {
            index.site(site, "site", findings);
        }
        if let Some(said) = &host.address {
            address(said, findings);
        }
    }
    for store in &index.said.stores {
        if let Some(host) = &store.host {
            index.host(host, "host", findings);
        }
    }
    if index.said.sites.is_empty() {
        findings.error(1, "no site is declared", "declare each data centre under a line [[site]]");
    }
    for site in index.said.sites.iter().skip(MAX_SITES) {
        let what = format!("a topology has at most {MAX_SITES} sites, and this is one more");
        findings.error(site.line, what, "describe other pairs of sites in a topology of their own");
    }
    for site in &index.said.sites {
        empty_site(site, index, findings);
        witness(site, index, findings);
    }
}

fn address(said: &Said<String>, findings: &mut Findings) {
    let Said { line, value } = said;
    let fault = match value.parse::<IpAddr>() {
        Err(_) => "is no IP address",
        Ok(ip) if ip.is_unspecified() => {
            "means every address, so no other host could connect to it"
        }
        Ok(ip) if ip.is_multicast() => "is a multicast address",
        Ok(IpAddr::V4(ip)) if ip.is_broadcast() => "is the broadcast address",
        Ok(_) => return,
    };
    let to_do = "write the one address of the host, such as 192.0.2.10 or 2001:db8::10, \
                 without a port";
    findings.error(*line, format!("the address `{value}` {fault}"), to_do);
}

fn empty_site(site: &SaidSite, index: &Index<'_>, findings: &mut Findings) {
    let Some(name) = &site.name else { return };
    let here = |host: &crate::said::SaidHost| {
        host.site.as_ref().is_some_and(|site| site.value == name.value)
    };
    if !index.said.hosts.iter().any(here) {
        let what = format!("site `{}` is empty: no host stands in it", name.value);
        let to_do = "declare its hosts under lines [[host]], or remove the site";
        findings.error(site.line, what, to_do);
    }
}

fn witness(site: &SaidSite, index: &Index<'_>, findings: &mut Findings) {
    let (Some(name), Some(witness)) = (&site.name, &site.witness) else { return };
    if index.host(witness, "witness", findings).is_none() {
        return;
    }
    let Said { line, value: witness } = witness;
    if let Some(other) = index.site_of_host(witness)
        && other != name.value
    {
        let what = format!(
            "the witness of site `{}` is `{witness}`, which stands in site `{other}`: \
             a site would depend on the other to protect itself",
            name.value
        );
        findings.error(*line, what, format!("name a host of site `{}`", name.value));
        return;
    }
    let placed = index.said.places().flat_map(SaidPlaces::iter);
    let mut stores = placed.map(|(_, store)| store.value.as_str());
    let beside = stores.find(|store| index.host_of_store(store) == Some(witness.as_str()));
    if let Some(store) = beside {
        let what = format!(
            "the witness `{witness}` is also the host of store `{store}`: when that host is lost, \
             the store's mirror cannot be promoted, since the two of them were the majority"
        );
        let to_do = "give the site a small host of its own as witness";
        findings.warn(*line, what, to_do);
    }
}

/// Warns of hosts on which nothing is placed: most often a server that a pool forgot to list.
pub(super) fn idle_hosts(index: &Index<'_>, findings: &mut Findings) {
    let said = index.said;
    let mut busy: BTreeSet<&str> = BTreeSet::new();
    busy.extend(said.sites.iter().filter_map(|site| Some(site.witness.as_ref()?.value.as_str())));
    busy.extend(said.stores.iter().filter_map(|store| Some(store.host.as_ref()?.value.as_str())));
    for pool in &said.pools {
        busy.extend(pool.servers.iter().flatten().map(|server| server.value.as_str()));
        let share = pool.share.as_ref().and_then(|share| share.host.as_ref());
        busy.extend(share.map(|host| host.value.as_str()));
    }
    for host in &said.hosts {
        if let Some(name) = &host.name
            && !busy.contains(name.value.as_str())
        {
            let what = format!("nothing runs on host `{}`, and it serves no pool", name.value);
            let to_do = "list it in `servers` of a pool if it is a chat server, or remove it";
            findings.warn(host.line, what, to_do);
        }
    }
}
