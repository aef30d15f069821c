//! Rooms as a client's stream uses them: this file, `enter`, the way in, and `archive`.

mod archive;
mod enter;

pub use crate::error::RoomError;
pub use crate::house::Enter;
pub use crate::writer::Ticket;

use crate::activity::Activity;
use crate::heard::Heard;
use crate::house::House;
use crate::names::{Author, RoomName};
use crate::post::{Draft, clean, delivered};
use crate::prover::Proof;
use crate::reads::Reads;
use crate::settings::Config;
use crate::writer::Posts;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_postgres::Row;
use uuid::Uuid;
use xmpp::muc;
use xmpp::{BareJid, Element, FullJid};

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

/// The rooms of the pool, as this server serves them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Rooms(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) house: Arc<House>,
    pub(crate) posts: Posts,
    pub(crate) reads: Reads,
    pub(crate) proof: Proof,
    pub(crate) reader: mpsc::Sender<Heard>,
    pub(crate) rebased: watch::Receiver<u64>,
    pub(crate) activity: watch::Receiver<Activity>,
}

impl Rooms {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Enters. When it returns `Ok`, presence, history and subject are in the outbox, in the order
    /// of XEP-0045 section 7.1, and nothing said since is missing or doubled. Somebody who is in
    /// already gets all that again.
    pub async fn enter(&self, enter: Enter) -> Result<(), RoomError> {
        let wait = self.0.config.limits.enter_wait;
        timeout(wait, Box::pin(self.try_enter(enter))).await.unwrap_or(Err(RoomError::Wait))
    }

    /// Leaves, with a reason for the others. Nothing happens if `who` is not there.
    #[expect(clippy::needless_pass_by_value, reason = "the caller has no more use for it")]
    pub fn leave(&self, room: &BareJid, who: &FullJid, status: Option<String>) {
        if let Ok(name) = self.name(room) {
            self.0.house.leave(&name, who, status.as_deref());
        }
    }

    /// The client is gone from everywhere.
    pub fn gone(&self, who: &FullJid) {
        self.0.house.gone(who);
    }

    /// Posts a groupchat message. The posts of one client are written in the order of these calls.
    pub fn post(&self, room: &BareJid, who: &FullJid, message: Element) -> Ticket {
        match self.draft(room, who, message) {
            Ok((draft, author)) => self.0.posts.post(draft, author),
            Err(error) => Ticket::refused(error),
        }
    }

    /// Says something that is not kept. Too much of it at once is dropped.
    pub(crate) fn pass(
        &self,
        room: &BareJid,
        who: &FullJid,
        mut message: Element,
    ) -> Result<(), RoomError> {
        let (name, _, from) = self.speaker(room, who)?;
        clean(&mut message, room);
        let stanza = delivered(message, &from, who, &self.0.config.limits)?;
        if self.0.house.may_pass(&name, who) {
            self.0.house.pass_everywhere(&name, stanza);
        }
        Ok(())
    }

    fn draft(
        &self,
        room: &BareJid,
        who: &FullJid,
        message: Element,
    ) -> Result<(Draft, Author), RoomError> {
        let (name, id, from) = self.speaker(room, who)?;
        let draft = Draft::new(id, &from, who, message, &self.0.config.limits)?;
        Ok((draft, Author { room: name, who: who.clone() }))
    }

    /// The room's name and id, and the address in it, of a client that may speak there.
    fn speaker(
        &self,
        room: &BareJid,
        who: &FullJid,
    ) -> Result<(RoomName, Uuid, FullJid), RoomError> {
        if *self.0.activity.borrow() != Activity::Active {
            return Err(RoomError::NotActive);
        }
        let name = self.name(room)?;
        let (id, from) = self.0.house.speaks(&name, who).ok_or(RoomError::NotAnOccupant)?;
        Ok((name, id, from))
    }

    /// Tells the others of a changed presence; `presence` is what the client sent.
    pub fn presence(
        &self,
        room: &BareJid,
        who: &FullJid,
        presence: &Element,
    ) -> Result<(), RoomError> {
        let name = self.name(room)?;
        self.0.house.change(&name, who, muc::payloads(presence))
    }

    /// Takes another nick.
    pub async fn rename(&self, room: &BareJid, who: &FullJid, nick: &str) -> Result<(), RoomError> {
        let name = self.name(room)?;
        let address = room.with_resource_str(nick).or(Err(RoomError::BadNick))?;
        let nick = address.resource().as_str();
        let Inner { house, config, .. } = &*self.0;
        let bare = who.to_bare();
        let reserved = timeout(config.limits.enter_wait, house.reserve(&name, nick, &bare));
        reserved.await.unwrap_or(Err(RoomError::Wait))?;
        let renamed = house.rename(&name, who, address.clone());
        house.release(&name, nick, &bare);
        renamed
    }

    /// Is this client in the room under that nick? (XEP-0410)
    pub fn is_occupant(&self, room: &BareJid, who: &FullJid, nick: &str) -> bool {
        let Ok(name) = self.name(room) else { return false };
        let speaks = self.0.house.speaks(&name, who);
        speaks.is_some_and(|(_, address)| address.resource().as_str() == nick)
    }

    /// All rooms that may be entered, without their subjects.
    pub async fn list(&self) -> Result<Vec<RoomInfo>, RoomError> {
        let lease = self.0.reads.lease().await?;
        let sql = "select name, title, description, null::text from chat.room
                   where not disabled order by name";
        let rows = lease.rows(sql, &[]).await?;
        Ok(rows.iter().filter_map(|row| self.room_info(row)).collect())
    }

    /// One room.
    pub async fn info(&self, room: &BareJid) -> Result<RoomInfo, RoomError> {
        let name = self.name(room)?;
        let name: &str = &name;
        let lease = self.0.reads.lease().await?;
        let sql = "select name, title, description, subject from chat.room
                   where name = $1 and not disabled";
        let row = lease.maybe_row(sql, &[&name]).await?;
        let info = row.and_then(|row| self.room_info(&row)).ok_or(RoomError::NoSuchRoom)?;
        // A subject is a post: it is shown once it is proven.
        match self.0.house.opened(name) {
            Some(open) => Ok(RoomInfo { subject: open.subject.text, ..info }),
            None if info.subject.is_none() => Ok(info),
            None if self.0.proof.of(lease.term()).await? => Ok(info),
            None => Err(RoomError::Wait),
        }
    }

    fn room_info(&self, row: &Row) -> Option<RoomInfo> {
        let name: &str = row.get(0);
        Some(RoomInfo {
            address: BareJid::new(&format!("{name}@{}", self.0.config.rooms)).ok()?,
            title: row.get(1),
            description: row.get(2),
            subject: row.get(3),
            occupants: self.0.house.occupants(name),
        })
    }

    /// The name of a room of ours.
    fn name(&self, room: &BareJid) -> Result<RoomName, RoomError> {
        match room.node() {
            Some(name) if room.domain().as_str() == self.0.config.rooms => {
                Ok(RoomName::from(name.as_str()))
            }
            Some(_) | None => Err(RoomError::NoSuchRoom),
        }
    }
}
