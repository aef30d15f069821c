//! Somebody in a room, at this server or at another.
//!
//! An occupant is one full address. Several of one account may share a nick (XEP-0045 section
//! 7.2.8 leaves that to us): so a client that lost its connection can come back at once while its
//! old stream is still thought alive, and a phone can be there beside a desktop.

use super::presence::presence;
use crate::outbox::{Frame, Outbox, Recipient, Shared};
use crate::passing::Pace;
use uuid::Uuid;
use xmpp::{Element, FullJid};

/// Somebody in a room.
#[derive(Debug)]
pub(super) struct Occupant {
    /// Its address in the room; the resource is its nick.
    pub(super) address: FullJid,
    /// What of its presence is passed on.
    pub(super) payloads: Vec<Element>,
    /// Its presence as the others see it.
    pub(super) presence: Shared,
    pub(super) place: Place,
}

/// Where an occupant's stream is.
#[derive(Debug)]
pub(super) enum Place {
    /// At this server.
    Here(Here),
    /// At that server; with the same id of its stay as there.
    There { server: String, stay: Uuid },
}

/// An occupant whose stream is at this server.
#[derive(Debug)]
pub(super) struct Here {
    pub(super) outbox: Outbox,
    pub(super) recipient: Recipient,
    pub(super) stage: Stage,
    /// Tells this stay from others; made later means greater, for it begins with the time.
    pub(super) stay: Uuid,
    /// Do the others know of it?
    pub(super) announced: bool,
    /// How much it says in passing.
    pub(super) pace: Pace,
}

/// How far in it is.
#[derive(Debug)]
pub(super) enum Stage {
    /// Its history is being read: up to `bound`, once that is decided. Later posts are held back.
    Entering { bound: Option<i64>, held: Vec<Frame> },
    /// It is shown all posts after `since`.
    Present { since: i64 },
}

impl Occupant {
    pub(super) fn new(
        who: &FullJid,
        address: FullJid,
        payloads: Vec<Element>,
        place: Place,
    ) -> Self {
        let presence = presence(&address, who, &payloads, &[]);
        Self { address, payloads, presence, place }
    }

    pub(super) fn nick(&self) -> &str {
        self.address.resource().as_str()
    }

    pub(super) fn stay(&self) -> Uuid {
        match &self.place {
            Place::Here(here) => here.stay,
            Place::There { stay, .. } => *stay,
        }
    }

    /// Do the others know of it?
    pub(super) fn is_announced(&self) -> bool {
        match &self.place {
            Place::Here(here) => here.announced,
            Place::There { .. } => true,
        }
    }

    /// Takes over a presence.
    pub(super) fn wear(&mut self, who: &FullJid, payloads: Vec<Element>) {
        self.presence = presence(&self.address, who, &payloads, &[]);
        self.payloads = payloads;
    }
}
