//! Stanza ids and origin ids (XEP-0359), occupant ids (XEP-0421).

use crate::{Element, ns};

/// The longest origin id that we take; a longer one is none.
pub const ORIGIN_ID_BYTES: usize = 256;

/// The id that `by` gave a stanza: in a room, the post's archive id.
pub fn element(by: &str, id: &str) -> Element {
    Element::new(ns::STANZA_ID, "stanza-id").with_attribute("by", by).with_attribute("id", id)
}

/// The id that `by` gave.
pub fn stanza_id<'a>(stanza: &'a Element, by: &str) -> Option<&'a str> {
    let given = |child: &&Element| {
        child.is(ns::STANZA_ID, "stanza-id") && child.attribute("by") == Some(by)
    };
    stanza.children().find(given)?.attribute("id")
}

/// The id that the sender gave, if there is one of sensible length.
pub fn origin_id(stanza: &Element) -> Option<&str> {
    let id = stanza.child(ns::STANZA_ID, "origin-id")?.attribute("id")?;
    (!id.is_empty() && id.len() <= ORIGIN_ID_BYTES).then_some(id)
}

/// An origin id.
pub fn origin(id: &str) -> Element {
    Element::new(ns::STANZA_ID, "origin-id").with_attribute("id", id)
}

/// An occupant's id in a room.
pub fn occupant_id(id: &str) -> Element {
    Element::new(ns::OCCUPANT_ID, "occupant-id").with_attribute("id", id)
}

/// Takes away what a client claims in the name of `by`: stanza ids, and any occupant id.
pub fn strip(stanza: &mut Element, by: &str) {
    stanza.retain_children(|child| {
        let forged =
            child.is(ns::STANZA_ID, "stanza-id") && child.attribute("by").is_none_or(|b| b == by);
        !forged && !child.is(ns::OCCUPANT_ID, "occupant-id")
    });
}
