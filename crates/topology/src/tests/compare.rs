//! What publishing would change, in sentences.

use expect_test::{Expect, expect};

use super::support::{GOOD, edited, folded, parsed};
use crate::diff;

fn check(edits: &[(&str, &str)], expected: &Expect) {
    let (old, new) = (parsed(GOOD), parsed(&edited(edits)));
    let told = diff(&old, &new);
    assert_eq!(told.is_empty(), old.hash() == new.hash(), "{told:?}");
    assert_eq!(told.is_empty(), diff(&new, &old).is_empty());
    expected.assert_eq(&folded(&told.join("\n")));
}

#[test]
fn every_change_is_a_sentence() {
    check(&[], &expect![[""]]);
    check(&[("servers = [\"n1\", \"s1\"]", "servers = [\"s1\", \"n1\"]")], &expect![[""]]);
    check(
        &[("domain = \"example.org\"", "domain = \"example.net\"")],
        &expect![[r#"
        The domain changes from `example.org` to `example.net`: every user's address
           changes, and the chat servers need new certificates.
        Pool `pool.example.org`: rooms changes from `rooms.example.org` to
           `rooms.example.net`."#]],
    );
    let moved = [
        ("witness = \"nw\"", "witness = \"n2\""),
        ("address = \"10.0.1.1\"", "address = \"10.0.1.9\"\ncontrol_port = 7500"),
        ("host = \"n2\"", "host = \"nw\"\nport = 5433"),
        ("servers = [\"n1\", \"s1\"]", "servers = [\"n1\", \"s2\"]"),
        (
            "share = { host = \"s1\", directory = \"share\" }",
            "zero_loss = true\nlimits = { connections = 20 }",
        ),
    ];
    check(
        &moved,
        &expect![[r#"
            Site `north`: witness changes from `nw` to `n2`.
            Host `n1`: address changes from `10.0.1.1` to `10.0.1.9`.
            Host `n1`: control port changes from `7443` to `7500`.
            Store `nb`: host changes from `n2` to `nw`.
            Store `nb`: port changes from `5432` to `5433`.
            Pool `pool.example.org`: servers changes from `n1` `s1` to `n1` `s2`.
            Pool `pool.example.org`: zero loss changes from `false` to `true`.
            Pool `pool.example.org`: limit connections changes from `10000` to `20`."#]],
    );
    let fewer = [
        (", backup = \"sa\", backup_mirror = \"sb\"", ""),
        ("share = { host = \"s1\", directory = \"share\" }", ""),
    ];
    check(
        &fewer,
        &expect![[r#"
        Pool `pool.example.org`: backup is removed, it was `sa`.
        Pool `pool.example.org`: backup mirror is removed, it was `sb`.
        Pool `pool.example.org`: share host is removed, it was `s1`.
        Pool `pool.example.org`: share directory is removed, it was `share`."#]],
    );
    let more = "[[host]]\nname = \"n9\"\nsite = \"north\"\naddress = \"10.0.1.9\"\n[[store]]";
    check(
        &[("[[store]]", more)],
        &expect!["Host `n9` is added: site `north`, address `10.0.1.9`, control port `7443`."],
    );
}

#[test]
fn what_is_removed_is_told() {
    let more = "[[host]]\nname = \"n9\"\nsite = \"north\"\naddress = \"10.0.1.9\"\n[[store]]";
    let old = parsed(&edited(&[("[[store]]", more)]));
    expect!["Host `n9` is removed: site `north`, address `10.0.1.9`, control port `7443`."]
        .assert_eq(&folded(&diff(&old, &parsed(GOOD)).join("\n")));
}
