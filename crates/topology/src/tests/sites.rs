//! Names, sites, witnesses, addresses and ports.

use expect_test::expect;

use super::support::{check, edited, folded, with};

#[test]
fn a_name_is_good_and_borne_once() {
    with(
        &[("name = \"south\"", "name = \"north\"")],
        &expect![[r#"
        t.toml:6: a second site is named `north`: the first is on line 3; give one of them
           another name, or remove it
        t.toml:22: `site` names `south`, and no site has that name; declare it under a line
           [[site]], or name one of `north`
        t.toml:26: `site` names `south`, and no site has that name; declare it under a line
           [[site]], or name one of `north`
        t.toml:30: `site` names `south`, and no site has that name; declare it under a line
           [[site]], or name one of `north`"#]],
    );
    with(
        &[("name = \"n2\"", "name = \"n1\"")],
        &expect![[r#"
        t.toml:13: a second host is named `n1`: the first is on line 9; give one of them
           another name, or remove it
        t.toml:37: `host` names `n2`, and no host has that name; did you mean `n1`?"#]],
    );
    with(
        &[("name = \"sb\"", "name = \"na\"")],
        &expect![[r#"
        t.toml:42: a second store is named `na`: the first is on line 33; give one of them
           another name, or remove it
        t.toml:47: `backup_mirror` names `sb`, and no store has that name; did you mean
           `nb`?"#]],
    );
    with(
        &[("name = \"nw\"", "name = \"NW\"")],
        &expect![[r#"
        t.toml:4: `witness` names `nw`, and no host has that name; did you mean `NW`?
        t.toml:17: the host name `NW` has other characters than small letters, digits and
           hyphens; write 1 to 63 small letters, digits and hyphens"#]],
    );
    with(
        &[("name = \"nw\"", "name = \"\"")],
        &expect![[r#"
        t.toml:4: `witness` names `nw`, and no host has that name; did you mean `n1`?
        t.toml:17: the host name `` is empty; write 1 to 63 small letters, digits and
           hyphens"#]],
    );
    with(
        &[("name = \"nw\"", "name = \"-nw\"")],
        &expect![[r#"
        t.toml:4: `witness` names `nw`, and no host has that name; did you mean `-nw`?
        t.toml:17: the host name `-nw` begins or ends with a hyphen; write 1 to 63 small
           letters, digits and hyphens"#]],
    );
    with(
        &[("name = \"nw\"", "name = \"../nw\"")],
        &expect![[r#"
        t.toml:4: `witness` names `nw`, and no host has that name; did you mean `n1`?
        t.toml:17: the host name `../nw` has other characters than small letters, digits and
           hyphens; write 1 to 63 small letters, digits and hyphens"#]],
    );
    let long = format!("name = \"{}\"", "n".repeat(64));
    check(
        &edited(&[("name = \"nw\"", &long)]),
        &expect![[r#"
        t.toml:4: `witness` names `nw`, and no host has that name; did you mean `n1`?
        t.toml:17: the host name
           `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn` is longer than
           63 characters; write 1 to 63 small letters, digits and hyphens"#]],
    );
}

#[test]
fn a_name_refers_to_something() {
    with(
        &[("site = \"north\"", "site = \"nroth\"")],
        &expect![
            "t.toml:10: `site` names `nroth`, and no site has that name; did you mean `north`?"
        ],
    );
    with(
        &[("site = \"north\"", "site = \"Paris\"")],
        &expect![[r#"
        t.toml:10: `site` names `Paris`, and no site has that name; declare it under a line
           [[site]], or name one of `north`, `south`"#]],
    );
    with(
        &[("witness = \"nw\"", "witness = \"nwx\"")],
        &expect!["t.toml:4: `witness` names `nwx`, and no host has that name; did you mean `nw`?"],
    );
    with(
        &[("host = \"n1\"", "host = \"nowhere\"")],
        &expect![[r#"
        t.toml:34: `host` names `nowhere`, and no host has that name; declare it under a
           line [[host]], or name one of `n1`, `n2`, `nw`, `s1`, `s2`, `sw`"#]],
    );
    with(
        &[("servers = [\"n1\", ", "servers = [\"n11\", ")],
        &expect!["t.toml:46: `servers` names `n11`, and no host has that name; did you mean `n1`?"],
    );
    with(
        &[("backup = \"sa\"", "backup = \"saa\"")],
        &expect!["t.toml:47: `backup` names `saa`, and no store has that name; did you mean `sa`?"],
    );
    with(
        &[("share = { host = \"s1\"", "share = { host = \"s11\"")],
        &expect!["t.toml:48: `host` names `s11`, and no host has that name; did you mean `s1`?"],
    );
}

#[test]
fn a_site_has_hosts_and_a_witness_of_its_own() {
    let third = "[[site]]\nname = \"west\"\nwitness = \"nw\"\n[[host]]\nname = \"n1\"";
    with(
        &[("[[host]]\nname = \"n1\"", third)],
        &expect![[r#"
        t.toml:8: a topology has at most 2 sites, and this is one more; describe other pairs
           of sites in a topology of their own
        t.toml:8: site `west` is empty: no host stands in it; declare its hosts under lines
           [[host]], or remove the site
        t.toml:10: the witness of site `west` is `nw`, which stands in site `north`: a site
           would depend on the other to protect itself; name a host of site `west`"#]],
    );
    with(
        &[("witness = \"nw\"", "witness = \"sw\"")],
        &expect![[r#"
        t.toml:4: the witness of site `north` is `sw`, which stands in site `south`: a site
           would depend on the other to protect itself; name a host of site `north`"#]],
    );
    with(
        &[("witness = \"nw\"", "witness = \"n2\"")],
        &expect![[r#"
        t.toml:4: warning: the witness `n2` is also the host of store `nb`: when that host
           is lost, the store's mirror cannot be promoted, since the two of them were the
           majority; give the site a small host of its own as witness
        t.toml:16: warning: nothing runs on host `nw`, and it serves no pool; list it in
           `servers` of a pool if it is a chat server, or remove it"#]],
    );
}

#[test]
fn an_address_is_one_that_others_can_reach() {
    let cases = [
        "10.0.1.1:5432",
        "n1.example.org",
        "10.0.1.256",
        "",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "255.255.255.255",
    ];
    let told = expect![[r#"
        t.toml:11: the address `10.0.1.1:5432` is no IP address; write the one address of
           the host, such as 192.0.2.10 or 2001:db8::10, without a port
        t.toml:11: the address `n1.example.org` is no IP address; write the one address of
           the host, such as 192.0.2.10 or 2001:db8::10, without a port
        t.toml:11: the address `10.0.1.256` is no IP address; write the one address of the
           host, such as 192.0.2.10 or 2001:db8::10, without a port
        t.toml:11: the address `` is no IP address; write the one address of the host, such
           as 192.0.2.10 or 2001:db8::10, without a port
        t.toml:11: the address `0.0.0.0` means every address, so no other host could connect
           to it; write the one address of the host, such as 192.0.2.10 or 2001:db8::10,
           without a port
        t.toml:11: the address `::` means every address, so no other host could connect to
           it; write the one address of the host, such as 192.0.2.10 or 2001:db8::10,
           without a port
        t.toml:11: the address `224.0.0.1` is a multicast address; write the one address of
           the host, such as 192.0.2.10 or 2001:db8::10, without a port
        t.toml:11: the address `255.255.255.255` is the broadcast address; write the one
           address of the host, such as 192.0.2.10 or 2001:db8::10, without a port"#]];
    let mut lines = Vec::new();
    for address in cases {
        let text = edited(&[("address = \"10.0.1.1\"", &format!("address = \"{address}\""))]);
        let problems = crate::Topology::parse("t.toml", &text).expect_err("a bad address");
        lines.push(problems.to_string());
    }
    told.assert_eq(&folded(&lines.join("\n")));
    check(&edited(&[("address = \"10.0.1.1\"", "address = \"2001:db8::1\"")]), &expect![[""]]);
}

#[test]
fn no_two_listen_on_one_port_of_one_address() {
    with(
        &[("\"10.0.1.2\"", "\"10.0.1.1\"")],
        &expect![[r#"
        t.toml:12: hosts `n1` (line 8) and `n2` have one address and one control port,
           10.0.1.1:7443; give one of them another `address` or another `control_port`
        t.toml:35: store `nb` and store `na` (line 32) would both listen on 10.0.1.1:5432,
           the address of both hosts; give one of them another port"#]],
    );
    with(&[("\"10.0.1.3\"", "\"10.0.1.1\"\ncontrol_port = 7444")], &expect![[""]]);
    with(
        &[("host = \"n1\"", "host = \"n1\"\nport = 7443")],
        &expect![[r#"
        t.toml:35: store `na` and the control port of host `n1` (line 8) would both listen
           on 10.0.1.1:7443; give one of them another port"#]],
    );
    with(
        &[("host = \"n1\"", "host = \"n1\"\nport = 5222")],
        &expect![[r#"
        t.toml:45: `client_port` of pool `pool.example.org` on host `n1` and store `na`
           (line 35) would both listen on 10.0.1.1:5222; give one of them another port"#]],
    );
    with(
        &[("host = \"n2\"", "host = \"n1\"")],
        &expect![[r#"
        t.toml:35: store `nb` and store `na` (line 32) would both listen on 10.0.1.1:5432;
           give one of them another port
        t.toml:47: warning: the home mirror `nb` and its partner `na` are on one host, `n1`:
           both are lost with it; put one of them on another host of site `north`"#]],
    );
    with(
        &[("host = \"n2\"", "host = \"n1\"\nport = 5433")],
        &expect![[r#"
        t.toml:12: warning: nothing runs on host `n2`, and it serves no pool; list it in
           `servers` of a pool if it is a chat server, or remove it
        t.toml:48: warning: the home mirror `nb` and its partner `na` are on one host, `n1`:
           both are lost with it; put one of them on another host of site `north`"#]],
    );
    with(
        &[("share = {", "client_port = 5223\nshare = {")],
        &expect![[r#"
        t.toml:48: `client_port` of pool `pool.example.org` on host `n1` and
           `client_tls_port` of pool `pool.example.org` on host `n1` (line 44) would both
           listen on 10.0.1.1:5223; give one of them another port
        t.toml:48: `client_port` of pool `pool.example.org` on host `s1` and
           `client_tls_port` of pool `pool.example.org` on host `s1` (line 44) would both
           listen on 10.0.2.1:5223; give one of them another port"#]],
    );
    with(
        &[("share = {", "client_tls_port = 5432\nshare = {")],
        &expect![[r#"
        t.toml:48: `client_tls_port` of pool `pool.example.org` on host `n1` and store `na`
           (line 32) would both listen on 10.0.1.1:5432; give one of them another port
        t.toml:48: `client_tls_port` of pool `pool.example.org` on host `s1` and store `sa`
           (line 38) would both listen on 10.0.2.1:5432; give one of them another port"#]],
    );
}

#[test]
fn a_host_on_which_nothing_is_placed_is_told() {
    let spare = "[[host]]\nname = \"n9\"\nsite = \"north\"\naddress = \"10.0.1.9\"\n[[store]]";
    with(
        &[("[[store]]", spare)],
        &expect![[r#"
        t.toml:32: warning: nothing runs on host `n9`, and it serves no pool; list it in
           `servers` of a pool if it is a chat server, or remove it"#]],
    );
}
