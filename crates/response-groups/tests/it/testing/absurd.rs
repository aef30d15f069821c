//! Export files with values in them that nobody could have come to.

use response_groups::import::{Options, RAISED_MAX, REIGN_AHEAD_MAX};
use serde_json::{Value, json};

use super::{Dice, Parts, parts};

/// How an administrator takes what belongs to somebody else, by a file or by a procedure.
pub(crate) const TAKING: [Options; 3] = {
    let plain = Options {
        overwrite_owner: false,
        replace_settings: false,
        resolve_name_conflicts: true,
        owner_is_away: false,
    };
    [plain, Options { overwrite_owner: true, ..plain }, Options { owner_is_away: true, ..plain }]
};

/// A sound export file in which an agent is signed in.
pub(crate) fn signed_in(agent: &str, since: &str) -> Parts {
    let groups: Value = serde_json::from_slice(parts().get("AgentGroups.json")).unwrap();
    let list = json!([{ "AgentGroupID": groups[0]["ID"], "Agent": agent, "Since": since }]);
    let parts = parts().with("SignIns.json", serde_json::to_vec(&list).unwrap());
    parts.json("manifest.json", |it| it["Counts"]["SignIns"] = json!(1)).agreed()
}

/// The file with one or two of its values changed, and a manifest that agrees; a third of them are
/// values of the manifest itself.
pub(crate) fn absurd(dice: &mut Dice, sound: &Parts) -> Vec<u8> {
    let mut parts = sound.clone();
    for _ in 0..dice.between(1, 2) {
        let names = parts.0.iter().map(|it| it.0.clone());
        let json: Vec<_> = names.filter(|it| !it.starts_with("Audio/")).collect();
        let name =
            if dice.between(0, 2) == 0 { "manifest.json".to_owned() } else { dice.one(&json) };
        let mut value: Value = serde_json::from_slice(parts.get(&name)).unwrap();
        if let Some(entries) = value.get_mut("Entries") {
            // They are made to agree, whatever they were.
            *entries = json!([]);
        }
        let mut found = places(&mut value);
        if found.is_empty() {
            continue;
        }
        let at = dice.between(0, found.len() - 1);
        *found[at] = if found[at].is_number() { number(dice) } else { text(dice) };
        parts = parts.with(&name, serde_json::to_vec(&value).unwrap()).agreed();
    }
    parts.zipped()
}

/// Every number and text in some JSON, to be changed.
fn places(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Number(_) | Value::String(_) => vec![value],
        Value::Array(list) => list.iter_mut().flat_map(places).collect(),
        Value::Object(fields) => fields.values_mut().flat_map(places).collect(),
        _ => Vec::new(),
    }
}

fn number(dice: &mut Dice) -> Value {
    let near = i64::try_from(dice.between(0, 3)).unwrap();
    match dice.between(0, 8) {
        0 => json!(i64::MAX - near),
        1 => json!(i64::MIN + near),
        2 => json!(u64::MAX),
        3 => json!(near - 3),
        4 => json!(i64::from(i32::MAX) + near),
        5 => json!(i64::from(u16::MAX) + near),
        6 => json!(1e300),
        7 => json!(RAISED_MAX + 1 - near),
        _ => json!(REIGN_AHEAD_MAX + 1 - near),
    }
}

fn text(dice: &mut Dice) -> Value {
    match dice.between(0, 9) {
        0 => json!("-009999-01-02T01:59:59Z"),
        1 => json!("9999-12-30T22:00:00Z"),
        2 => json!("9999-12-31"),
        3 => json!("-009999-01-01"),
        4 => json!("a\0b"),
        5 => json!("sip:a\0b@contoso.com"),
        6 => json!(dice.text(1000)),
        7 => json!(format!("sip:{}@contoso.com", "x".repeat(dice.between(0, 9000)))),
        8 => json!("00000000-0000-0000-0000-000000000000"),
        _ => json!(dice.one(&["", "\u{feff}", "24:00", "23:59:59.999999999", "\u{202e}x", "'"])),
    }
}
