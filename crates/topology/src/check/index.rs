//! Names and who bears them. Bad and repeated names are told here; of two the first one counts.

use std::collections::BTreeMap;

use crate::findings::Findings;
use crate::names::{fault_of_name, nearest};
use crate::said::{SaidHost, SaidPlaces, SaidSite, SaidStore, SaidTopology};
use crate::table::Said;

/// How many names are listed to choose from when none of them is near.
const MAX_NAMES_LISTED: usize = 8;

pub(super) struct Index<'s> {
    pub(super) said: &'s SaidTopology,
    sites: BTreeMap<&'s str, &'s SaidSite>,
    hosts: BTreeMap<&'s str, &'s SaidHost>,
    stores: BTreeMap<&'s str, &'s SaidStore>,
}

impl<'s> Index<'s> {
    pub(super) fn new(said: &'s SaidTopology, findings: &mut Findings) -> Self {
        let sites = said.sites.iter().map(|site| (site.name.as_ref(), site));
        let hosts = said.hosts.iter().map(|host| (host.name.as_ref(), host));
        let stores = said.stores.iter().map(|store| (store.name.as_ref(), store));
        Self {
            said,
            sites: by_name("site", sites, findings),
            hosts: by_name("host", hosts, findings),
            stores: by_name("store", stores, findings),
        }
    }

    /// The site that `name` refers to. An unknown one is told, and so with the two below.
    pub(super) fn site(
        &self,
        name: &Said<String>,
        key: &str,
        findings: &mut Findings,
    ) -> Option<&'s SaidSite> {
        refer("site", name, key, &self.sites, findings)
    }

    pub(super) fn host(
        &self,
        name: &Said<String>,
        key: &str,
        findings: &mut Findings,
    ) -> Option<&'s SaidHost> {
        refer("host", name, key, &self.hosts, findings)
    }

    pub(super) fn store(
        &self,
        name: &Said<String>,
        key: &str,
        findings: &mut Findings,
    ) -> Option<&'s SaidStore> {
        refer("store", name, key, &self.stores, findings)
    }

    /// The site of the host of that name, where both are known.
    pub(super) fn site_of_host(&self, host: &str) -> Option<&'s str> {
        let site = self.hosts.get(host)?.site.as_ref()?;
        self.sites.contains_key(site.value.as_str()).then_some(site.value.as_str())
    }

    pub(super) fn host_of_store(&self, store: &str) -> Option<&'s str> {
        Some(&self.stores.get(store)?.host.as_ref()?.value)
    }

    pub(super) fn site_of_store(&self, store: &str) -> Option<&'s str> {
        self.site_of_host(self.host_of_store(store)?)
    }

    pub(super) fn home_site(&self, places: &SaidPlaces) -> Option<&'s str> {
        self.site_of_store(&places.home.as_ref()?.value)
    }

    pub(super) fn backup_site(&self, places: &SaidPlaces) -> Option<&'s str> {
        self.site_of_store(&places.backup.as_ref()?.value)
    }
}

fn by_name<'s, T>(
    kind: &str,
    entries: impl Iterator<Item = (Option<&'s Said<String>>, &'s T)>,
    findings: &mut Findings,
) -> BTreeMap<&'s str, &'s T> {
    let mut known = BTreeMap::new();
    let mut lines = BTreeMap::new();
    for (name, entry) in entries {
        let Some(Said { line, value: name }) = name else { continue };
        if let Some(fault) = fault_of_name(name) {
            let to_do = "write 1 to 63 small letters, digits and hyphens";
            findings.error(*line, format!("the {kind} name `{name}` {fault}"), to_do);
        }
        if let Some(first) = lines.get(name) {
            let what = format!("a second {kind} is named `{name}`: the first is on line {first}");
            findings.error(*line, what, "give one of them another name, or remove it");
            continue;
        }
        lines.insert(name, *line);
        known.insert(name.as_str(), entry);
    }
    known
}

fn refer<'s, T>(
    kind: &str,
    name: &Said<String>,
    key: &str,
    known: &BTreeMap<&'s str, &'s T>,
    findings: &mut Findings,
) -> Option<&'s T> {
    let Said { line, value: name } = name;
    if let Some(found) = known.get(name.as_str()) {
        return Some(found);
    }
    let to_do = meant(kind, name, known.keys().copied());
    findings.error(*line, format!("`{key}` names `{name}`, and no {kind} has that name"), to_do);
    None
}

/// What to do about `name`, which is not `known`: the one that is near, or all of them.
pub(super) fn meant<'n>(
    table: &str,
    name: &str,
    known: impl Iterator<Item = &'n str> + Clone,
) -> String {
    if let Some(meant) = nearest(name, known.clone()) {
        return format!("did you mean `{meant}`?");
    }
    let some: Vec<&str> = known.clone().take(MAX_NAMES_LISTED).collect();
    if some.is_empty() {
        return format!("declare it under a line [[{table}]]");
    }
    let more = if known.count() > some.len() { ", ..." } else { "" };
    format!("declare it under a line [[{table}]], or name one of `{}`{more}", some.join("`, `"))
}
