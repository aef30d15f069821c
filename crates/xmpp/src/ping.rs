//! Ping (XEP-0199).

use crate::{Element, ns};

/// Is `iq` a ping?
pub fn is_ping(iq: &Element) -> bool {
    iq.attribute("type") == Some("get") && iq.has_child(ns::PING, "ping")
}

/// A ping of ours.
pub fn request(from: &str, to: &str, id: &str) -> Element {
    Element::new(ns::CLIENT, "iq")
        .with_attribute("type", "get")
        .with_attribute("from", from)
        .with_attribute("to", to)
        .with_attribute("id", id)
        .with_child(Element::new(ns::PING, "ping"))
}
