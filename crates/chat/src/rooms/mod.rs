//! Rooms as a client's stream uses them.

mod error;

pub use error::RoomError;

use crate::outbox::Outbox;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot;
use uuid::Uuid;
use xmpp::muc::HistoryWanted;
use xmpp::{BareJid, Element, FullJid};

/// A client enters a room.
#[derive(Debug)]
pub struct Enter {
    /// The room.
    pub room: BareJid,
    /// The client.
    pub who: FullJid,
    /// The nick it wants.
    pub nick: String,
    /// The history it wants.
    pub history: HistoryWanted,
    /// What of its presence is passed on: [`xmpp::muc::payloads`].
    pub payloads: Vec<Element>,
    /// Where what the room has to say goes.
    pub outbox: Outbox,
}

/// What the outside may know of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomInfo {
    /// The room's address.
    pub address: BareJid,
    /// Its name for people.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// What it talks about now.
    pub subject: Option<String>,
    /// How many clients are in it, on all servers.
    pub occupants: usize,
}

/// What becomes of a post: `Ok` with its archive id once it is durable.
#[derive(Debug)]
#[must_use = "the sender is to be told"]
pub struct Ticket {
    answer: oneshot::Receiver<Result<Uuid, RoomError>>,
}

impl Future for Ticket {
    type Output = Result<Uuid, RoomError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(cx).map(|answer| answer.unwrap_or(Err(RoomError::Unknown)))
    }
}

/// The rooms of the pool, as this server serves them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Rooms {}

#[expect(clippy::unused_async, clippy::unused_self, reason = "the bodies follow")]
impl Rooms {
    /// Enters. When it returns `Ok`, presence, history and subject are in the outbox, in the order
    /// of XEP-0045 section 7.1, and nothing said since is missing or doubled.
    pub async fn enter(&self, enter: Enter) -> Result<(), RoomError> {
        drop(enter);
        Err(RoomError::Wait)
    }

    /// Leaves, with a reason for the others. Nothing happens if `who` is not there.
    pub fn leave(&self, room: &BareJid, who: &FullJid, status: Option<String>) {
        drop((room, who, status));
    }

    /// The client is gone from everywhere.
    pub fn gone(&self, who: &FullJid) {
        let _: &FullJid = who;
    }

    /// Posts a groupchat message.
    pub fn post(&self, room: &BareJid, who: &FullJid, message: Element) -> Ticket {
        drop((room, who, message));
        Ticket { answer: oneshot::channel().1 }
    }

    /// Puts a page of the room's archive into the client's outbox; the answer follows it there.
    pub async fn query(
        &self,
        room: &BareJid,
        who: &FullJid,
        query: xmpp::mam::Query,
    ) -> Result<xmpp::mam::Fin, RoomError> {
        drop((room, who, query));
        Err(RoomError::Wait)
    }

    /// Tells the others of a changed presence; `presence` is what the client sent.
    pub fn presence(
        &self,
        room: &BareJid,
        who: &FullJid,
        presence: &Element,
    ) -> Result<(), RoomError> {
        let _: (&BareJid, &FullJid, &Element) = (room, who, presence);
        Err(RoomError::NotAnOccupant)
    }

    /// Takes another nick.
    pub async fn rename(&self, room: &BareJid, who: &FullJid, nick: &str) -> Result<(), RoomError> {
        let _: (&BareJid, &FullJid, &str) = (room, who, nick);
        Err(RoomError::NotAnOccupant)
    }

    /// Is this client in the room under that nick? (XEP-0410)
    pub fn is_occupant(&self, room: &BareJid, who: &FullJid, nick: &str) -> bool {
        let _: (&BareJid, &FullJid, &str) = (room, who, nick);
        false
    }

    /// All rooms that may be entered.
    pub async fn list(&self) -> Result<Vec<RoomInfo>, RoomError> {
        Err(RoomError::Wait)
    }

    /// One room.
    pub async fn info(&self, room: &BareJid) -> Result<RoomInfo, RoomError> {
        let _: &BareJid = room;
        Err(RoomError::Wait)
    }
}
