//! The entries of JSON: a configuration taken apart and put together.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::error::Refused;
use super::layout::Part;
use crate::configuration::Configuration;
use crate::model::{Kind, Object};

/// One entry of JSON, pretty, with a line's end at its end.
pub(super) fn json(part: Part, whole: &Configuration) -> Vec<u8> {
    let mut json = match part {
        Part::Objects(kind) => {
            let objects: Vec<Bare<'_>> =
                whole.objects.iter().filter(|it| it.kind() == kind).map(Bare).collect();
            serde_json::to_vec_pretty(&objects)
        }
        Part::AudioFiles => serde_json::to_vec_pretty(&whole.audio),
        Part::Settings => serde_json::to_vec_pretty(&whole.settings),
        Part::SignIns => serde_json::to_vec_pretty(&whole.sign_ins),
    }
    .expect("a configuration has text for keys, and a vector takes what is written");
    json.push(b'\n');
    json
}

/// Puts what one entry holds into the configuration.
pub(super) fn take(part: Part, json: &[u8], whole: &mut Configuration) -> Result<(), Refused> {
    match part {
        Part::Objects(kind) => whole.objects.extend(objects(part, kind, json)?),
        Part::AudioFiles => whole.audio = list(part, json)?,
        Part::SignIns => whole.sign_ins = list(part, json)?,
        Part::Settings => {
            let text = std::str::from_utf8(json).map_err(|it| refused(part, &it))?;
            let said: Value = serde_json::from_str(text).map_err(|it| refused(part, &it))?;
            whole.settings = understood(&said).map_err(|it| refused(part, &it))?;
        }
    }
    Ok(())
}

fn objects(part: Part, kind: Kind, json: &[u8]) -> Result<Vec<Object>, Refused> {
    Ok(match kind {
        Kind::Workflow => list(part, json)?.into_iter().map(Object::Workflow).collect(),
        Kind::Queue => list(part, json)?.into_iter().map(Object::Queue).collect(),
        Kind::AgentGroup => list(part, json)?.into_iter().map(Object::AgentGroup).collect(),
        Kind::HoursOfBusiness => {
            list(part, json)?.into_iter().map(Object::HoursOfBusiness).collect()
        }
        Kind::HolidaySet => list(part, json)?.into_iter().map(Object::HolidaySet).collect(),
    })
}

fn list<T: DeserializeOwned + Serialize>(part: Part, json: &[u8]) -> Result<Vec<T>, Refused> {
    let text = std::str::from_utf8(json).map_err(|it| refused(part, &it))?;
    let Understood(list) = serde_json::from_str(text).map_err(|it| refused(part, &it))?;
    Ok(list)
}

fn refused(part: Part, problem: &impl ToString) -> Refused {
    Refused::content(part.entry(), problem)
}

/// An object without the name of its kind around it.
struct Bare<'a>(&'a Object);

impl Serialize for Bare<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Object::Workflow(it) => it.serialize(serializer),
            Object::Queue(it) => it.serialize(serializer),
            Object::AgentGroup(it) => it.serialize(serializer),
            Object::HoursOfBusiness(it) => it.serialize(serializer),
            Object::HolidaySet(it) => it.serialize(serializer),
        }
    }
}

/// A list of which every field was understood. A misspelt field would else be taken for one that
/// is not there, and its default for what somebody meant. One by one, so that no second copy of
/// the whole file is in memory.
struct Understood<T>(Vec<T>);

impl<'de, T: DeserializeOwned + Serialize> Deserialize<'de> for Understood<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned + Serialize> Visitor<'de> for List<T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(said) = list.next_element::<Value>()? {
                    all.push(understood(&said).map_err(A::Error::custom)?);
                }
                Ok(all)
            }
        }

        deserializer.deserialize_seq(List(PhantomData)).map(Understood)
    }
}

fn understood<T: DeserializeOwned + Serialize>(said: &Value) -> Result<T, String> {
    let it = T::deserialize(said).map_err(|it| it.to_string())?;
    let meant = serde_json::to_value(&it).map_err(|it| it.to_string())?;
    match not_understood(said, &meant) {
        Some(path) => Err(format!("the field `{path}` is not known")),
        None => Ok(it),
    }
}

/// The first field that was said and has no counterpart in what was understood. What is empty
/// means nothing.
fn not_understood(said: &Value, meant: &Value) -> Option<String> {
    match (said, meant) {
        (Value::Object(said), Value::Object(meant)) => said.iter().find_map(|(name, said)| {
            let below = match meant.get(name) {
                Some(meant) => not_understood(said, meant)?,
                None if is_empty(said) => return None,
                None => String::new(),
            };
            Some(if below.is_empty() { name.clone() } else { format!("{name}.{below}") })
        }),
        (Value::Array(said), Value::Array(meant)) => {
            said.iter().zip(meant).find_map(|(said, meant)| not_understood(said, meant))
        }
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}
