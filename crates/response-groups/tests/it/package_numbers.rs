//! Numbers of an export file that nobody could have come to: refused, and never counted on with.

use std::io::Cursor;
use std::sync::LazyLock;

use jiff::Timestamp;
use proptest::prelude::*;
use response_groups::import::{Conflict, RAISED_MAX, REIGN_AHEAD_MAX, Standing, UNHEARD_MAX, plan};
use response_groups::package::{Package, manifest_of};
use serde_json::{Value, json};

use crate::testing::{Dice, Parts, Pool, TAKING, absurd, cases, parts, refused, signed_in};

const PRIMARY: &str = "primary.contoso.com";
const BACKUP: &str = "backup.contoso.com";

static SOUND: LazyLock<Parts> =
    LazyLock::new(|| signed_in("sip:ken@contoso.com", "2026-01-01T00:00:00Z"));

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
    // A copy, which is edited elsewhere, takes no reign.
    let far = Package::open(Cursor::new(with_owner(PRIMARY, RAISED_MAX, 1))).unwrap();
    let copied = plan(&Pool::new(BACKUP).existing(&[]), &far.incoming(), TAKING[0]);
    assert_eq!(copied.unwrap().claim, []);
    for (known, reign) in [(0, REIGN_AHEAD_MAX), (7, REIGN_AHEAD_MAX + 7)] {
        for pool in [PRIMARY, BACKUP] {
            // Whoever stands in leaves room for what it has not heard.
            let room = if pool == PRIMARY { 1 } else { UNHEARD_MAX + 1 };
            assert_eq!(taken(pool, known, reign).unwrap(), [(PRIMARY.to_owned(), reign + room)]);
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
    let sound = "2026-01-01T00:00:00Z";
    Package::open(Cursor::new(signed_in("sip:ken@contoso.com", sound).zipped())).unwrap();
    let early = signed_in("sip:ken@contoso.com", "-009999-06-01T00:00:00Z");
    refused(&early.zipped(), "which was before computers");
    for agent in ["ken", "sip:ken\0@contoso.com", &format!("sip:{}", "k".repeat(1000))] {
        refused(&signed_in(agent, sound).zipped(), "nobody who could sign in");
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn fuzz_absurd_numbers(seed: u64) {
        let mut dice = Dice::new(seed);
        let file = absurd(&mut dice, &SOUND);
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
