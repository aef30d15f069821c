//! Look-ups, the hash, and the form in which a topology travels.

use super::support::{GOOD, edited, parsed};
use crate::{Place, Topology};

#[test]
fn a_place_knows_its_partner_and_its_words() {
    let topology = parsed(GOOD);
    let cases = [
        ("na", Place::Home, "home", "nb"),
        ("nb", Place::HomeMirror, "home mirror", "na"),
        ("sa", Place::Backup, "backup", "sb"),
        ("sb", Place::BackupMirror, "backup mirror", "sa"),
    ];
    for (store, place, words, partner) in cases {
        assert_eq!(topology.place_of(store), Some(place));
        assert_eq!(place.to_string(), words);
        assert_eq!(place.partner().partner(), place);
        assert_eq!(topology.partner_of(store).expect("a partner").name, partner);
        assert_eq!(topology.pool_of_store(store).expect("a pool").fqdn, "pool.example.org");
    }
    assert_eq!(topology.place_of("zz"), None);
    assert_eq!(topology.partner_of("zz"), None);
}

#[test]
fn hosts_sites_and_addresses_are_found() {
    let topology = parsed(GOOD);
    assert_eq!(topology.site_of_store("sa").expect("a site").name, "south");
    assert_eq!(topology.site_of_host("n2").expect("a site").name, "north");
    assert_eq!(topology.other_site("north").expect("a site").name, "south");
    assert_eq!(topology.witness_of("north").expect("a host").name, "nw");
    assert_eq!(topology.witnessed_by("nw").expect("a site").name, "north");
    assert_eq!(topology.witnessed_by("n1"), None);
    assert_eq!(topology.stores_on("n1").map(|store| &*store.name).collect::<Vec<_>>(), ["na"]);
    assert_eq!(topology.pools_served_by("s1").count(), 1);
    assert_eq!(topology.pools_served_by("s2").count(), 0);
    assert_eq!(topology.address_of_store("na"), "10.0.1.1:5432".parse().ok());
    assert_eq!(topology.control_of("n1"), "10.0.1.1:7443".parse().ok());
    assert!(topology.pool("POOL.example.org").is_some());
}

#[test]
fn a_topology_comes_back_from_json_as_it_was() {
    let topology = parsed(GOOD);
    let json = serde_json::to_string(&topology).expect("JSON");
    let back: Topology = serde_json::from_str(&json).expect("a topology");
    assert_eq!(back, topology);
    assert_eq!(back.hash(), topology.hash());
}

#[test]
fn the_hash_is_of_the_meaning() {
    let hash = parsed(GOOD).hash();
    assert_eq!(hash.len(), 64);
    let same = [
        ("servers = [\"n1\", \"s1\"]", "servers = [\"s1\", \"n1\"]"),
        ("share = { host = \"s1\", directory = \"share\" }", "# the default"),
        ("domain", "# a comment\ndomain"),
        ("fqdn = \"pool.", "fqdn = \"POOL."),
        ("name = \"n1\"", "control_port = 7443\nname = \"n1\""),
    ];
    for edit in same {
        assert_eq!(parsed(&edited(&[edit])).hash(), hash, "{edit:?}");
    }
    assert_ne!(parsed(&edited(&[("\"10.0.1.1\"", "\"10.0.1.9\"")])).hash(), hash);
}
