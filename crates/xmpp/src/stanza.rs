//! What all three kinds of stanza share (RFC 6120 section 8): kind, answers, results.

use crate::{Element, ns};

/// The three kinds of stanza.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request or its answer.
    Iq,
    /// A message.
    Message,
    /// Presence.
    Presence,
}

impl Kind {
    /// Which kind a first-level element is; none, if it is not a stanza.
    pub fn of(element: &Element) -> Option<Self> {
        if element.namespace() != ns::CLIENT {
            return None;
        }
        match element.name() {
            "iq" => Some(Self::Iq),
            "message" => Some(Self::Message),
            "presence" => Some(Self::Presence),
            _ => None,
        }
    }
}

/// An answer to `stanza`: same kind and id, addresses exchanged, no content.
pub fn answer(stanza: &Element, kind: &'static str) -> Element {
    Element::new(ns::CLIENT, stanza.name().to_owned())
        .with_attribute("type", kind)
        .with_attribute_if("id", stanza.attribute("id"))
        .with_attribute_if("from", stanza.attribute("to"))
        .with_attribute_if("to", stanza.attribute("from"))
}

/// The result of an iq request.
pub fn result(request: &Element, payload: Option<Element>) -> Element {
    answer(request, "result").with_children(payload)
}
