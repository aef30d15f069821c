//! Stream limits, told to the client (XEP-0478).

use crate::{Element, ns};

/// The feature: the largest stanza, and after how many silent seconds a stream may be closed.
pub fn feature(stanza_bytes: usize, idle_seconds: Option<u64>) -> Element {
    let mut limits = Element::new(ns::STREAM_LIMITS, "limits").with_child(
        Element::new(ns::STREAM_LIMITS, "max-bytes").with_text(stanza_bytes.to_string()),
    );
    if let Some(seconds) = idle_seconds {
        limits.push(Element::new(ns::STREAM_LIMITS, "idle-seconds").with_text(seconds.to_string()));
    }
    limits
}
