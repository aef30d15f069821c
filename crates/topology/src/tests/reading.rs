//! What is no TOML, no known key, no value of its type, or not there at all.

use expect_test::expect;

use super::support::{GOOD, check, edited, with};
use crate::{MAX_FILE_BYTES, Topology};

#[test]
fn a_good_topology_has_no_problem() {
    check(GOOD, &expect![[""]]);
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    with(
        &[("domain = \"example.org\"", "domain = ")],
        &expect![[r#"
        t.toml:1: this is not TOML: string values must be quoted, expected literal string;
           correct it; the form is explained at https://toml.io"#]],
    );
    with(
        &[("[[site]]\nname = \"north\"", "[[site]\nname = \"north\nx = 1")],
        &expect![[r#"
        t.toml:2: this is not TOML: unclosed array table, expected `]`; correct it; the form
           is explained at https://toml.io"#]],
    );
    with(
        &[("name = \"n1\"", "name = \"n1\"\nname = \"n9\"")],
        &expect![[r#"
        t.toml:10: this is not TOML: duplicate key; correct it; the form is explained at
           https://toml.io"#]],
    );
    with(
        &[("domain = \"example.org\"", "site = 1979-05-27")],
        &expect![[r#"
        t.toml:2: this is not TOML: duplicate key; correct it; the form is explained at
           https://toml.io
        t.toml:5: this is not TOML: duplicate key; correct it; the form is explained at
           https://toml.io"#]],
    );
}

#[test]
fn an_unknown_key_is_told_with_the_one_that_was_meant() {
    with(
        &[("domain =", "domian =")],
        &expect![[r#"
        t.toml:1: the topology has no `domain`; add a line `domain = ...`
        t.toml:1: the topology has no key `domian`; did you mean `domain`?"#]],
    );
    with(
        &[("[[site]]\nname = \"south\"", "[[sites]]\nname = \"south\"")],
        &expect![[r#"
        t.toml:5: the topology has no key `sites`; did you mean `site`?
        t.toml:22: `site` names `south`, and no site has that name; declare it under a line
           [[site]], or name one of `north`
        t.toml:26: `site` names `south`, and no site has that name; declare it under a line
           [[site]], or name one of `north`
        t.toml:30: `site` names `south`, and no site has that name; declare it under a line
           [[site]], or name one of `north`"#]],
    );
    with(
        &[("site = \"north\"", "site = \"north\"\ncontrol-port = 7443")],
        &expect!["t.toml:11: [[host]] has no key `control-port`; did you mean `control_port`?"],
    );
    with(
        &[("site = \"north\"", "site = \"north\"\nrack = 7")],
        &expect![[r#"
        t.toml:11: [[host]] has no key `rack`; remove it, or write one of `name`, `site`,
           `address`, `control_port`"#]],
    );
    with(
        &[("home_mirror = ", "homemirror = ")],
        &expect![[r#"
        t.toml:44: warning: the pool has no home mirror: when the home instance is lost, so
           are the posts that were not yet shipped; name a store on another host of the site
           as `home_mirror`
        t.toml:47: `stores` of [[pool]] has no key `homemirror`; did you mean `home_mirror`?"#]],
    );
    with(
        &[("directory = ", "dir = ")],
        &expect![[r#"
        t.toml:48: `share` of [[pool]] has no key `dir`; remove it, or write one of `host`,
           `directory`"#]],
    );
}

#[test]
fn a_port_is_a_number_from_1_to_65535() {
    with(
        &[("host = \"n1\"", "host = \"n1\"\nport = \"5432\"")],
        &expect![[r#"
        t.toml:35: `port` of [[store]] has a text where it cannot be; write a whole number
           without quotes"#]],
    );
    with(
        &[("host = \"n1\"", "host = \"n1\"\nport = 0")],
        &expect!["t.toml:35: `port` of [[store]] cannot be 0; write a number from 1 to 65535"],
    );
    with(
        &[("host = \"n1\"", "host = \"n1\"\nport = 65536")],
        &expect!["t.toml:35: `port` of [[store]] cannot be 65536; write a number from 1 to 65535"],
    );
    with(
        &[("host = \"n1\"", "host = \"n1\"\nport = -1")],
        &expect!["t.toml:35: `port` of [[store]] cannot be -1; write a number from 1 to 65535"],
    );
    with(
        &[("host = \"n1\"", "host = \"n1\"\nport = 5432.0")],
        &expect![[r#"
        t.toml:35: `port` of [[store]] has a number where it cannot be; write a whole number
           without quotes"#]],
    );
}

#[test]
fn a_value_of_the_wrong_type_is_told_with_the_right_one() {
    with(
        &[("witness = \"nw\"", "witness = 5")],
        &expect![[r#"
        t.toml:4: `witness` of [[site]] has a number where it cannot be; write a text in
           quotes"#]],
    );
    with(
        &[("servers = [\"n1\", \"s1\"]", "servers = \"n1\"")],
        &expect![[r#"
        t.toml:46: `servers` of [[pool]] has a text where it cannot be; write a list of
           texts: ["one", "two"]"#]],
    );
    with(
        &[("servers = [\"n1\", \"s1\"]", "servers = [\n\"n1\",\n7,\n\"s1\"]")],
        &expect![[r#"
        t.toml:48: `servers` of [[pool]] has a number where it cannot be; write a list of
           texts only"#]],
    );
    with(
        &[("share = {", "zero_loss = \"yes\"\nshare = {")],
        &expect![[r#"
        t.toml:48: `zero_loss` of [[pool]] has a text where it cannot be; write `true` or
           `false` without quotes"#]],
    );
    with(
        &[("share = {", "allow_suspended = 1\nshare = {")],
        &expect![[r#"
        t.toml:48: `allow_suspended` of [[pool]] has a number where it cannot be; write
           `true` or `false` without quotes"#]],
    );
    with(
        &[("share = { host = \"s1\", directory = \"share\" }", "share = \"s1\"")],
        &expect![[r#"
        t.toml:48: `share` of [[pool]] has a text where it cannot be; write a table: { key =
           "value" }"#]],
    );
    with(
        &[("share = { host = \"s1\", ", "share = { ")],
        &expect!["t.toml:48: `share` of [[pool]] has no `host`; add a line `host = ...`"],
    );
}

#[test]
fn an_empty_file_is_told_what_belongs_in_it() {
    check(
        "",
        &expect![[r#"
        t.toml:1: the topology has no `domain`; add a line `domain = ...`
        t.toml:1: no site is declared; declare each data centre under a line [[site]]
        t.toml:1: no pool is declared; declare one under a line [[pool]]"#]],
    );
    check(
        "[[site]]\n[[host]]\n[[store]]\n[[pool]]\n",
        &expect![[r#"
        t.toml:1: the topology has no `domain`; add a line `domain = ...`
        t.toml:1: [[site]] has no `name`; add a line `name = ...`
        t.toml:1: [[site]] has no `witness`; add a line `witness = ...`
        t.toml:2: [[host]] has no `name`; add a line `name = ...`
        t.toml:2: [[host]] has no `site`; add a line `site = ...`
        t.toml:2: [[host]] has no `address`; add a line `address = ...`
        t.toml:3: [[store]] has no `name`; add a line `name = ...`
        t.toml:3: [[store]] has no `host`; add a line `host = ...`
        t.toml:4: [[pool]] has no `fqdn`; add a line `fqdn = ...`
        t.toml:4: [[pool]] has no `servers`; add a line `servers = ...`
        t.toml:4: [[pool]] has no `stores`; add a line `stores = ...`"#]],
    );
    check(
        "site = 3\nhost = [1, 2]\n",
        &expect![[r#"
        t.toml:1: the topology has no `domain`; add a line `domain = ...`
        t.toml:1: `site` of the topology has a number where it cannot be; write one or more
           tables, each under its own line [[site]]
        t.toml:1: no site is declared; declare each data centre under a line [[site]]
        t.toml:1: no pool is declared; declare one under a line [[pool]]
        t.toml:2: `host` of the topology has a number where it cannot be; write a list of
           tables only
        t.toml:2: `host` of the topology has a number where it cannot be; write a list of
           tables only"#]],
    );
}

#[test]
fn all_problems_are_told_at_once_by_line() {
    let edits = [
        ("name = \"south\"", "nmae = \"south\""),
        ("site = \"north\"", "site = \"nroth\""),
        ("address = \"10.0.1.2\"", "address = \"10.0.1\""),
        ("host = \"s2\"", "host = \"s3\"\nport = 70000"),
        ("fqdn = \"pool.example.org\"", "fqdn = \"pool\""),
    ];
    check(
        &edited(&edits),
        &expect![[r#"
            t.toml:5: [[site]] has no `name`; add a line `name = ...`
            t.toml:6: [[site]] has no key `nmae`; did you mean `name`?
            t.toml:10: `site` names `nroth`, and no site has that name; did you mean `north`?
            t.toml:15: the address `10.0.1` is no IP address; write the one address of the host,
               such as 192.0.2.10 or 2001:db8::10, without a port
            t.toml:22: `site` names `south`, and no site has that name; declare it under a line
               [[site]], or name one of `north`
            t.toml:26: `site` names `south`, and no site has that name; declare it under a line
               [[site]], or name one of `north`
            t.toml:30: `site` names `south`, and no site has that name; declare it under a line
               [[site]], or name one of `north`
            t.toml:43: `host` names `s3`, and no host has that name; did you mean `s1`?
            t.toml:44: `port` of [[store]] cannot be 70000; write a number from 1 to 65535
            t.toml:46: `fqdn` is `pool`, which has no dot in it; write a full domain name, such
               as chat.example.org"#]],
    );
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let text = format!("{GOOD}#{}", " ".repeat(MAX_FILE_BYTES));
    let problems = Topology::parse("t.toml", &text).expect_err("too large");
    assert_eq!(problems.0.len(), 1);
    assert!(problems.to_string().contains("at most 1 MiB"), "{problems}");
}

#[test]
fn nesting_without_end_is_refused_without_a_crash() {
    let text = format!("domain = {}", "[".repeat(100_000));
    assert!(Topology::parse("t.toml", &text).is_err());
}
