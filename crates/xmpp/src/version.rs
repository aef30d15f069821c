//! Software version (XEP-0092).

use crate::{Element, ns};

/// Does `iq` ask for the version?
pub fn is_request(iq: &Element) -> bool {
    iq.attribute("type") == Some("get") && iq.has_child(ns::VERSION, "query")
}

/// The answer's payload. The operating system is nobody's business.
pub fn payload(name: &str, version: &str) -> Element {
    Element::new(ns::VERSION, "query")
        .with_child(Element::new(ns::VERSION, "name").with_text(name))
        .with_child(Element::new(ns::VERSION, "version").with_text(version))
}
