//! The files that ship with the product.

use std::collections::BTreeSet;

use crate::{Place, Topology};

const EXAMPLE: &str = include_str!("../../../../config/example.toml");
const DEMO: &str = include_str!("../../../../config/demo.toml");

fn without_warnings(file: &str, text: &str) -> Topology {
    let checked = Topology::parse(file, text).expect("the file is good");
    assert_eq!(checked.warnings, []);
    checked.topology
}

#[test]
fn the_example_is_good_and_says_what_the_defaults_are() {
    let spelt_out = without_warnings("example.toml", EXAMPLE);
    let parts = [
        "control_port = 7443",
        "port = 5432",
        "rooms = \"rooms.example.org\"",
        "allow_suspended = true", // of the chat pool
        "allow_suspended = true", // of the front-end pool
        "zero_loss = false",
        "client_port = 5222",
        "client_tls_port = 5223",
        "directory = \"share\"",
    ];
    let mut left_out = EXAMPLE.to_owned();
    for part in parts {
        let line = format!("\n{part}\n");
        assert!(left_out.contains(&line), "the example shows `{part}`");
        left_out = left_out.replacen(&line, "\n", 1);
    }
    assert_eq!(without_warnings("example.toml", &left_out), spelt_out);
    let share = left_out.find("\n[pool.share]").expect("the example shows a share");
    let rest = left_out.find("\n# ---- Front-end pools").expect("the example shows them last");
    left_out.replace_range(share..rest, "");
    assert_eq!(without_warnings("example.toml", &left_out), spelt_out);
}

#[test]
fn every_key_of_the_example_is_explained_where_it_first_stands() {
    let mut explained = BTreeSet::new();
    let mut before = "";
    let mut section = "";
    for line in EXAMPLE.lines() {
        if line.starts_with('[') {
            section = line;
        } else if let Some((key, _)) = line.split_once(" = ")
            && !line.starts_with('#')
            && explained.insert((section, key))
        {
            assert!(before.starts_with("# "), "`{key}` of {section} is not explained");
        }
        before = line;
    }
    assert_eq!(explained.len(), 35, "a key was added or removed: {explained:?}");
}

#[test]
fn the_demo_has_two_whole_sites_on_addresses_of_their_own() {
    let topology = without_warnings("demo.toml", DEMO);
    let pool = topology.pool("lyncpc.dci.discovery.com").expect("the documents' pool");
    assert_eq!(topology.domain, "dci.discovery.com");
    assert_eq!(pool.chat().expect("chat").rooms, "rooms.dci.discovery.com");
    assert_eq!(topology.home_site(pool).expect("home").name, "north");
    assert_eq!(topology.backup_site(pool).expect("backup").name, "south");
    let sites: Vec<_> = topology.sites_of(pool).map(|site| site.name.as_str()).collect();
    assert_eq!(sites, ["north", "south"]);
    assert_eq!(pool.stores.iter().count(), Place::ALL.len());
    let addresses: BTreeSet<_> = topology.hosts.iter().map(|host| host.address).collect();
    assert_eq!(addresses.len(), 10);
    for (site, prefix) in [("north", "127.0.11."), ("south", "127.0.12.")] {
        assert_eq!(topology.hosts_of_site(site).count(), 5);
        for host in topology.hosts_of_site(site) {
            assert!(host.address.to_string().starts_with(prefix), "{host:?}");
        }
    }
    let share = pool.share.as_ref().expect("a share");
    assert_eq!(Some(share.host.as_str()), topology.host_of_store("south-a").map(|h| &*h.name));
    for (one, other, site) in [("primary", "backup", "north"), ("backup", "primary", "south")] {
        let pool = topology.pool(&format!("{one}.contoso.com")).expect("the documents' pool");
        let declared = pool.response_groups().expect("a front-end pool");
        assert_eq!(declared.backup_pool, Some(format!("{other}.contoso.com")));
        assert_eq!(topology.home_site(pool).expect("home").name, site);
    }
}
