//! Stream management (XEP-0198), without resumption: who has handled how many stanzas.

use crate::stream_error::{StreamCondition, StreamError};
use crate::{Element, ns};

/// What a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Turn acknowledgements on.
    Enable,
    /// Go on with a former stream: we cannot.
    Resume,
    /// How many have you handled?
    Ask,
    /// I have handled so many, modulo 2^32.
    Acknowledge(u32),
    /// Something of this namespace that is wrong.
    Malformed,
}

impl Request {
    /// Reads a first-level element; none, if it has nothing to do with stream management.
    pub fn parse(element: &Element) -> Option<Self> {
        if element.namespace() != ns::SM {
            return None;
        }
        Some(match element.name() {
            "enable" => Self::Enable,
            "resume" => Self::Resume,
            "r" => Self::Ask,
            "a" => match element.attribute("h").and_then(|h| h.parse().ok()) {
                Some(handled) => Self::Acknowledge(handled),
                None => Self::Malformed,
            },
            _ => Self::Malformed,
        })
    }
}

/// The feature.
pub fn feature() -> Element {
    Element::new(ns::SM, "sm")
}

/// Turned on, without resumption.
pub fn enabled() -> Element {
    Element::new(ns::SM, "enabled")
}

/// Refused, with the condition of a stanza error.
pub fn failed(condition: &'static str) -> Element {
    Element::new(ns::SM, "failed").with_child(Element::new(ns::STANZA_ERRORS, condition))
}

/// How many have you handled?
pub fn ask() -> Element {
    Element::new(ns::SM, "r")
}

/// We have handled so many.
pub fn acknowledge(handled: u32) -> Element {
    Element::new(ns::SM, "a").with_attribute("h", handled.to_string())
}

/// The client has handled more stanzas than were sent (section 4, example 9).
pub fn count_too_high(handled: u32, sent: u32) -> StreamError {
    let particular = Element::new(ns::SM, "handled-count-too-high")
        .with_attribute("h", handled.to_string())
        .with_attribute("send-count", sent.to_string());
    let text = format!("you have handled {handled} stanzas of the {sent} that were sent to you");
    StreamError::new(StreamCondition::UndefinedCondition, text).with_particular(particular)
}
