//! Pools: domains, servers, places, settings, shares.

use expect_test::expect;

use super::support::{GOOD, check, edited, folded, parsed, with};
use crate::limits::ROWS;
use crate::{ClientLimits, Pool};

const STORES: &str =
    "stores = { home = \"na\", home_mirror = \"nb\", backup = \"sa\", backup_mirror = \"sb\" }";
const SHARE: &str = "share = { host = \"s1\", directory = \"share\" }\n";

#[test]
fn a_domain_is_a_full_name() {
    let bad = [
        "",
        "localhost",
        "10.0.0.1",
        "example..org",
        ".org",
        "example.org.",
        "exa_mple.org",
        "-example.org",
        "bücher.example",
        "example.123",
    ];
    let mut lines = Vec::new();
    for name in bad {
        let text = edited(&[("pool.example.org", name)]);
        let problems = crate::Topology::parse("t.toml", &text).expect_err("a bad name");
        lines.push(problems.to_string());
    }
    expect![[r#"
        t.toml:45: `fqdn` is ``, which is empty; write a full domain name, such as
           chat.example.org
        t.toml:45: `fqdn` is `localhost`, which has no dot in it; write a full domain name,
           such as chat.example.org
        t.toml:45: `fqdn` is `10.0.0.1`, which is an address; write a full domain name, such
           as chat.example.org
        t.toml:45: `fqdn` is `example..org`, which has an empty label: a dot at its
           beginning or end, or two in a row; write a full domain name, such as
           chat.example.org
        t.toml:45: `fqdn` is `.org`, which has an empty label: a dot at its beginning or
           end, or two in a row; write a full domain name, such as chat.example.org
        t.toml:45: `fqdn` is `example.org.`, which has an empty label: a dot at its
           beginning or end, or two in a row; write a full domain name, such as
           chat.example.org
        t.toml:45: `fqdn` is `exa_mple.org`, which has other characters than letters,
           digits, hyphens and dots; write a full domain name, such as chat.example.org
        t.toml:45: `fqdn` is `-example.org`, which has a label that begins or ends with a
           hyphen; write a full domain name, such as chat.example.org
        t.toml:45: `fqdn` is `bücher.example`, which has letters outside ASCII, which the
           DNS writes in their `xn--` form; write a full domain name, such as
           chat.example.org
        t.toml:45: `fqdn` is `example.123`, which ends in a number, which no domain does;
           write a full domain name, such as chat.example.org"#]]
    .assert_eq(&folded(&lines.join("\n")));
    let long_label = format!("{}.org", "a".repeat(64));
    check(
        &edited(&[("pool.example.org", &long_label)]),
        &expect![[r#"
        t.toml:45: `fqdn` is
           `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.org`, which has
           a label longer than 63 characters; write a full domain name, such as
           chat.example.org"#]],
    );
    let long = edited(&[("pool.example.org", &format!("{}org", "abc.".repeat(63)))]);
    let problems = crate::Topology::parse("t.toml", &long).expect_err("a long name");
    assert!(problems.to_string().contains("is longer than 253 characters"), "{problems}");
}

#[test]
fn a_domain_means_one_thing() {
    with(
        &[("fqdn = \"pool.example.org\"", "fqdn = \"Example.org\"")],
        &expect![[r#"
        t.toml:45: `example.org` cannot be the FQDN of a pool: it is the users' domain (line
           1); write a domain that nothing else uses"#]],
    );
    with(
        &[("servers", "rooms = \"pool.example.org\"\nservers")],
        &expect![[r#"
        t.toml:46: `pool.example.org` cannot be the rooms of a pool: it is the FQDN of a
           pool (line 45); write a domain that nothing else uses"#]],
    );
    with(
        &[("fqdn = \"pool.example.org\"", "fqdn = \"rooms.example.org\"")],
        &expect![[r#"
        t.toml:44: `rooms.example.org` cannot be the rooms of a pool: it is the FQDN of a
           pool (line 45); write a domain that nothing else uses"#]],
    );
}

#[test]
fn a_second_pool_shares_nothing_with_the_first() {
    let second = "[[pool]]\nfqdn = \"pool.example.org\"\nservers = [\"n1\"]\n\
                  stores = { home = \"na\", home_mirror = \"nb\", backup = \"sa\" }\n";
    check(
        &format!("{GOOD}{second}"),
        &expect![[r#"
        t.toml:49: warning: none of the pool's servers stands in site `south`: when the
           other site is lost, nobody can connect; list a host of site `south` in `servers`
        t.toml:49: `rooms.example.org` cannot be the rooms of a pool: it is the rooms of a
           pool (line 44); write a domain that nothing else uses
        t.toml:49: the share is the directory `share` on host `s1`, which is another pool's
           (line 48); write another `directory` in `share`
        t.toml:49: `client_port` of pool `pool.example.org` on host `n1` and `client_port`
           of pool `pool.example.org` on host `n1` (line 44) would both listen on
           10.0.1.1:5222; give one of them another port
        t.toml:49: `client_tls_port` of pool `pool.example.org` on host `n1` and
           `client_tls_port` of pool `pool.example.org` on host `n1` (line 44) would both
           listen on 10.0.1.1:5223; give one of them another port
        t.toml:50: `pool.example.org` cannot be the FQDN of a pool: it is the FQDN of a pool
           (line 45); write a domain that nothing else uses
        t.toml:52: store `na` already has a place (line 47); give every place a store of its
           own
        t.toml:52: store `nb` already has a place (line 47); give every place a store of its
           own
        t.toml:52: store `sa` already has a place (line 47); give every place a store of its
           own"#]],
    );
}

#[test]
fn a_pool_has_servers_in_every_site_and_not_too_many() {
    let mut hosts = String::new();
    let mut names = vec!["\"n1\"".to_owned(), "\"s1\"".to_owned()];
    for i in 1..=7 {
        let host = format!("[[host]]\nname=\"c{i}\"\nsite=\"north\"\naddress=\"10.0.3.{i}\"\n");
        hosts.push_str(&host);
        names.push(format!("\"c{i}\""));
    }
    let nine = format!("servers = [{}]", names.join(", "));
    let servers = "servers = [\"n1\", \"s1\"]";
    let full = format!("{hosts}{}", edited(&[(servers, &nine), ("domain", "#domain")]));
    check(
        &format!("domain = \"example.org\"\n{full}"),
        &expect![[r#"
        t.toml:75: the pool has 9 servers, and a pool has at most 8; move some of them to
           another pool"#]],
    );
    with(
        &[(servers, "servers = []")],
        &expect![[r#"
        t.toml:44: the pool has no chat server, so nobody can connect to it; list at least
           one host in `servers`"#]],
    );
    with(
        &[(servers, "servers = [\"n1\", \"s1\", \"n1\"]")],
        &expect!["t.toml:46: `n1` is listed twice in `servers` (line 46); list each host once"],
    );
    with(
        &[(servers, "servers = [\"n1\"]")],
        &expect![[r#"
        t.toml:44: warning: none of the pool's servers stands in site `south`: when the
           other site is lost, nobody can connect; list a host of site `south` in `servers`"#]],
    );
    with(
        &[(servers, "servers = [\"sw\"]")],
        &expect![[r#"
        t.toml:44: warning: none of the pool's servers stands in site `north`: when the
           other site is lost, nobody can connect; list a host of site `north` in `servers`"#]],
    );
}

#[test]
fn a_mirror_stands_beside_its_partner_and_a_backup_does_not() {
    with(
        &[(STORES, "stores = { home = \"na\", home_mirror = \"sb\", backup = \"sa\" }")],
        &expect![[r#"
            t.toml:47: the home mirror `sb` stands in site `south` and its partner `na` in site
               `north`: a mirror is synchronous, and a commit would wait for the way between the
               sites; name a store on another host of site `north`"#]],
    );
    with(
        &[
            ("backup = \"sa\", backup_mirror = \"sb\"", "backup = \"sa\", backup_mirror = \"nb\""),
            ("home_mirror = \"nb\", ", ""),
        ],
        &expect![[r#"
            t.toml:44: warning: the pool has no home mirror: when the home instance is lost, so
               are the posts that were not yet shipped; name a store on another host of the site
               as `home_mirror`
            t.toml:47: the backup mirror `nb` stands in site `north` and its partner `sa` in
               site `south`: a mirror is synchronous, and a commit would wait for the way
               between the sites; name a store on another host of site `south`"#]],
    );
    with(
        &[("host = \"s1\"", "host = \"n2\"\nport = 5433")],
        &expect![[r#"
        t.toml:48: the backup mirror `sb` stands in site `south` and its partner `sa` in
           site `north`: a mirror is synchronous, and a commit would wait for the way
           between the sites; name a store on another host of site `north`
        t.toml:48: the backup `sa` stands in site `north`, as the home `na` does: both are
           lost with it; name a store on a host of the other site
        t.toml:49: warning: the share is on host `s1`, and the backup instance that reads it
           on `n2`; put the share on `n2`, or see that both hosts have the directory mounted
           at one path"#]],
    );
    with(
        &[(STORES, "stores = { home = \"na\", home_mirror = \"na\" }"), (SHARE, "")],
        &expect![[r#"
            t.toml:47: store `na` already has a place (line 47); give every place a store of its
               own"#]],
    );
    with(
        &[("home_mirror = \"nb\"", "home_mirror = \"sa\"")],
        &expect![[r#"
        t.toml:47: store `sa` already has a place (line 47); give every place a store of its
           own
        t.toml:47: the home mirror `sa` stands in site `south` and its partner `na` in site
           `north`: a mirror is synchronous, and a commit would wait for the way between the
           sites; name a store on another host of site `north`"#]],
    );
    with(
        &[
            (STORES, "stores = { home = \"na\", home_mirror = \"nb\", backup_mirror = \"sb\" }"),
            (SHARE, ""),
        ],
        &expect![[r#"
            t.toml:47: the pool has a backup mirror and no backup; name the store whose mirror
               it is as `backup`"#]],
    );
    with(
        &[(STORES, "stores = { home_mirror = \"nb\", backup = \"sa\" }")],
        &expect!["t.toml:47: `stores` of [[pool]] has no `home`; add a line `home = ...`"],
    );
}

#[test]
fn a_setting_needs_what_it_waits_for() {
    with(
        &[
            (STORES, "stores = { home = \"na\", home_mirror = \"nb\" }"),
            (SHARE, "zero_loss = true\n"),
        ],
        &expect![[r#"
            t.toml:48: `zero_loss` waits for the backup site, and the pool has no backup; name a
               store as `backup`, or remove `zero_loss`"#]],
    );
    with(
        &[("home_mirror = \"nb\", ", ""), ("share =", "allow_suspended = false\nshare =")],
        &expect![[r#"
            t.toml:48: `allow_suspended = false` makes posts wait for a mirror that the pool has
               not; name a store as `home_mirror`, or remove the line"#]],
    );
    with(
        &[("home_mirror = \"nb\", ", "")],
        &expect![[r#"
        t.toml:35: warning: store `nb` has no place in any pool; name it in `stores` of a
           pool, or remove it
        t.toml:44: warning: the pool has no home mirror: when the home instance is lost, so
           are the posts that were not yet shipped; name a store on another host of the site
           as `home_mirror`"#]],
    );
}

#[test]
fn a_share_outlives_home() {
    let directory = "directory = \"share\"";
    with(
        &[("share = { host = \"s1\"", "share = { host = \"n1\"")],
        &expect![[r#"
        t.toml:48: warning: the share is at home, on host `n1`: when the home site is lost,
           the WAL that was shipped and not yet replayed dies with it; put the share on
           `s1`, the host of the backup instance"#]],
    );
    with(
        &[("share = { host = \"s1\"", "share = { host = \"sw\"")],
        &expect![[r#"
        t.toml:48: warning: the share is on host `sw`, and the backup instance that reads it
           on `s1`; put the share on `s1`, or see that both hosts have the directory mounted
           at one path"#]],
    );
    with(
        &[(STORES, "stores = { home = \"na\", home_mirror = \"nb\" }")],
        &expect![[r#"
        t.toml:48: the pool has a share and no backup to which anything is shipped; name a
           store as `backup`, or remove `share`"#]],
    );
    with(
        &[(directory, "directory = \"\"")],
        &expect![[r#"
        t.toml:48: the directory `` is empty; write an absolute path, or one inside the
           host's data directory"#]],
    );
    with(
        &[(directory, "directory = \"../share\"")],
        &expect![[r#"
        t.toml:48: the directory `../share` has `..` in it; write an absolute path, or one
           inside the host's data directory"#]],
    );
    with(
        &[(directory, "directory = \"./instances/north-a\"")],
        &expect![[r#"
        t.toml:48: the directory `./instances/north-a` lies in one that the host keeps for
           itself; write an absolute path, or one inside the host's data directory"#]],
    );
    with(
        &[(directory, "directory = \"/\"")],
        &expect![[r#"
        t.toml:48: the directory `/` is no directory of its own; write an absolute path, or
           one inside the host's data directory"#]],
    );
    with(
        &[(directory, "directory = \"a\\u0000b\"")],
        &expect![[r#"
        t.toml:48: the directory `a\u{0}b` has a control character in it; write an absolute
           path, or one inside the host's data directory"#]],
    );
    with(&[(directory, "directory = \"/srv/share\"")], &expect![[""]]);
}

#[test]
fn limits_are_numbers_within_reason() {
    let limits = |said: &str| format!("{GOOD}limits = {{ {said} }}\n");
    let topology = parsed(&limits("rooms_per_user = 3, queue_bytes = 0x500000"));
    let set = topology.chat_pools().next().and_then(Pool::chat).unwrap().limits;
    let wanted =
        ClientLimits { rooms_per_user: 3, queue_bytes: 5 << 20, ..ClientLimits::default() };
    assert_eq!(set, wanted);
    check(
        &limits("stanza_bytes = 9999, connections = -1, queue_stanzas = \"many\", rooms = 3"),
        &expect![[r#"
            t.toml:49: `connections` of `limits` of [[pool]] cannot be -1; write a number from
               10 to 1000000
            t.toml:49: `stanza_bytes` of `limits` of [[pool]] cannot be 9999; write a number
               from 10000 to 1048576
            t.toml:49: `queue_stanzas` of `limits` of [[pool]] has a text where it cannot be;
               write a whole number without quotes
            t.toml:49: `limits` of [[pool]] has no key `rooms`; remove it, or write one of
               `connections`, `connections_per_user`, `strangers_per_address`, `stanza_bytes`,
               `rooms_per_user`, `queue_stanzas`, `queue_bytes`"#]],
    );
}

#[test]
fn what_holds_when_nothing_is_said_may_also_be_said() {
    let usual = ClientLimits::default();
    for (row, (key, number)) in ROWS.iter().zip(usual.by_key()) {
        assert!((row.least..=row.most).contains(&number), "{key}");
    }
}
