//! What is known of a room while a client of ours is in it.

use crate::names::Term;
use crate::outbox::Shared;
use crate::render;
use std::time::SystemTime;
use uuid::Uuid;
use xmpp::BareJid;

/// What a room's occupants here have been shown.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) id: Uuid,
    /// The term in which `shown` counts.
    pub(crate) term: Term,
    /// The position of the last post that was shown.
    pub(crate) shown: i64,
    pub(crate) subject: Subject,
}

impl Open {
    /// Whether `shown` counts in `term`, too: within one reign nothing proven is lost, and so no
    /// post takes another position.
    pub(crate) fn counts_in(&self, term: Term) -> bool {
        self.term.0 == term.0 && self.term <= term
    }
}

/// A room's subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) text: Option<String>,
    pub(crate) nick: Option<String>,
    pub(crate) at: Option<SystemTime>,
}

/// An open room, as the reader wants to know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched {
    pub(crate) id: Uuid,
    pub(crate) term: Term,
}

/// Where a room stands in a newer term.
#[derive(Debug)]
pub(crate) struct Rebased {
    /// The position of its last post.
    pub(crate) top: i64,
    /// The last position before a later reign, if there is one.
    pub(crate) fork: Option<i64>,
    pub(crate) subject: Subject,
}

impl Subject {
    pub(crate) fn render(&self, room: &BareJid) -> Shared {
        render::subject(room, self.text.as_deref(), self.nick.as_deref(), self.at)
    }
}
