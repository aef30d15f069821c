//! JSON as people and other programs read it: no type tags, objects in their own order.

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use crate::value::Value;

/// A value that serialises as plain JSON; what lies deeper than `depth` becomes text.
struct Plain<'v> {
    value: &'v Value,
    depth: usize,
}

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = |value| Plain { value, depth: self.depth.saturating_sub(1) };
        match self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(it) => serializer.serialize_bool(*it),
            Value::Int(it) => serializer.serialize_i64(*it),
            Value::Float(it) => serializer.serialize_f64(*it),
            Value::Text(_) | Value::Time(_) | Value::Span(_) | Value::Bytes(_) => {
                serializer.collect_str(self.value)
            }
            Value::List(_) | Value::Object(_) if self.depth == 0 => {
                serializer.collect_str(self.value)
            }
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&inner(item))?;
                }
                list.end()
            }
            Value::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.properties.len()))?;
                for (name, value) in &object.properties {
                    map.serialize_entry(name, &inner(value))?;
                }
                map.end()
            }
        }
    }
}

/// Whether JSON is written for people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Indented.
    Readable,
    /// In one line.
    Compact,
}

/// `value` as JSON; what lies deeper than `depth` is written as text.
pub fn write(value: &Value, depth: usize, layout: Layout) -> String {
    let plain = Plain { value, depth };
    let written = match layout {
        Layout::Readable => serde_json::to_string_pretty(&plain),
        Layout::Compact => serde_json::to_string(&plain),
    };
    written.expect("plain values have nothing that JSON cannot hold")
}
