//! Where a stanza goes: to the server, to the rooms, to a room, to an occupant, or nowhere.

use xmpp::muc::{self, Join};
use xmpp::stanza::Kind;
use xmpp::stanza_error::{Condition, StanzaError};
use xmpp::{BareJid, Element, Jid, ns};

use super::client::Client;
use crate::passing::is_passing;
use crate::rooms::{Enter, RoomError, Ticket};

/// Whom a stanza is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// The sender's own account, which the server answers for.
    Account,
    /// This server.
    Server,
    /// The rooms as a whole.
    Rooms,
    /// One room.
    Room(BareJid),
    /// Somebody in a room.
    Occupant(BareJid, String),
    /// Another account of this domain.
    Somebody,
    /// Another domain.
    Abroad,
}

impl Client<'_> {
    /// Handles a stanza. A post is handled when its ticket says so; an error is the answer.
    pub(super) async fn route(
        &mut self,
        kind: Kind,
        stanza: Element,
    ) -> Result<Option<Ticket>, StanzaError> {
        let to = self.recipient(&stanza)?;
        match kind {
            // What seldom comes has its room on the heap, and a client that is silent none of it.
            Kind::Iq => Box::pin(self.iq(to, &stanza)).await.map(|()| None),
            Kind::Message => self.message(&to, stanza),
            Kind::Presence => Box::pin(self.presence(to, &stanza)).await.map(|()| None),
        }
    }

    fn recipient(&self, stanza: &Element) -> Result<To, StanzaError> {
        let Some(to) = stanza.attribute("to") else { return Ok(To::Account) };
        let to: Jid = to.parse().map_err(|_| {
            StanzaError::new(Condition::JidMalformed, "what stands in `to` is no address")
        })?;
        let config = &self.streams.0.settings.config;
        let domain = to.domain().as_str();
        let resource = to.resource().map(|resource| resource.as_str().to_owned());
        Ok(match (to.node().is_some(), resource) {
            (true, None) if to == self.address.to_bare() => To::Account,
            (false, None) if domain == config.domain => To::Server,
            (false, None) if domain == config.rooms => To::Rooms,
            (true, None) if domain == config.rooms => To::Room(to.into_bare()),
            (true, Some(nick)) if domain == config.rooms => To::Occupant(to.into_bare(), nick),
            _ if domain == config.domain || domain == config.rooms => To::Somebody,
            _ => To::Abroad,
        })
    }

    fn message(&self, to: &To, message: Element) -> Result<Option<Ticket>, StanzaError> {
        match (message.attribute("type"), to) {
            (Some("error"), _) => Ok(None),
            (Some("groupchat"), To::Room(room)) if is_passing(&message) => {
                let passed = self.streams.0.rooms.pass(room, self.address, message);
                passed.map(|()| None).map_err(|error| error.stanza_error())
            }
            (Some("groupchat"), To::Room(room)) => {
                Ok(Some(self.streams.0.rooms.post(room, self.address, message)))
            }
            (Some("groupchat"), _) => Err(StanzaError::new(
                Condition::BadRequest,
                "a groupchat message goes to a room, to the address without a nick",
            )),
            (_, To::Occupant(..)) => {
                Err(unavailable("private messages are not carried: write to the room"))
            }
            (_, to) => Err(nowhere(to)),
        }
    }

    async fn presence(&self, to: To, presence: &Element) -> Result<(), StanzaError> {
        let rooms = &self.streams.0.rooms;
        match (to, presence.attribute("type")) {
            (To::Account, None) => {
                // Its own resources hear of it, this one included (RFC 6121 section 4.2.2).
                let echo = presence.clone().with_attribute("to", self.address.to_string());
                self.push(&echo);
                Ok(())
            }
            (To::Account, Some("unavailable")) => {
                rooms.gone(self.address);
                Ok(())
            }
            (To::Room(room) | To::Occupant(room, _), Some("unavailable")) => {
                let status = presence.child_text(ns::CLIENT, "status");
                rooms.leave(&room, self.address, status);
                Ok(())
            }
            (To::Occupant(room, nick), None) => self.be_in(room, nick, presence).await,
            (To::Room(_), None) => Err(StanzaError::new(
                Condition::JidMalformed,
                "to enter a room, add the nick you want: room@rooms/nick",
            )),
            (To::Abroad, None) => Err(nowhere(&To::Abroad)),
            // Subscriptions and probes concern accounts, of which nobody is told anything.
            (_, _) => Ok(()),
        }
    }

    /// Enters a room, or is there otherwise than before (XEP-0045 sections 7.2, 7.6, 7.7).
    async fn be_in(
        &self,
        room: BareJid,
        nick: String,
        presence: &Element,
    ) -> Result<(), StanzaError> {
        let rooms = &self.streams.0.rooms;
        let done = if let Some(join) = Join::parse(presence) {
            let enter = Enter {
                room,
                who: self.address.clone(),
                nick,
                history: join.history,
                payloads: muc::payloads(presence),
                outbox: self.outbox.clone(),
            };
            rooms.enter(enter).await
        } else if rooms.is_occupant(&room, self.address, &nick) {
            rooms.presence(&room, self.address, presence)
        } else {
            rooms.rename(&room, self.address, &nick).await
        };
        done.map_err(|error: RoomError| error.stanza_error())
    }
}

/// Nobody is there who could take it.
pub(super) fn nowhere(to: &To) -> StanzaError {
    match to {
        To::Abroad => StanzaError::new(
            Condition::RemoteServerNotFound,
            "this server talks to no other domains",
        ),
        To::Account | To::Server | To::Rooms | To::Room(_) | To::Occupant(..) | To::Somebody => {
            unavailable("nobody takes this here: people meet in rooms")
        }
    }
}

pub(super) fn unavailable(text: &str) -> StanzaError {
    StanzaError::new(Condition::ServiceUnavailable, text)
}
