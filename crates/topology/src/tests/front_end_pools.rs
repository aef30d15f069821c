//! Front-end pools: names, pairs, places.

use expect_test::{Expect, expect};

use super::support::{GOOD, check, edited, folded, parsed};
use crate::{Service, diff};

/// A pair of them, one in each site, beside the chat pool. Its first line is line 49.
const PAIR: &str = r#"[[store]]
name = "nr"
host = "n1"
port = 5433
[[store]]
name = "nr2"
host = "n2"
port = 5433
[[store]]
name = "sr"
host = "s1"
port = 5433
[[front_end_pool]]
fqdn = "north.example.org"
backup_pool = "south.example.org"
stores = { home = "nr", home_mirror = "nr2" }
[[front_end_pool]]
fqdn = "south.example.org"
stores = { home = "sr" }
"#;

fn pair(edits: &[(&str, &str)]) -> String {
    let mut text = format!("{GOOD}{PAIR}");
    for (old, new) in edits {
        assert!(text.contains(old), "`{old}` is in the text");
        text = text.replacen(old, new, 1);
    }
    text
}

fn with(edits: &[(&str, &str)], expected: &Expect) {
    check(&pair(edits), expected);
}

#[test]
fn a_pair_is_said_on_one_side_or_on_both_and_holds_from_both() {
    with(&[], &expect![[""]]);
    let topology = parsed(&pair(&[]));
    let both = [("fqdn = \"south.", "backup_pool = \"NORTH.example.org\"\nfqdn = \"south.")];
    let from_the_other = [
        ("backup_pool = \"south.example.org\"\n", ""),
        ("fqdn = \"south.", "backup_pool = \"north.example.org\"\nfqdn = \"south."),
    ];
    for same in [parsed(&pair(&both)), parsed(&pair(&from_the_other))] {
        assert_eq!(same, topology);
        assert_eq!(same.hash(), topology.hash());
    }
    for (one, other) in [("north", "south"), ("south", "north")] {
        let pool = topology.pool(&format!("{one}.example.org")).expect("a pool");
        let declared = pool.response_groups().expect("a front-end pool");
        assert_eq!(declared.backup_pool, Some(format!("{other}.example.org")));
        assert_eq!(topology.home_site(pool).expect("a site").name, one);
    }
}

#[test]
fn each_kind_of_pool_is_found_by_its_kind() {
    let topology = parsed(&pair(&[]));
    let chat: Vec<_> = topology.chat_pools().map(|pool| pool.fqdn.as_str()).collect();
    let front_end: Vec<_> = topology.front_end_pools().map(|pool| pool.fqdn.as_str()).collect();
    assert_eq!(chat, ["pool.example.org"]);
    assert_eq!(front_end, ["north.example.org", "south.example.org"]);
    let databases: Vec<_> = topology.pools.iter().map(crate::Pool::database).collect();
    assert_eq!(databases, ["mgc", "rgs", "rgs"]);
    let roles: Vec<_> = topology.pools.iter().map(crate::Pool::database_role).collect();
    assert_eq!(roles, ["standfast_chat", "standfast_rgs", "standfast_rgs"]);
    let north = topology.pool("North.Example.org").expect("a pool");
    assert!(matches!(north.service, Service::ResponseGroups(_)) && north.chat().is_none());
    assert!(north.allow_suspended && north.servers.is_empty() && north.share.is_none());
    assert_eq!(topology.pool_of_store("nr2"), Some(north));
    assert_eq!(topology.partner_of("nr").expect("a mirror").name, "nr2");
    assert_eq!(topology.partner_of("sr"), None);
}

#[test]
fn a_topology_may_have_front_end_pools_only() {
    let text = pair(&[]);
    let (before, after) = (text.find("[[pool]]").expect("a pool"), GOOD.len());
    let without = format!("{}{}", &text[..before], &text[after..]);
    check(
        &without,
        &expect![[r#"
        t.toml:32: warning: store `na` has no place in any pool; name it in `stores` of a
           pool, or remove it
        t.toml:35: warning: store `nb` has no place in any pool; name it in `stores` of a
           pool, or remove it
        t.toml:38: warning: store `sa` has no place in any pool; name it in `stores` of a
           pool, or remove it
        t.toml:41: warning: store `sb` has no place in any pool; name it in `stores` of a
           pool, or remove it"#]],
    );
}

#[test]
fn a_pair_is_of_two_front_end_pools() {
    with(
        &[("backup_pool = \"south.", "backup_pool = \"north.")],
        &expect![[r#"
        t.toml:63: `backup_pool` of `north.example.org` names the pool itself; name a
           front-end pool of the other site, or remove the line"#]],
    );
    with(
        &[("backup_pool = \"south.", "backup_pool = \"suoth.")],
        &expect![[r#"
        t.toml:63: `backup_pool` names `suoth.example.org`, and no front-end pool has that
           name; did you mean `south.example.org`?"#]],
    );
    with(
        &[("backup_pool = \"south.example.org\"", "backup_pool = \"far.example.net\"")],
        &expect![[r#"
            t.toml:63: `backup_pool` names `far.example.net`, and no front-end pool has that
               name; declare it under a line [[front_end_pool]], or name one of
               `south.example.org`"#]],
    );
    with(
        &[("backup_pool = \"south.", "backup_pool = \"pool.")],
        &expect![[r#"
        t.toml:63: `backup_pool` names `pool.example.org`, which is a chat pool and hosts no
           Response Groups; name a pool that is declared under a line [[front_end_pool]]"#]],
    );
    with(
        &[("backup_pool = \"south.example.org\"\n", "")],
        &expect![[r#"
        t.toml:61: warning: front-end pool `north.example.org` is paired with no other: when
           its site is lost, its Response Groups are away until the site returns; name a
           front-end pool of the other site as `backup_pool`
        t.toml:64: warning: front-end pool `south.example.org` is paired with no other: when
           its site is lost, its Response Groups are away until the site returns; name a
           front-end pool of the other site as `backup_pool`"#]],
    );
    with(
        &[("host = \"s1\"\nport = 5433", "host = \"nw\"")],
        &expect![[r#"
        t.toml:4: warning: the witness `nw` is also the host of store `sr`: when that host
           is lost, the store's mirror cannot be promoted, since the two of them were the
           majority; give the site a small host of its own as witness
        t.toml:62: warning: the backup pool `south.example.org` stands in site `north`, as
           `north.example.org` does: both are lost with it; pair the pool with one of the
           other site"#]],
    );
}

#[test]
fn a_pool_is_paired_with_one_other() {
    let third = "[[store]]\nname = \"sr2\"\nhost = \"s2\"\nport = 5433\n\
                 [[front_end_pool]]\nfqdn = \"third.example.org\"\n\
                 stores = { home = \"sr2\" }\n";
    let back = "fqdn = \"south.example.org\"\nbackup_pool = \"third.example.org\"";
    let text = pair(&[("fqdn = \"south.example.org\"", back)]);
    check(
        &format!("{text}{third}"),
        &expect![[r#"
        t.toml:67: `south.example.org` cannot be paired with `third.example.org`:
           `north.example.org` is paired with `south.example.org` (line 63), and a pool is
           paired with one other; keep one of the two pairs
        t.toml:67: warning: the backup pool `third.example.org` stands in site `south`, as
           `south.example.org` does: both are lost with it; pair the pool with one of the
           other site"#]],
    );
    let also = "fqdn = \"third.example.org\"\nbackup_pool = \"south.example.org\"";
    let third = third.replace("fqdn = \"third.example.org\"", also);
    check(
        &format!("{}{third}", pair(&[])),
        &expect![[r#"
        t.toml:74: `third.example.org` cannot be paired with `south.example.org`:
           `north.example.org` is paired with `south.example.org` (line 63), and a pool is
           paired with one other; keep one of the two pairs
        t.toml:74: warning: the backup pool `south.example.org` stands in site `south`, as
           `third.example.org` does: both are lost with it; pair the pool with one of the
           other site"#]],
    );
}

#[test]
fn a_name_is_borne_by_one_pool_of_any_kind() {
    with(
        &[("fqdn = \"south.example.org\"", "fqdn = \"North.example.org\"")],
        &expect![[r#"
        t.toml:63: `backup_pool` names `south.example.org`, and no front-end pool has that
           name; declare it under a line [[front_end_pool]]
        t.toml:66: `north.example.org` cannot be the FQDN of a pool: it is the FQDN of a
           pool (line 62); write a domain that nothing else uses"#]],
    );
    with(
        &[("fqdn = \"south.", "fqdn = \"pool."), ("= \"south.", "= \"pool.")],
        &expect![[r#"
        t.toml:66: `pool.example.org` cannot be the FQDN of a pool: it is the FQDN of a pool
           (line 45); write a domain that nothing else uses"#]],
    );
    with(
        &[("fqdn = \"south.example.org\"", "fqdn = \"south\"")],
        &expect![[r#"
        t.toml:63: `backup_pool` names `south.example.org`, and no front-end pool has that
           name; declare it under a line [[front_end_pool]], or name one of `south`
        t.toml:66: `fqdn` is `south`, which has no dot in it; write a full domain name, such
           as chat.example.org"#]],
    );
}

#[test]
fn a_store_has_one_place_in_a_pool_of_any_kind() {
    with(
        &[("home = \"sr\"", "home = \"sa\"")],
        &expect![[r#"
        t.toml:67: store `sa` already has a place (line 47); give every place a store of its
           own"#]],
    );
    with(
        &[("home_mirror = \"nr2\"", "home_mirror = \"nr\"")],
        &expect![[r#"
        t.toml:64: store `nr` already has a place (line 64); give every place a store of its
           own"#]],
    );
    with(
        &[("home = \"sr\"", "home = \"zz\"")],
        &expect![[r#"
        t.toml:67: `home` names `zz`, and no store has that name; declare it under a line
           [[store]], or name one of `na`, `nb`, `nr`, `nr2`, `sa`, `sb`, `sr`"#]],
    );
    with(
        &[("home = \"sr\"", "home = \"sr\", backup = \"sa\"")],
        &expect![[r#"
        t.toml:67: `stores` of [[front_end_pool]] has no key `backup`; remove it, or write
           one of `home`, `home_mirror`"#]],
    );
    with(
        &[("stores = { home = \"sr\" }\n", "servers = [\"s2\"]\n")],
        &expect![[r#"
        t.toml:65: [[front_end_pool]] has no `stores`; add a line `stores = ...`
        t.toml:67: [[front_end_pool]] has no key `servers`; remove it, or write one of
           `fqdn`, `backup_pool`, `stores`, `allow_suspended`"#]],
    );
}

#[test]
fn a_mirror_stands_in_the_site_and_on_another_host() {
    with(
        &[("host = \"n2\"\nport = 5433", "host = \"s2\"\nport = 5433")],
        &expect![[r#"
        t.toml:64: the home mirror `nr2` stands in site `south` and its partner `nr` in site
           `north`: a mirror is synchronous, and a commit would wait for the way between the
           sites; name a store on another host of site `north`"#]],
    );
    with(
        &[("host = \"n2\"\nport = 5433", "host = \"n1\"\nport = 5434")],
        &expect![[r#"
        t.toml:64: warning: the home mirror `nr2` and its partner `nr` are on one host,
           `n1`: both are lost with it; put one of them on another host of site `north`"#]],
    );
    with(
        &[("stores = { home = \"sr\" }", "stores = { home = \"sr\" }\nallow_suspended = false")],
        &expect![[r#"
            t.toml:68: `allow_suspended = false` makes changes wait for a mirror that the pool
               has not; name a store as `home_mirror`, or remove the line"#]],
    );
}

#[test]
fn every_change_of_a_front_end_pool_is_a_sentence() {
    let told = |old: &str, new: &str| folded(&diff(&parsed(old), &parsed(new)).join("\n"));
    let unpaired = pair(&[("backup_pool = \"south.example.org\"\n", "")]);
    expect![[r#"
        Front-end pool `north.example.org`: backup pool is removed, it was
           `south.example.org`.
        Front-end pool `south.example.org`: backup pool is removed, it was
           `north.example.org`."#]]
    .assert_eq(&told(&pair(&[]), &unpaired));
    let alone = pair(&[(", home_mirror = \"nr2\"", "")]);
    expect!["Front-end pool `north.example.org`: home mirror is now `nr2`, there was none."]
        .assert_eq(&told(&alone, &pair(&[])));
    expect![[r#"
        Store `nr` is added: host `n1`, port `5433`.
        Store `nr2` is added: host `n2`, port `5433`.
        Store `sr` is added: host `s1`, port `5433`.
        Front-end pool `north.example.org` is added: backup pool `south.example.org`, home
           `nr`, home mirror `nr2`, allow suspended `true`.
        Front-end pool `south.example.org` is added: backup pool `north.example.org`, home
           `sr`, allow suspended `true`."#]]
    .assert_eq(&told(&edited(&[]), &pair(&[])));
}
