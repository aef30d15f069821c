//! Delayed delivery (XEP-0203).

use crate::{Element, ns};

/// When a stanza was first sent, in the format of XEP-0082, as told by `from`.
pub fn element(from: &str, stamp: &str) -> Element {
    Element::new(ns::DELAY, "delay").with_attribute("from", from).with_attribute("stamp", stamp)
}

/// The stamp that `from` put there.
pub fn stamp<'a>(stanza: &'a Element, from: &str) -> Option<&'a str> {
    let ours =
        |child: &&Element| child.is(ns::DELAY, "delay") && child.attribute("from") == Some(from);
    stanza.children().find(ours)?.attribute("stamp")
}

/// Takes away what a client claims in the name of `from`, or in nobody's.
pub fn strip(stanza: &mut Element, from: &str) {
    stanza.retain_children(|child| {
        !child.is(ns::DELAY, "delay") || child.attribute("from").is_some_and(|f| f != from)
    });
}
