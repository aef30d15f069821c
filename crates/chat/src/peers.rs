//! The pool's other servers, as this one sees them: what they tell each other.
//!
//! Nothing here is durable and nothing of it may be. A lost bell costs one poll interval; a lost
//! change of occupants is noticed by its number, at the latest when servers compare notes, and the
//! whole state is asked for.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::pin::Pin;
use uuid::Uuid;

/// The way to the other servers. `server` implements it over the control port.
pub trait Peers: fmt::Debug + Send + Sync + 'static {
    /// This server's name.
    fn me(&self) -> &str;

    /// The servers that live, this one included, as their leases say.
    fn live(&self) -> Vec<String>;

    /// Sends `message` to one server, or drops it. Never blocks, and never calls back.
    fn tell(&self, server: &str, message: PeerMessage);

    /// Asks one server. The implementation has a deadline of its own.
    fn ask(
        &self,
        server: &str,
        question: PeerQuestion,
    ) -> Pin<Box<dyn Future<Output = Result<PeerAnswer, PeerLost>> + Send + '_>>;
}

/// A server that did not answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("server {server} did not answer: {why}")]
pub struct PeerLost {
    /// The server.
    pub server: String,
    /// What was noticed.
    pub why: String,
}

/// What servers tell each other without waiting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerMessage {
    /// New posts stand: each room's id, and the position up to which it was proven.
    Bell {
        /// The term in which they were committed.
        term: (i64, i64),
        /// Room and position.
        rooms: Vec<(Uuid, i64)>,
    },
    /// An occupant of the sender said something that is not kept.
    Passing {
        /// The room's name.
        room: String,
        /// As it is delivered, but for the recipient's address.
        stanza: String,
    },
    /// Something changed among the sender's occupants.
    Occupants {
        /// What the sender calls this life of its.
        incarnation: Uuid,
        /// Counts the changes, without gaps.
        sequence: u64,
        /// The change.
        change: Change,
    },
    /// The sender lives, and so many changes have been told. Sent once per poll interval.
    Here {
        /// What the sender calls this life of its.
        incarnation: Uuid,
        /// The number of its last change.
        sequence: u64,
    },
    /// A client was bound at the sender. Whoever has an older stream with that address ends it.
    Bound {
        /// The full address.
        address: String,
        /// Of two streams the one with the higher number is the newer.
        number: u64,
    },
    /// Somebody who got a nick does not need it.
    ReleaseNick {
        /// The room's name.
        room: String,
        /// The nick.
        nick: String,
        /// The bare address it was kept for.
        bare: String,
    },
}

/// A change among one server's occupants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// This is how this occupant looks now; perhaps it is new.
    Present(Seen),
    /// It left.
    Left {
        /// The room's name.
        room: String,
        /// The full address.
        who: String,
        /// What it says to that.
        status: Option<String>,
    },
}

/// One occupant, as its server sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The room's name.
    pub room: String,
    /// The full address.
    pub who: String,
    /// The nick.
    pub nick: String,
    /// Tells its stay in the room from others; a later one is greater (UUID version 7).
    pub stay: Uuid,
    /// What of its presence is passed on, each element as text.
    pub payloads: Vec<String>,
}

/// What servers ask each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerQuestion {
    /// All your occupants.
    Occupants,
    /// Keep this nick for somebody who is entering by way of me.
    ReserveNick {
        /// The room's name.
        room: String,
        /// The nick.
        nick: String,
        /// The bare address to keep it for.
        bare: String,
    },
}

/// The answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerAnswer {
    /// All of a server's occupants, as of a change.
    Occupants {
        /// What the server calls this life of its.
        incarnation: Uuid,
        /// The number of the last change that is contained.
        sequence: u64,
        /// The occupants.
        occupants: Vec<Seen>,
    },
    /// Is the nick kept?
    ReserveNick(bool),
}

/// Tells all other servers that live.
pub(crate) fn tell_all(peers: &dyn Peers, message: &PeerMessage) {
    for server in peers.live() {
        if server != peers.me() {
            peers.tell(&server, message.clone());
        }
    }
}
