//! What is said in passing: shown to whoever is in the room, and kept nowhere.
//!
//! That somebody is typing is no post: in the archive it would push people's words out of every
//! page and out of the history on joining (XEP-0313 section 5.1.2, XEP-0085 section 5.3). Words are
//! always kept, whatever a client asks for: the record is the organisation's.

use std::time::{Duration, Instant};
use xmpp::{Element, muc, ns};

/// In which the limit of what one client says in passing counts.
const SPAN: Duration = Duration::from_secs(1);

/// Is there nothing in it that a room keeps? True, if it has neither words nor a subject and either
/// asks not to be stored (XEP-0334), or contains nothing but states of typing and reading.
pub(crate) fn is_passing(message: &Element) -> bool {
    let is_said = message.has_child(ns::CLIENT, "body") || muc::is_subject(message);
    if is_said || message.has_child(ns::HINTS, "store") {
        return false;
    }
    let unstored = ["no-store", "no-permanent-store"];
    let states = [ns::CHAT_STATES, ns::CHAT_MARKERS, ns::HINTS, ns::STANZA_ID];
    unstored.iter().any(|hint| message.has_child(ns::HINTS, hint))
        || message
            .children()
            .all(|child| states.contains(&child.namespace()) || child.is(ns::CLIENT, "thread"))
}

/// How much a client said in passing of late.
#[derive(Debug)]
pub(crate) struct Pace {
    since: Instant,
    said: u32,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), said: 0 }
    }

    /// May it say one more now?
    pub(crate) fn allows(&mut self, most: u32) -> bool {
        if SPAN <= self.since.elapsed() {
            *self = Self::new();
        }
        self.said = self.said.saturating_add(1);
        self.said <= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(inside: &str) -> bool {
        let text = format!("<message xmlns='jabber:client' type='groupchat'>{inside}</message>");
        is_passing(&text.parse().unwrap())
    }

    #[test]
    fn words_subjects_and_what_is_unknown_are_kept() {
        assert!(!is("<body>x</body>"));
        assert!(!is("<body>x</body><no-store xmlns='urn:xmpp:hints'/>"), "the record is not his");
        assert!(!is("<subject>x</subject>") && !is("<subject/>"));
        assert!(!is("<reactions xmlns='urn:xmpp:reactions:0' id='1'/>"));
        assert!(!is("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>\
                     <store xmlns='urn:xmpp:hints'/>"));
    }

    #[test]
    fn states_of_typing_and_reading_pass() {
        assert!(is("<composing xmlns='http://jabber.org/protocol/chatstates'/>"));
        assert!(is("<paused xmlns='http://jabber.org/protocol/chatstates'/><thread>t</thread>\
                    <origin-id xmlns='urn:xmpp:sid:0' id='o'/>"));
        assert!(is("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>"));
        assert!(is("<x xmlns='urn:other'/><no-store xmlns='urn:xmpp:hints'/>"));
        assert!(is(""));
    }
}
