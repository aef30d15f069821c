//! Numbers of an export file that nobody could have come to: refused, and never counted on with.

use std::io::Cursor;
use std::sync::LazyLock;

use jiff::Timestamp;
use proptest::prelude::*;
use response_groups::import::{Conflict, Options, RAISED_MAX, REIGN_AHEAD_MAX, Standing, plan};
use response_groups::package::{Package, manifest_of};
use serde_json::{Value, json};

use crate::testing::{Dice, Parts, Pool, cases, parts, refused};

const PRIMARY: &str = "primary.contoso.com";
const BACKUP: &str = "backup.contoso.com";

static SOUND: LazyLock<Parts> = LazyLock::new(parts);

/// How an administrator takes what belongs to somebody else, by a file or by a procedure.
const TAKING: [Options; 3] = {
    let plain = Options {
        overwrite_owner: false,
        replace_settings: false,
        resolve_name_conflicts: true,
        owner_is_away: false,
    };
    [plain, Options { overwrite_owner: true, ..plain }, Options { owner_is_away: true, ..plain }]
};

fn with_owner(owner: &str, reign: i64, revision: i64) -> Vec<u8> {
    let change = |it: &mut Value| {
        it["Owners"][owner] = json!({ "Reign": reign, "Revision": revision });
    };
    parts().json("manifest.json", change).zipped()
}

#[test]
fn reigns_and_revisions_out_of_bounds_are_refused() {
    for number in [-1, i64::MIN, i64::MAX, RAISED_MAX + 1] {
        let sentence = "is not between 0 and 281474976710656";
        refused(
            &with_owner(PRIMARY, number, 1),
            &format!("Reign {number} of {PRIMARY} {sentence}"),
        );
        let said = format!("Revision {number} of {BACKUP} {sentence}");
        refused(&with_owner(BACKUP, 1, number), &said);
    }
    Package::open(Cursor::new(with_owner(PRIMARY, RAISED_MAX, RAISED_MAX))).unwrap();
    refused(&with_owner("Not a pool", 1, 1), "`Not a pool` is not the name of a pool");
}

#[test]
fn a_reign_far_above_what_is_known_is_a_conflict() {
    let taken = |pool: &str, known: i64, reign: i64| {
        let package = Package::open(Cursor::new(with_owner(PRIMARY, reign, 1))).unwrap();
        let mut existing = Pool::new(pool).existing(&[]);
        let standing = Standing { reign: known, edits: false, revision: 1 };
        existing.owners.insert(PRIMARY.to_owned(), standing);
        let options = if pool == PRIMARY { TAKING[1] } else { TAKING[2] };
        plan(&existing, &package.incoming(), options).map(|it| it.claim)
    };
    for (known, reign) in [(0, REIGN_AHEAD_MAX), (7, REIGN_AHEAD_MAX + 7)] {
        for pool in [PRIMARY, BACKUP] {
            assert_eq!(taken(pool, known, reign).unwrap(), [(PRIMARY.to_owned(), reign + 1)]);
            let conflicts = taken(pool, known, reign + 1).unwrap_err();
            let owner = PRIMARY.to_owned();
            assert_eq!(conflicts.0, [Conflict::Reign { owner, reign: reign + 1, known }]);
            assert!(conflicts.to_string().contains("nothing changes hands so often"));
        }
    }
}

#[test]
fn absurd_counts_and_times_are_refused() {
    let counts = parts().json("manifest.json", |it| {
        for count in it["Counts"].as_object_mut().unwrap().values_mut() {
            *count = json!(u64::MAX);
        }
    });
    refused(&counts.zipped(), "18446744073709551615 AgentGroups are in no export file");
    assert!(manifest_of(Cursor::new(counts.zipped())).is_err());
    let group = parts().json("AgentGroups.json", |_| ()).get("AgentGroups.json").to_vec();
    let group = serde_json::from_slice::<Value>(&group).unwrap()[0]["ID"].clone();
    let signed_in = |agent: &str, since: &str| {
        let list = json!([{ "AgentGroupID": group, "Agent": agent, "Since": since }]);
        let parts = parts().with("SignIns.json", serde_json::to_vec(&list).unwrap());
        parts.json("manifest.json", |it| it["Counts"]["SignIns"] = json!(1)).agreed().zipped()
    };
    let sound = "2026-01-01T00:00:00Z";
    Package::open(Cursor::new(signed_in("sip:ken@contoso.com", sound))).unwrap();
    let early = signed_in("sip:ken@contoso.com", "-009999-06-01T00:00:00Z");
    refused(&early, "which was before computers");
    for agent in ["ken", "sip:ken\0@contoso.com", &format!("sip:{}", "k".repeat(1000))] {
        refused(&signed_in(agent, sound), "nobody who could sign in");
    }
}

/// Every number and time in some JSON, to be changed.
fn places(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Number(_) => vec![value],
        Value::String(it) if it.parse::<Timestamp>().is_ok() => vec![value],
        Value::Array(list) => list.iter_mut().flat_map(places).collect(),
        Value::Object(fields) => fields.values_mut().flat_map(places).collect(),
        _ => Vec::new(),
    }
}

fn absurd(dice: &mut Dice) -> Value {
    let near = i64::try_from(dice.between(0, 3)).unwrap();
    match dice.between(0, 9) {
        0 => json!(i64::MAX - near),
        1 => json!(i64::MIN + near),
        2 => json!(u64::MAX),
        3 => json!(near - 3),
        4 => json!(i64::from(i32::MAX) + near),
        5 => json!(i64::from(u16::MAX) + near),
        6 => json!(1e300),
        7 => json!(RAISED_MAX + 1 - near),
        8 => json!(REIGN_AHEAD_MAX + 1 - near),
        _ => json!(dice.one(&["-009999-01-02T01:59:59Z", "9999-12-30T22:00:00Z"])),
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn fuzz_absurd_numbers(seed: u64) {
        let mut dice = Dice::new(seed);
        let mut parts = SOUND.clone();
        for _ in 0..dice.between(1, 2) {
            let names = parts.0.iter().map(|it| it.0.clone());
            let json: Vec<_> = names.filter(|it| !it.starts_with("Audio/")).collect();
            // What the manifest says of itself is looked at by nobody but the reader.
            let name = if dice.coin() { "manifest.json".to_owned() } else { dice.one(&json) };
            let mut value: Value = serde_json::from_slice(parts.get(&name)).unwrap();
            let mut found = places(&mut value);
            if found.is_empty() {
                continue;
            }
            let at = dice.between(0, found.len() - 1);
            *found[at] = absurd(&mut dice);
            parts = parts.with(&name, serde_json::to_vec(&value).unwrap()).agreed();
        }
        let file = parts.zipped();
        if let Ok(manifest) = manifest_of(Cursor::new(&file)) {
            let _ = manifest.objects();
        }
        let Ok(package) = Package::open(Cursor::new(&file)) else { return Ok(()) };
        for reign in package.manifest().owners.values() {
            prop_assert!(reign.reign >= 0 && reign.revision >= 0);
            prop_assert!(reign.revision.checked_add(1_000_000).is_some());
        }
        for (options, pool) in TAKING.into_iter().flat_map(|it| [(it, PRIMARY), (it, BACKUP)]) {
            let Ok(plan) = plan(&Pool::new(pool).existing(&[]), &package.incoming(), options) else {
                continue;
            };
            for (owner, reign) in plan.claim {
                // It can be failed over and back as often as anybody likes.
                let claimed = Standing { reign, edits: true, revision: 1 };
                prop_assert!(claimed.next_reign() == Some(reign + 1), "{owner}: {reign}");
                prop_assert!(reign + 1_000_000_000 < RAISED_MAX, "{owner}: {reign}");
            }
        }
        for it in &package.configuration().sign_ins {
            prop_assert!(it.since >= Timestamp::UNIX_EPOCH);
        }
    }
}
