//! Names: unique per kind in the hosting pool and among all pools that could be asked, whatever
//! their letters' case. A copy of the same object is no clash.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::conflict::Conflict;
use super::plan::{Existing, Named, Renamed};
use crate::checks::NAME_MAX;
use crate::model::{Kind, Object, name_key};

/// The highest number that is tried behind a name.
const NUMBER_MAX: u32 = 10_000;

/// A name as it is compared.
type Key = (Kind, String);

/// Who has a name, and the pool that hosts it.
type Holder<'a> = (Named, &'a str);

/// Who has which name.
#[derive(Debug)]
pub(super) struct Names<'a> {
    taken: HashMap<Key, Vec<Holder<'a>>>,
    /// The names that the destination has for objects of which newer copies come.
    present: HashMap<Uuid, &'a str>,
    parent: &'a str,
}

impl<'a> Names<'a> {
    /// The names at the destination and elsewhere, but for those that are about to be replaced.
    pub(super) fn new(existing: &'a Existing, incoming: &[Object]) -> Self {
        let coming: HashSet<_> = incoming.iter().map(Object::id).collect();
        let parent = &existing.parent;
        let mut names = Self { taken: HashMap::new(), present: HashMap::new(), parent };
        for it in &existing.objects {
            if coming.contains(&it.id) {
                names.present.insert(it.id, &it.name);
            } else {
                names.take(it.clone(), &existing.parent);
            }
        }
        for it in &existing.elsewhere {
            names.take(it.object.clone(), &it.pool);
        }
        names
    }

    /// The newcomers whose names are taken.
    pub(super) fn conflicts(mut self, incoming: &[Object]) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        for object in incoming {
            if let Some((holder, pool)) = self.holder(object.kind(), object.id(), object.name()) {
                conflicts.push(Conflict::Name {
                    kind: object.kind(),
                    id: object.id(),
                    name: object.name().to_owned(),
                    holder: holder.clone(),
                    pool: (*pool).to_owned(),
                });
            }
            self.take_for(object);
        }
        conflicts
    }

    /// Gives other names to the newcomers whose names are taken. What cannot be given one stays a
    /// conflict.
    pub(super) fn resolve(
        mut self,
        incoming: &mut [Object],
    ) -> Result<Vec<Renamed>, Vec<Conflict>> {
        let mut clashing = Vec::new();
        for (index, object) in incoming.iter().enumerate() {
            if self.holder(object.kind(), object.id(), object.name()).is_some() {
                clashing.push(index);
            } else {
                self.take_for(object);
            }
        }
        let mut renamed = Vec::new();
        for index in clashing {
            let object = &mut incoming[index];
            let (kind, id, old) = (object.kind(), object.id(), object.name().to_owned());
            let Some(new) = self.free(kind, id, &old) else {
                return Err(self.conflicts(std::slice::from_ref(object)));
            };
            object.owner_and_name().1.clone_from(&new);
            self.take_for(object);
            renamed.push(Renamed { kind, id, old, new });
        }
        Ok(renamed)
    }

    /// A name that nobody has: the one that an earlier import gave, if it still fits, else the one
    /// with the smallest number.
    fn free(&self, kind: Kind, id: Uuid, old: &str) -> Option<String> {
        let before = self.present.get(&id).copied().filter(|it| is_numbered(it, old));
        let before = before.map(str::to_owned).into_iter();
        before
            .chain((2..=NUMBER_MAX).map(|number| numbered(old, number, NAME_MAX)))
            .find(|it| self.holder(kind, id, it).is_none())
    }

    /// Who else has a name.
    fn holder(&self, kind: Kind, id: Uuid, name: &str) -> Option<&Holder<'a>> {
        self.taken.get(&key(kind, name))?.iter().find(|(it, _)| it.id != id)
    }

    fn take_for(&mut self, object: &Object) {
        self.take(object.into(), self.parent);
    }

    fn take(&mut self, named: Named, pool: &'a str) {
        self.taken.entry(key(named.kind, &named.name)).or_default().push((named, pool));
    }
}

fn key(kind: Kind, name: &str) -> Key {
    (kind, name_key(name))
}

/// `Name (2)`; a long name loses its end.
fn numbered(name: &str, number: u32, chars_max: usize) -> String {
    let number = format!(" ({number})");
    let kept: String = name.chars().take(chars_max.saturating_sub(number.len())).collect();
    format!("{}{number}", kept.trim_end())
}

/// Whether a name is another one with a number behind it.
pub(crate) fn is_numbered(name: &str, old: &str) -> bool {
    let number = name.strip_prefix(old).and_then(|it| it.strip_prefix(" ("));
    let number = number.and_then(|it| it.strip_suffix(')'));
    number.is_some_and(|it| it.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_makes_room_for_its_number() {
        assert_eq!(numbered("Support", 2, 128), "Support (2)");
        assert_eq!(numbered("Support", 12, 10), "Suppo (12)");
        assert_eq!(numbered("Süd und Öst", 2, 8), "Süd (2)");
    }

    #[test]
    fn a_name_with_a_number_is_recognised() {
        assert!(is_numbered("Support (2)", "Support"));
        assert!(is_numbered("Support (2) (3)", "Support (2)"));
        for other in ["Support", "Support (two)", "Support(2)", "Supporter (2)"] {
            assert!(!is_numbered(other, "Support"), "{other}");
        }
    }
}
