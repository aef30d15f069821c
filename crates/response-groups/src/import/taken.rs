//! What only one object may have in all pools that could be asked: a name of its kind, and a
//! workflow's SIP address, whatever their letters' case. A copy of the same object is no clash.

use std::collections::{HashMap, HashSet};
use std::fmt;

use uuid::Uuid;

use super::conflict::Conflict;
use super::plan::{Elsewhere, Existing, Named};
use crate::model::{Kind, Object, name_key, uri_key};

/// What an object at another pool has, and an object that is to be saved would have as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken<'a> {
    /// The name.
    Name(&'a Elsewhere),
    /// The SIP address.
    Uri(&'a Elsewhere),
}

/// What `object` may not have, because another pool hosts another object that has it.
pub fn taken<'a>(object: &Object, elsewhere: &'a [Elsewhere]) -> Option<Taken<'a>> {
    let own = Named::from(object);
    let (name, uri) = (name_key(&own.name), own.uri.as_deref().map(uri_key));
    let others = elsewhere.iter().filter(|it| it.object.kind == own.kind && it.object.id != own.id);
    others.into_iter().find_map(|it| {
        let its_uri = it.object.uri.as_deref().map(uri_key);
        if name_key(&it.object.name) == name {
            Some(Taken::Name(it))
        } else {
            (uri.is_some() && its_uri == uri).then_some(Taken::Uri(it))
        }
    })
}

/// Objects of one pool and of another that have one name, or one SIP address: they were made while
/// the pools could not see each other.
pub fn clashes<'a>(here: &'a [Named], there: &'a [Named]) -> Vec<(&'a Named, &'a Named)> {
    let mut taken: HashMap<(Kind, String), &Named> = HashMap::new();
    for it in there {
        taken.extend(claims(it).map(|key| ((it.kind, key), it)));
    }
    let clash = |it: &'a Named| {
        let others = claims(it).filter_map(|key| taken.get(&(it.kind, key)).copied());
        others.into_iter().find(|other| other.id != it.id).map(|other| (it, other))
    };
    here.iter().filter_map(clash).collect()
}

/// What no other object of its kind may have. No name has angle brackets, as addresses have here.
fn claims(it: &Named) -> impl Iterator<Item = String> {
    let uri = it.uri.as_deref().map(|uri| format!("<{}>", uri_key(uri)));
    std::iter::once(name_key(&it.name)).chain(uri)
}

impl fmt::Display for Taken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(Elsewhere { object, pool }) => write!(
                f,
                "there is another {} of the name {:?} at {pool}; choose another name",
                object.kind, object.name
            ),
            Self::Uri(Elsewhere { object, pool }) => write!(
                f,
                "the {} {:?} at {pool} has the address {}, too; give another PrimaryUri",
                object.kind,
                object.name,
                object.uri.as_deref().unwrap_or_default()
            ),
        }
    }
}

/// The newcomers whose SIP addresses are taken, there or elsewhere or among themselves.
pub(super) fn uri_conflicts(existing: &Existing, incoming: &[Object]) -> Vec<Conflict> {
    let coming: HashSet<Uuid> = incoming.iter().map(Object::id).collect();
    let here = existing.objects.iter().filter(|it| !coming.contains(&it.id));
    let here = here.map(|it| (it.clone(), existing.parent.as_str()));
    let elsewhere = existing.elsewhere.iter().map(|it| (it.object.clone(), it.pool.as_str()));
    let mut taken: HashMap<String, Vec<(Named, &str)>> = HashMap::new();
    for (holder, pool) in here.chain(elsewhere) {
        if let Some(uri) = holder.uri.as_deref().map(uri_key) {
            taken.entry(uri).or_default().push((holder, pool));
        }
    }
    let mut conflicts = Vec::new();
    for newcomer in incoming.iter().map(Named::from) {
        let Some(uri) = newcomer.uri.clone() else { continue };
        let holders = taken.entry(uri_key(&uri)).or_default();
        if let Some((holder, pool)) = holders.iter().find(|(it, _)| it.id != newcomer.id) {
            let (id, name) = (newcomer.id, newcomer.name.clone());
            let (holder, pool) = (holder.clone(), (*pool).to_owned());
            conflicts.push(Conflict::Uri { id, name, uri, holder, pool });
        }
        holders.push((newcomer, &existing.parent));
    }
    conflicts
}
