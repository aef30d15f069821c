//! What is here against an export file, or against a received revision.
//!
//! Objects are told by their identity, not by their name. Who is signed in is not compared: it
//! changes all day.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::configuration::Configuration;
use crate::model::{Kind, Object};

/// One thing on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// What it is.
    pub what: What,
    /// Its identity; settings have none.
    pub id: Option<Uuid>,
    /// Its name here, or there if it is not here.
    pub name: String,
    /// The pool that it belongs to here, or there if it is not here.
    pub owner: String,
    /// Its other name there, if it is on both sides.
    pub renamed_to: Option<String>,
    /// What was found.
    pub found: Found,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// An object of this kind.
    Object(Kind),
    /// An audio file.
    AudioFile,
    /// The application-level settings of an owner.
    Settings,
}

/// What a comparison found of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is none there.
    OnlyHere,
    /// There is none here.
    OnlyThere,
    /// The fields that differ, by their paths.
    Differs(Vec<String>),
    /// It is equal on both sides.
    Same,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(kind) => kind.fmt(f),
            Self::AudioFile => f.write_str("audio file"),
            Self::Settings => f.write_str("settings"),
        }
    }
}

/// Compares everything, by kind and then by name.
pub fn compare(here: &Configuration, there: &Configuration) -> Vec<Compared> {
    let (mut left, mut right) = (things(here), things(there));
    let mut compared = Vec::with_capacity(left.len().max(right.len()));
    let keys: Vec<_> = left.keys().chain(right.keys()).cloned().collect();
    for key in keys {
        let (here, there) = (left.remove(&key), right.remove(&key));
        compared.extend(of_two(&key, here, there));
    }
    compared.sort_by(|a, b| {
        let key = |it: &Compared| (it.what, it.name.clone(), it.owner.clone(), it.id);
        key(a).cmp(&key(b))
    });
    compared
}

/// What tells a thing from others on both sides: its identity, or for settings their owner.
type Key = (What, Option<Uuid>, String);

/// A thing on one side.
struct Thing {
    name: String,
    owner: String,
    value: Value,
}

fn of_two(key: &Key, here: Option<Thing>, there: Option<Thing>) -> Option<Compared> {
    let (found, renamed_to) = match (&here, &there) {
        (Some(here), Some(there)) => {
            let fields = differing_fields(&here.value, &there.value);
            let renamed_to = (here.name != there.name).then(|| there.name.clone());
            let same = fields.is_empty();
            (if same { Found::Same } else { Found::Differs(fields) }, renamed_to)
        }
        (Some(_), None) => (Found::OnlyHere, None),
        (None, _) => (Found::OnlyThere, None),
    };
    let Thing { name, owner, .. } = here.or(there)?;
    Some(Compared { what: key.0, id: key.1, name, owner, renamed_to, found })
}

fn things(whole: &Configuration) -> BTreeMap<Key, Thing> {
    let mut things = BTreeMap::new();
    for it in &whole.objects {
        let key = (What::Object(it.kind()), Some(it.id()), String::new());
        let (name, owner) = (it.name().to_owned(), it.owner().to_owned());
        let value = match it {
            Object::Workflow(it) => value(it),
            Object::Queue(it) => value(it),
            Object::AgentGroup(it) => value(it),
            Object::HoursOfBusiness(it) => value(it),
            Object::HolidaySet(it) => value(it),
        };
        things.insert(key, Thing { name, owner, value });
    }
    for it in &whole.audio {
        let key = (What::AudioFile, Some(it.id), String::new());
        let (name, owner) = (it.original_file_name.clone(), it.owner.clone());
        things.insert(key, Thing { name, owner, value: value(it) });
    }
    for (owner, it) in &whole.settings {
        let key = (What::Settings, None, owner.clone());
        let thing = Thing { name: String::new(), owner: owner.clone(), value: value(it) };
        things.insert(key, thing);
    }
    things
}

fn value(it: &impl Serialize) -> Value {
    serde_json::to_value(it).expect("everything in a configuration has text for keys")
}

/// The paths of the fields that differ, as deep as both sides have them.
fn differing_fields(here: &Value, there: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    let mut open = vec![(String::new(), Some(here), Some(there))];
    while let Some((path, here, there)) = open.pop() {
        match (here, there) {
            (here, there) if here == there => {}
            (Some(Value::Object(here)), Some(Value::Object(there))) => {
                let only_there = there.keys().filter(|it| !here.contains_key(*it));
                for name in here.keys().chain(only_there) {
                    let dot = if path.is_empty() { "" } else { "." };
                    open.push((format!("{path}{dot}{name}"), here.get(name), there.get(name)));
                }
            }
            (Some(Value::Array(here)), Some(Value::Array(there)))
                if here.len() == there.len() && here.iter().chain(there).all(Value::is_object) =>
            {
                for (index, (here, there)) in here.iter().zip(there).enumerate() {
                    open.push((format!("{path}[{index}]"), Some(here), Some(there)));
                }
            }
            _ => paths.push(path),
        }
    }
    paths.sort_unstable();
    paths
}
