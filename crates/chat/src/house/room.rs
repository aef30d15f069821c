//! One room: who is in it, and what it tells its occupants of each other and of posts.

use super::occupant::{Here, Occupant, Place, Stage};
use super::open::{Open, Subject};
use super::presence::{gone, presence, says};
use crate::error::RoomError;
use crate::outbox::{Frame, Outbox, Recipient, Shared};
use crate::passing::Pace;
use crate::peers::Seen;
use crate::post::{Kind, Post};
use crate::render;
use crate::settings::Limits;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use xmpp::muc::{HistoryWanted, status};
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

/// One room.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) address: BareJid,
    /// While a client of ours is in it.
    pub(super) open: Option<Open>,
    pub(super) occupants: BTreeMap<FullJid, Occupant>,
}

impl Room {
    pub(super) fn new(address: BareJid) -> Self {
        Self { address, open: None, occupants: BTreeMap::new() }
    }

    pub(super) fn begin(&mut self, enter: &Enter, stay: Uuid) -> Result<(), RoomError> {
        let address = self.address.with_resource_str(&enter.nick).or(Err(RoomError::BadNick))?;
        if self.has_other(address.resource().as_str(), &enter.who.to_bare()) {
            return Err(RoomError::NickTaken);
        }
        let before = self.occupants.get(&enter.who);
        let announced =
            before.is_some_and(|o| matches!(&o.place, Place::Here(here) if here.announced));
        if announced {
            self.rename(&enter.who, address.clone());
        }
        let here = Here {
            outbox: enter.outbox.clone(),
            recipient: Recipient::new(&enter.who),
            stage: Stage::Entering { bound: None, held: Vec::new() },
            stay,
            announced,
            pace: Pace::new(),
        };
        let payloads = enter.payloads.clone();
        let occupant = Occupant::new(&enter.who, address, payloads, Place::Here(here));
        self.occupants.insert(enter.who.clone(), occupant);
        Ok(())
    }

    /// The occupant `who`, if it is at this server.
    pub(super) fn here(&mut self, who: &FullJid) -> Option<&mut Here> {
        match &mut self.occupants.get_mut(who)?.place {
            Place::Here(here) => Some(here),
            Place::There { .. } => None,
        }
    }

    /// Has another account than `bare` this nick?
    pub(super) fn has_other(&self, nick: &str, bare: &BareJid) -> bool {
        self.occupants.iter().any(|(who, o)| o.nick() == nick && who.to_bare() != *bare)
    }

    /// As the other servers are told of it.
    pub(super) fn seen(&self, name: &str, who: &FullJid) -> Option<Seen> {
        let occupant = self.occupants.get(who)?;
        Some(Seen {
            room: name.to_owned(),
            who: who.to_string(),
            nick: occupant.nick().to_owned(),
            stay: occupant.stay(),
            payloads: occupant.payloads.iter().map(ToString::to_string).collect(),
        })
    }

    /// Gives an occupant that is let in all that it gets at once.
    pub(super) fn welcome(
        &mut self,
        who: &FullJid,
        open: &Open,
        history: &[Shared],
        held: Vec<Frame>,
    ) {
        let Some(own) = self.occupants.get(who) else { return };
        let Place::Here(here) = &own.place else { return };
        let mut nicks = BTreeSet::from([own.nick()]);
        for (other, occupant) in &self.occupants {
            if occupant.is_announced() && other != who && nicks.insert(occupant.nick()) {
                here.outbox.push(occupant.presence.to(&here.recipient));
            }
        }
        let codes = [status::NON_ANONYMOUS, status::SELF];
        let own = presence(&own.address, who, &own.payloads, &codes).to(&here.recipient);
        let history = history.iter().map(|shared| shared.to(&here.recipient));
        let subject = open.subject.render(&self.address).to(&here.recipient);
        for frame in [own].into_iter().chain(history).chain([subject]).chain(held) {
            here.outbox.push(frame);
        }
    }

    /// Tells all other clients of ours how `who` looks now, unless another account has its nick.
    pub(super) fn announce(&self, who: &FullJid) {
        let Some(occupant) = self.occupants.get(who) else { return };
        if !self.has_other(occupant.nick(), &who.to_bare()) {
            self.tell_here(Some(who), &occupant.presence);
        }
    }

    pub(super) fn announce_to_self(&self, who: &FullJid) {
        if let Some(own) = self.occupants.get(who)
            && let Place::Here(here) = &own.place
        {
            let presence = presence(&own.address, who, &own.payloads, &[status::SELF]);
            here.outbox.push(presence.to(&here.recipient));
        }
    }

    /// Tells all clients of ours that `who`, who is not there any more, has left, unless somebody
    /// else has its nick still.
    pub(super) fn announce_gone(
        &self,
        who: &FullJid,
        address: &FullJid,
        status: Option<&str>,
        codes: &[u16],
    ) {
        if !self.occupants.values().any(|o| o.address == *address && o.is_announced()) {
            self.tell_here(Some(who), &gone(address, who, &says(status), None, codes));
        }
    }

    /// Gives `who` another nick and tells all clients of ours (XEP-0045 section 7.6).
    pub(super) fn rename(&mut self, who: &FullJid, to: FullJid) {
        let Some(occupant) = self.occupants.get_mut(who) else { return };
        if occupant.address == to {
            return;
        }
        let nick = to.resource().to_string();
        let before = std::mem::replace(&mut occupant.address, to);
        let payloads = std::mem::take(&mut occupant.payloads);
        occupant.wear(who, payloads);
        if !occupant.is_announced() {
            return;
        }
        let others_keep_it = self.occupants.values().any(|o| o.address == before);
        if !others_keep_it {
            let codes = [status::NICK_CHANGED];
            self.tell_here(Some(who), &gone(&before, who, &[], Some(&nick), &codes));
        }
        if let Some(Occupant { place: Place::Here(here), .. }) = self.occupants.get(who) {
            let codes = [status::NICK_CHANGED, status::SELF];
            let own = gone(&before, who, &[], Some(&nick), &codes);
            here.outbox.push(own.to(&here.recipient));
        }
        self.announce(who);
        self.announce_to_self(who);
    }

    /// Gives a stanza to all clients of ours in the room but one, if one is named.
    pub(super) fn tell_here(&self, but: Option<&FullJid>, stanza: &Shared) {
        for (who, occupant) in &self.occupants {
            if let Place::Here(here) = &occupant.place
                && matches!(here.stage, Stage::Present { .. })
                && Some(who) != but
            {
                here.outbox.push(stanza.to(&here.recipient));
            }
        }
    }

    /// Shows the next post to all clients of ours.
    pub(super) fn show(&mut self, post: &Post, limits: &Limits) {
        let Some(open) = &mut self.open else { return };
        open.shown = post.position;
        if let Some(text) = post.new_subject() {
            let (nick, at) = (Some(post.nick.clone()), Some(post.sent_at));
            open.subject = Subject { text: Some(text), nick, at };
        }
        if post.kind == Kind::Subject && post.recovered_at.is_some() {
            // It is in the archive; shown now, clients would take it for the subject.
            return;
        }
        let shared = render::live(post, &self.address);
        for occupant in self.occupants.values_mut() {
            let Place::Here(here) = &mut occupant.place else { continue };
            let frame = shared.to(&here.recipient);
            match &mut here.stage {
                Stage::Present { .. } => {
                    here.outbox.push(frame);
                }
                Stage::Entering { bound: Some(bound), held } if post.position > *bound => {
                    hold(held, frame, limits);
                }
                // What it gets as history is not decided yet, or is decided and contains this.
                Stage::Entering { .. } => {}
            }
        }
    }
}

/// Holds a frame back for somebody who is still entering; one too many, and the outbox will cut it.
fn hold(held: &mut Vec<Frame>, frame: Frame, limits: &Limits) {
    if held.len() <= limits.queue_stanzas {
        held.push(frame);
    }
}
