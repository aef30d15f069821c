//! Hours of business that are private: one workflow at most uses them at the destination.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::conflict::Conflict;
use super::plan::{Existing, Named};
use crate::model::{Kind, Object};

/// The private hours that several workflows would use. `write` comes in with its final owners,
/// `remove` goes.
pub(super) fn conflicts(existing: &Existing, write: &[Object], remove: &[Named]) -> Vec<Conflict> {
    let conflict = |(id, workflows): (Uuid, BTreeSet<Named>)| {
        let coming = write.iter().find(|it| it.kind() == Kind::HoursOfBusiness && it.id() == id);
        let is_private = match coming {
            Some(Object::HoursOfBusiness(it)) => it.custom,
            _ => existing.private.contains(&id),
        };
        if !is_private || workflows.len() < 2 {
            return None;
        }
        let here =
            || existing.objects.iter().find(|it| (it.kind, it.id) == (Kind::HoursOfBusiness, id));
        let hours = coming.map(Named::from).or_else(|| here().cloned())?;
        Some(Conflict::PrivateHours { hours, workflows: workflows.into_iter().collect() })
    };
    users(existing, write, remove).into_iter().filter_map(conflict).collect()
}

/// Which workflows use which hours, once it is done.
fn users(
    existing: &Existing,
    write: &[Object],
    remove: &[Named],
) -> BTreeMap<Uuid, BTreeSet<Named>> {
    let key = |it: &Named| (it.kind, it.id);
    let coming = write.iter().map(|it| (it.kind(), it.id()));
    let replaced: HashSet<(Kind, Uuid)> = coming.chain(remove.iter().map(key)).collect();
    let here: HashMap<(Kind, Uuid), &Named> =
        existing.objects.iter().map(|it| (key(it), it)).collect();
    let staying = existing.references.iter().filter(|it| !replaced.contains(&it.from));
    let staying = staying.filter_map(|it| Some((it.to, (*here.get(&it.from)?).clone())));
    let coming = write.iter().flat_map(|object| {
        let user = Named::from(object);
        object.references().into_iter().map(move |to| (to, user.clone()))
    });
    let mut users: BTreeMap<Uuid, BTreeSet<Named>> = BTreeMap::new();
    for ((kind, id), user) in coming.chain(staying) {
        if kind == Kind::HoursOfBusiness {
            users.entry(id).or_default().insert(user);
        }
    }
    users
}
