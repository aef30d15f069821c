//! Planning an import: pure, and all or nothing.
//!
//! The parent becomes the destination; the owner stays as it was, unless it is to be overwritten.
//! An object that is there already, by its identity, is replaced: it is a copy of the same object.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::conflict::{Conflict, Conflicts};
use super::names::Names;
use super::plan::{
    Existing, Incoming, Named, Options, Plan, REIGN_AHEAD_MAX, Renamed, above, above_unheard,
};
use super::{private, references, report, taken};
use crate::configuration::AudioEntry;
use crate::model::{Kind, Object, ServiceSettings};

/// Plans what an import writes, or lists everything that stands against it.
pub fn plan(
    existing: &Existing,
    incoming: &Incoming<'_>,
    options: Options,
) -> Result<Plan, Conflicts> {
    let mut write = in_order(incoming, existing, options);
    let remove = removals(existing, incoming);
    let mut conflicts = identity_conflicts(existing, incoming, options);
    let renamed = resolve_names(existing, &mut write, options).unwrap_or_else(|more| {
        conflicts.extend(more);
        Vec::new()
    });
    conflicts.extend(taken::uri_conflicts(existing, &write));
    conflicts.extend(references::conflicts(existing, &write, &remove));
    conflicts.extend(private::conflicts(existing, &write, &remove));
    let claim = claims(existing, incoming, options).unwrap_or_else(|more| {
        conflicts.extend(more);
        Vec::new()
    });
    if !conflicts.is_empty() {
        return Err(Conflicts(conflicts));
    }
    let settings = settings(existing, incoming, options);
    let mut plan = Plan {
        audio: audio(existing, incoming, options),
        sign_ins: incoming.configuration.sign_ins.clone(),
        sign_out_of: incoming.owner.filter(|_| !incoming.given.is_empty()).map(str::to_owned),
        claim,
        settings,
        remove,
        write,
        ..Plan::default()
    };
    plan.report = report::report(existing, incoming, options, &plan, renamed);
    Ok(plan)
}

/// The owner that something gets.
fn final_owner<'a>(existing: &'a Existing, options: Options, owner: &'a str) -> &'a str {
    if options.overwrite_owner { &existing.parent } else { owner }
}

fn identity_conflicts(
    existing: &Existing,
    incoming: &Incoming<'_>,
    options: Options,
) -> Vec<Conflict> {
    let here: HashMap<Uuid, &Named> = existing.objects.iter().map(|it| (it.id, it)).collect();
    let conflict = |object: &Object| {
        let holder = (*here.get(&object.id())?).clone();
        if holder.kind != object.kind() {
            let (kind, name) = (object.kind(), object.name().to_owned());
            return Some(Conflict::Kind { kind, name, holder });
        }
        let owner = final_owner(existing, options, object.owner());
        let stays = holder.owner == owner || holder.owner == object.owner();
        // A closed pool has the newest of what it changed itself; a mere copy was never changed.
        let standing = existing.owners.get(&holder.owner);
        let counts = standing.is_some_and(|it| it.edits || it.reign > 0);
        let own = holder.owner == existing.parent;
        (!stays && counts).then(|| Conflict::Owner { owner: owner.to_owned(), holder, own })
    };
    incoming.configuration.objects.iter().filter_map(conflict).collect()
}

/// What comes in with its final owner, those first that others refer to.
fn in_order(incoming: &Incoming<'_>, existing: &Existing, options: Options) -> Vec<Object> {
    let place = |it: &Object| Kind::ALL.iter().position(|kind| *kind == it.kind());
    let mut objects = incoming.configuration.objects.clone();
    objects.sort_by_key(place);
    for object in &mut objects {
        let (owner, _) = object.owner_and_name();
        *owner = final_owner(existing, options, owner).to_owned();
    }
    objects
}

fn resolve_names(
    existing: &Existing,
    write: &mut [Object],
    options: Options,
) -> Result<Vec<Renamed>, Vec<Conflict>> {
    let names = Names::new(existing, write);
    if options.resolve_name_conflicts {
        return names.resolve(write);
    }
    let conflicts = names.conflicts(write);
    if conflicts.is_empty() { Ok(Vec::new()) } else { Err(conflicts) }
}

/// What the source had been given and has no more, as far as it is here.
fn removals(existing: &Existing, incoming: &Incoming<'_>) -> Vec<Named> {
    let coming: BTreeSet<Uuid> = incoming.configuration.objects.iter().map(Object::id).collect();
    let is_gone = |it: &&Named| {
        incoming.owner == Some(it.owner.as_str())
            && incoming.given.contains(&it.id)
            && !coming.contains(&it.id)
    };
    existing.objects.iter().filter(is_gone).cloned().collect()
}

fn audio(existing: &Existing, incoming: &Incoming<'_>, options: Options) -> Vec<AudioEntry> {
    let with_owner = |it: &AudioEntry| {
        let owner = final_owner(existing, options, &it.owner).to_owned();
        AudioEntry { owner, ..it.clone() }
    };
    incoming.configuration.audio.iter().map(with_owner).collect()
}

/// Settings are kept side by side under their owners, so that none are lost. Those of the
/// destination itself are replaced only when that is asked for, or when there are none.
fn settings(
    existing: &Existing,
    incoming: &Incoming<'_>,
    options: Options,
) -> Vec<(String, ServiceSettings)> {
    let parent = &existing.parent;
    let all = &incoming.configuration.settings;
    let mut settings: BTreeMap<&str, &ServiceSettings> = all
        .iter()
        .filter(|(owner, _)| *owner != parent || !existing.settings.contains(*owner))
        .map(|(owner, it)| (owner.as_str(), it))
        .collect();
    if options.replace_settings
        && let Some(exported) = all.get(incoming.exported_pool())
    {
        settings.insert(parent, exported);
    }
    settings.into_iter().map(|(owner, it)| (owner.to_owned(), it.clone())).collect()
}

/// The owners whose objects the destination may edit from now on, each under a reign higher than
/// any that the destination or the source knew, or an owner that is away may have come to; or those
/// who cannot have come to such a reign.
fn claims(
    existing: &Existing,
    incoming: &Incoming<'_>,
    options: Options,
) -> Result<Vec<(String, i64)>, Vec<Conflict>> {
    let objects = incoming.configuration.objects.iter().map(Object::owner);
    let settings = incoming.configuration.settings.keys().map(String::as_str);
    // One who has nothing is taken over, too.
    let owners: BTreeSet<&str> = objects.chain(settings).chain(incoming.owner).collect();
    let mut claimed = BTreeSet::new();
    if options.overwrite_owner && !owners.is_empty() {
        claimed.insert(existing.parent.as_str());
    }
    if options.owner_is_away {
        let parent = existing.parent.as_str();
        claimed.extend(owners.into_iter().filter(|it| *it != parent));
    }
    let mut claims = Vec::new();
    let mut conflicts = Vec::new();
    for owner in claimed {
        let known = existing.owners.get(owner).map_or(0, |it| it.reign);
        let reign = incoming.reigns.get(owner).copied().unwrap_or(0);
        let is_near = reign <= known.saturating_add(REIGN_AHEAD_MAX);
        let claim = if owner == existing.parent {
            above(known.max(reign))
        } else {
            let received = existing.received.get(owner).copied().unwrap_or(0);
            above_unheard(known.max(reign).max(received))
        };
        match claim.filter(|_| is_near && reign >= 0) {
            Some(claim) => claims.push((owner.to_owned(), claim)),
            None => conflicts.push(Conflict::Reign { owner: owner.to_owned(), reign, known }),
        }
    }
    if conflicts.is_empty() { Ok(claims) } else { Err(conflicts) }
}
