//! References: what an object names has its owner, so that an export of one owner is whole. That is
//! so at the destination, and stays so.

use std::collections::HashMap;

use uuid::Uuid;

use super::conflict::{Conflict, Staying};
use super::plan::{Existing, Named};
use crate::model::{Kind, Object};

/// The references that an import would tear apart, or that lead nowhere. `write` comes in with its
/// final owners, `remove` goes.
pub(super) fn conflicts(existing: &Existing, write: &[Object], remove: &[Named]) -> Vec<Conflict> {
    let coming: HashMap<(Kind, Uuid), &Object> =
        write.iter().map(|it| ((it.kind(), it.id()), it)).collect();
    let here: HashMap<(Kind, Uuid), &Named> =
        existing.objects.iter().map(|it| ((it.kind, it.id), it)).collect();
    let mut conflicts = Vec::new();
    for object in write {
        for to in object.references() {
            let (named, staying) = match (coming.get(&to), here.get(&to)) {
                (Some(it), _) => (Named::from(*it), Staying::Neither),
                (None, Some(it)) => ((*it).clone(), Staying::To),
                (None, None) => {
                    let (kind, id) = to;
                    conflicts.push(Conflict::Unknown { from: object.into(), kind, id });
                    continue;
                }
            };
            if named.owner != object.owner() {
                conflicts.push(Conflict::Reference { from: object.into(), to: named, staying });
            }
        }
    }
    let going = |it: &Named| remove.iter().any(|gone| (gone.kind, gone.id) == (it.kind, it.id));
    for it in &existing.references {
        let (Some(from), Some(to)) = (here.get(&it.from), coming.get(&it.to)) else { continue };
        let stays = !coming.contains_key(&it.from) && from.owner != to.owner();
        if stays && !going(from) {
            let (from, to) = ((*from).clone(), Named::from(*to));
            conflicts.push(Conflict::Reference { from, to, staying: Staying::From });
        }
    }
    conflicts
}
