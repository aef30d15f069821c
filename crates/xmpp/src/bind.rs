//! Resource binding (RFC 6120 section 7).

use crate::{Element, FullJid, ns};

/// The feature.
pub fn feature() -> Element {
    Element::new(ns::BIND, "bind")
}

/// Reads a request to bind: the resource that the client would like, if it names one. None, if
/// `iq` is something else.
pub fn request(iq: &Element) -> Option<Option<String>> {
    if iq.attribute("type") != Some("set") {
        return None;
    }
    let bind = iq.child(ns::BIND, "bind")?;
    Some(bind.child_text(ns::BIND, "resource").filter(|resource| !resource.is_empty()))
}

/// The payload that tells the client its address.
pub fn bound(address: &FullJid) -> Element {
    Element::new(ns::BIND, "bind")
        .with_child(Element::new(ns::BIND, "jid").with_text(address.to_string()))
}
