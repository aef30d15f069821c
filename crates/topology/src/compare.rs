//! What publishing another topology would change, told in sentences.

use std::collections::BTreeSet;

use crate::model::{Host, Pool, Service, Site, Store, Topology};
use crate::place::Place;

/// A property in words, and its value in words. A property that is not there is left out.
type Facts = Vec<(String, String)>;

/// Tells every difference in what `old` and `new` mean, one sentence each.
///
/// The order in which things are declared is no difference.
pub fn diff(old: &Topology, new: &Topology) -> Vec<String> {
    let mut told = Vec::new();
    if old.domain != new.domain {
        told.push(format!(
            "The domain changes from `{}` to `{}`: every user's address changes, and the chat \
             servers need new certificates.",
            old.domain, new.domain
        ));
    }
    told.extend(kind("Site", &old.sites, &new.sites, |it| &it.name, of_site));
    told.extend(kind("Host", &old.hosts, &new.hosts, |it| &it.name, of_host));
    told.extend(kind("Store", &old.stores, &new.stores, |it| &it.name, of_store));
    let (was, is): (Vec<&Pool>, Vec<&Pool>) =
        (old.chat_pools().collect(), new.chat_pools().collect());
    told.extend(kind("Pool", &was, &is, |it| &it.fqdn, |it| of_pool(it)));
    let (was, is): (Vec<&Pool>, Vec<&Pool>) =
        (old.front_end_pools().collect(), new.front_end_pools().collect());
    told.extend(kind("Front-end pool", &was, &is, |it| &it.fqdn, |it| of_pool(it)));
    told
}

fn kind<T>(
    title: &str,
    old: &[T],
    new: &[T],
    name: fn(&T) -> &String,
    facts: fn(&T) -> Facts,
) -> Vec<String> {
    let names: BTreeSet<&String> = old.iter().chain(new).map(name).collect();
    let mut told = Vec::new();
    for each in names {
        let is_it = |it: &&T| name(it) == each;
        match (old.iter().find(is_it), new.iter().find(is_it)) {
            (Some(was), Some(is)) => {
                let changes = changes(&facts(was), &facts(is));
                told.extend(changes.into_iter().map(|it| format!("{title} `{each}`: {it}.")));
            }
            (Some(was), None) => {
                told.push(format!("{title} `{each}` is removed: {}.", list(&facts(was))));
            }
            (None, Some(is)) => {
                told.push(format!("{title} `{each}` is added: {}.", list(&facts(is))));
            }
            (None, None) => unreachable!("every name comes from one of the two"),
        }
    }
    told
}

fn list(facts: &Facts) -> String {
    let words: Vec<String> = facts.iter().map(|(key, value)| format!("{key} {value}")).collect();
    words.join(", ")
}

fn changes(old: &Facts, new: &Facts) -> Vec<String> {
    let value = |facts: &Facts, key: &str| {
        facts.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    };
    let mut told = Vec::new();
    for (key, is) in new {
        match value(old, key) {
            Some(was) if was == *is => {}
            Some(was) => told.push(format!("{key} changes from {was} to {is}")),
            None => told.push(format!("{key} is now {is}, there was none")),
        }
    }
    for (key, was) in old {
        if value(new, key).is_none() {
            told.push(format!("{key} is removed, it was {was}"));
        }
    }
    told
}

fn fact(key: &str, value: impl std::fmt::Display) -> (String, String) {
    (key.to_owned(), format!("`{value}`"))
}

fn of_site(site: &Site) -> Facts {
    vec![fact("witness", &site.witness)]
}

fn of_host(host: &Host) -> Facts {
    vec![
        fact("site", &host.site),
        fact("address", host.address),
        fact("control port", host.control_port),
    ]
}

fn of_store(store: &Store) -> Facts {
    vec![fact("host", &store.host), fact("port", store.port)]
}

fn of_pool(pool: &Pool) -> Facts {
    let mut facts = Facts::new();
    match &pool.service {
        Service::PersistentChat(chat) => {
            let servers: BTreeSet<&String> = pool.servers.iter().collect();
            let servers: Vec<String> = servers.iter().map(|it| format!("`{it}`")).collect();
            facts.push(fact("rooms", &chat.rooms));
            facts.push(("servers".to_owned(), servers.join(" ")));
        }
        Service::ResponseGroups(response_groups) => {
            facts.extend(response_groups.backup_pool.iter().map(|it| fact("backup pool", it)));
        }
    }
    for place in Place::ALL {
        facts.extend(pool.stores.at(place).map(|store| fact(&place.to_string(), store)));
    }
    if let Some(share) = &pool.share {
        facts.push(fact("share host", &share.host));
        facts.push(fact("share directory", share.directory.display()));
    }
    if pool.chat().is_some() {
        facts.push(fact("zero loss", pool.zero_loss));
    }
    facts.push(fact("allow suspended", pool.allow_suspended));
    if let Some(chat) = pool.chat() {
        facts.push(fact("client port", chat.client_port));
        facts.push(fact("client TLS port", chat.client_tls_port));
        facts.extend(chat.limits.by_key().map(|(key, it)| fact(&format!("limit {key}"), it)));
    }
    facts
}
