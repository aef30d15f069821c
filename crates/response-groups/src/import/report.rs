//! What an administrator is told of an import: what was written, what has another name, and what
//! somebody may miss.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::plan::{Existing, Incoming, Named, Options, Plan, Renamed, Report};
use crate::model::{Kind, Object};

/// How many names are given in a sentence.
const NAMES_SHOWN: usize = 5;

pub(super) fn report(
    existing: &Existing,
    incoming: &Incoming<'_>,
    options: Options,
    plan: &Plan,
    renamed: Vec<Renamed>,
) -> Report {
    let here: HashMap<Uuid, &Named> = existing.objects.iter().map(|it| (it.id, it)).collect();
    let mut report = Report { renamed, ..Report::default() };
    for object in &plan.write {
        *report.written.entry(object.kind()).or_default() += 1;
        if here.contains_key(&object.id()) {
            *report.updated.entry(object.kind()).or_default() += 1;
        }
    }
    for it in &plan.remove {
        *report.removed.entry(it.kind).or_default() += 1;
    }
    report.settings = plan.settings.iter().map(|(owner, _)| owner.clone()).collect();
    let told = &mut report.left_behind;
    objects_that_stay(existing, incoming, plan, told);
    owners_that_change(plan, &here, told);
    settings_that_stay(existing, incoming, options, told);
    older_reigns(existing, incoming, options, plan, told);
    report
}

/// Objects of the owners who come in that are not among what comes in.
fn objects_that_stay(
    existing: &Existing,
    incoming: &Incoming<'_>,
    plan: &Plan,
    told: &mut Vec<String>,
) {
    let objects = &incoming.configuration.objects;
    let going = plan.remove.iter().map(|it| it.id);
    let coming: HashSet<Uuid> = objects.iter().map(Object::id).chain(going).collect();
    let owners: BTreeSet<&str> = objects.iter().map(Object::owner).collect();
    let mut staying: BTreeMap<(&str, Kind), Vec<&str>> = BTreeMap::new();
    for it in existing.objects.iter().filter(|it| !coming.contains(&it.id)) {
        if owners.contains(it.owner.as_str()) {
            staying.entry((&it.owner, it.kind)).or_default().push(&it.name);
        }
    }
    for ((owner, kind), mut names) in staying {
        names.sort_unstable();
        let what = some(kind, names.len());
        told.push(format!(
            "{what} of {owner} that {} not in the import {} here: {}",
            if names.len() == 1 { "is" } else { "are" },
            if names.len() == 1 { "stays" } else { "stay" },
            shown(&names)
        ));
    }
}

/// Objects that belonged to somebody else here.
fn owners_that_change(plan: &Plan, here: &HashMap<Uuid, &Named>, told: &mut Vec<String>) {
    let mut changing: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for object in &plan.write {
        if let Some(it) = here.get(&object.id()).filter(|it| it.owner != object.owner()) {
            *changing.entry((&it.owner, object.owner())).or_default() += 1;
        }
    }
    for ((old, new), count) in changing {
        let verb = if count == 1 { "object that belonged" } else { "objects that belonged" };
        let now = if count == 1 { "belongs" } else { "belong" };
        told.push(format!("{count} {verb} to {old} here now {now} to {new}"));
    }
}

fn settings_that_stay(
    existing: &Existing,
    incoming: &Incoming<'_>,
    options: Options,
    told: &mut Vec<String>,
) {
    let parent = &existing.parent;
    let exported = incoming.exported_pool();
    if !incoming.configuration.settings.contains_key(exported) {
        if options.replace_settings {
            told.push(format!(
                "the import has no application-level settings of {exported}; those of {parent} \
                 stay"
            ));
        }
        return;
    }
    if !existing.settings.contains(parent) {
        return;
    }
    told.push(if options.replace_settings {
        format!("the former application-level settings of {parent} were replaced")
    } else if exported == parent {
        format!(
            "the application-level settings of {parent} stay as they were here; to take those of \
             the import, use -ReplaceExistingSettings"
        )
    } else {
        format!(
            "the application-level settings of {parent} stay; those of {exported} are kept beside \
             them, and take their place with -ReplaceExistingSettings"
        )
    });
}

/// Owners whose objects changed hands since what comes in was exported, and owners whose objects
/// come in as a copy that is edited elsewhere.
fn older_reigns(
    existing: &Existing,
    incoming: &Incoming<'_>,
    options: Options,
    plan: &Plan,
    told: &mut Vec<String>,
) {
    let parent = &existing.parent;
    let owners: BTreeSet<&str> = plan.write.iter().map(Object::owner).collect();
    for owner in owners {
        let standing = existing.owners.get(owner).copied().unwrap_or_default();
        let known = incoming.reigns.get(owner).copied();
        if known.is_some_and(|it| it < standing.reign) {
            told.push(format!(
                "what came in of {owner} was exported before its objects changed hands; later \
                 changes to them here were replaced"
            ));
        }
        let claimed = plan.claim.iter().any(|(it, _)| it == owner);
        if claimed || standing.edits || options.overwrite_owner {
            continue;
        }
        told.push(if owner == parent {
            format!(
                "another pool is the one that may edit the objects of {owner}; to take them back, \
                 import with -OverwriteOwner"
            )
        } else {
            format!(
                "the objects of {owner} are a copy here, and are edited elsewhere; to make them \
                 {parent}'s, import with -OverwriteOwner"
            )
        });
    }
}

fn some(kind: Kind, count: usize) -> String {
    let words = kind.words();
    match (count, kind) {
        (1, _) => format!("1 {words}"),
        (_, Kind::HoursOfBusiness) => format!("{count} {words}"),
        _ => format!("{count} {words}s"),
    }
}

fn shown(names: &[&str]) -> String {
    let first: Vec<_> = names.iter().take(NAMES_SHOWN).map(|it| format!("\"{it}\"")).collect();
    let first = first.join(", ");
    match names.len().saturating_sub(NAMES_SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
