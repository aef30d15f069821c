//! Objects that stand in two pools, and belong to another one in each: both can be changed.

use std::collections::{BTreeMap, HashMap};

use admin::deployment::Mode;
use admin::deployment::response_groups::Import;
use response_groups::configuration::Configuration;
use response_groups::import::Elsewhere;
use response_groups::model::Object;
use uuid::Uuid;

/// What would stand twice once an import is done, in a sentence for each pool that answers and
/// hosts the same objects for another owner.
pub(super) fn standing(
    order: &Import,
    coming: &Configuration,
    elsewhere: &[Elsewhere],
) -> Vec<String> {
    let here = &order.destination;
    let owner = |it: &Object| if order.overwrite_owner { here.clone() } else { it.owner().into() };
    let owners: HashMap<Uuid, String> =
        coming.objects.iter().map(|it| (it.id(), owner(it))).collect();
    let mut twice: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for Elsewhere { object, pool } in elsewhere {
        if owners.get(&object.id).is_some_and(|it| *it != object.owner) {
            *twice.entry((pool, &object.owner)).or_default() += 1;
        }
    }
    let stand = match order.mode {
        Mode::Act => "stand twice now",
        Mode::WhatIf => "would stand twice",
    };
    let all = owners.len();
    let told = twice.into_iter().map(|((pool, owner), count)| {
        format!(
            "{count} of these {all} objects {stand}: they belong to {owner} at {pool}, and what \
             is changed in one copy is not in the other. {}",
            take_out(pool, owner)
        )
    });
    told.collect()
}

/// How to take all of an owner's out at a pool.
fn take_out(pool: &str, owner: &str) -> String {
    let of = if pool == owner { String::new() } else { format!(" -Owner {owner}") };
    format!(
        "To take out all that belongs to {owner} at {pool}: Export-CsRgsConfiguration {pool}{of} \
         -FileName FILE -RemoveExportedConfiguration."
    )
}
