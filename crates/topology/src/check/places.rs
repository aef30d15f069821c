//! The places of a pool: which store stands where, and what that protects from.

use std::collections::BTreeMap;

use super::index::Index;
use crate::findings::Findings;
use crate::place::Place;
use crate::said::{SaidFrontEndPool, SaidPlaces, SaidPool};

pub(super) fn check(index: &Index<'_>, findings: &mut Findings) {
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for places in index.said.places() {
        for (place, store) in places.iter() {
            index.store(store, place.key(), findings);
            if let Some(first) = taken.get(store.value.as_str()) {
                let what = format!("store `{}` already has a place (line {first})", store.value);
                findings.error(store.line, what, "give every place a store of its own");
            } else {
                taken.insert(&store.value, store.line);
            }
        }
        mirrors(places, index, findings);
    }
    for pool in &index.said.pools {
        backup(pool, index, findings);
        settings(pool, findings);
    }
    for pool in &index.said.front_end_pools {
        front_end_settings(pool, findings);
    }
}

/// Warns of stores that no pool gives a place.
pub(super) fn unplaced(index: &Index<'_>, findings: &mut Findings) {
    for store in &index.said.stores {
        let Some(name) = &store.name else { continue };
        let mut placed = index.said.places().flat_map(SaidPlaces::iter);
        if !placed.any(|(_, store)| store.value == name.value) {
            let what = format!("store `{}` has no place in any pool", name.value);
            findings.warn(store.line, what, "name it in `stores` of a pool, or remove it");
        }
    }
}

fn mirrors(places: &SaidPlaces, index: &Index<'_>, findings: &mut Findings) {
    let stores = [Place::HomeMirror, Place::BackupMirror]
        .map(|place| (place, places.at(place), places.at(place.partner())));
    for (place, mirror, partner) in stores {
        let Some(mirror) = mirror else { continue };
        let line = mirror.line;
        let Some(partner) = partner else {
            if place == Place::BackupMirror {
                let what = "the pool has a backup mirror and no backup";
                findings.error(line, what, "name the store whose mirror it is as `backup`");
            }
            continue;
        };
        let (one, other) = (partner.value.as_str(), mirror.value.as_str());
        if one == other {
            continue;
        }
        let hosts = (index.host_of_store(one), index.host_of_store(other));
        let (Some(site), Some(mirror_site)) =
            (index.site_of_store(one), index.site_of_store(other))
        else {
            continue;
        };
        if site != mirror_site {
            let what = format!(
                "the {place} `{other}` stands in site `{mirror_site}` and its partner `{one}` in \
                 site `{site}`: a mirror is synchronous, and a commit would wait for the way \
                 between the sites"
            );
            let to_do = format!("name a store on another host of site `{site}`");
            findings.error(line, what, to_do);
        } else if let (Some(host), Some(mirror_host)) = hosts
            && host == mirror_host
        {
            let what = format!(
                "the {place} `{other}` and its partner `{one}` are on one host, `{host}`: \
                 both are lost with it"
            );
            findings.warn(line, what, format!("put one of them on another host of site `{site}`"));
        }
    }
}

fn backup(pool: &SaidPool, index: &Index<'_>, findings: &mut Findings) {
    let places = &pool.places;
    let (Some(home), Some(backup)) = (&places.home, &places.backup) else { return };
    let (Some(site), Some(backup_site)) =
        (index.site_of_store(&home.value), index.site_of_store(&backup.value))
    else {
        return;
    };
    if site == backup_site && home.value != backup.value {
        let what = format!(
            "the backup `{}` stands in site `{site}`, as the home `{}` does: both are lost with it",
            backup.value, home.value
        );
        findings.error(backup.line, what, "name a store on a host of the other site");
    }
}

fn settings(pool: &SaidPool, findings: &mut Findings) {
    let places = &pool.places;
    if let Some(flag) = pool.zero_loss.as_ref().filter(|flag| flag.value)
        && places.backup.is_none()
    {
        let what = "`zero_loss` waits for the backup site, and the pool has no backup";
        findings.error(flag.line, what, "name a store as `backup`, or remove `zero_loss`");
    }
    if places.home.is_none() || places.home_mirror.is_some() {
        return;
    }
    if let Some(flag) = pool.allow_suspended.as_ref().filter(|flag| !flag.value) {
        let what = "`allow_suspended = false` makes posts wait for a mirror that the pool has not";
        findings.error(flag.line, what, "name a store as `home_mirror`, or remove the line");
    } else {
        let what = "the pool has no home mirror: when the home instance is lost, so are the posts \
                    that were not yet shipped";
        findings.warn(pool.line, what, "name a store on another host of the site as `home_mirror`");
    }
}

/// A front-end pool may do without a mirror: its pair has a copy of what is configured.
fn front_end_settings(pool: &SaidFrontEndPool, findings: &mut Findings) {
    let places = &pool.places;
    if places.home.is_some()
        && places.home_mirror.is_none()
        && let Some(flag) = pool.allow_suspended.as_ref().filter(|flag| !flag.value)
    {
        let what =
            "`allow_suspended = false` makes changes wait for a mirror that the pool has not";
        findings.error(flag.line, what, "name a store as `home_mirror`, or remove the line");
    }
}
