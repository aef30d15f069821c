//! What a room tells its occupants of each other.

use super::house::{Open, Room};
use super::occupant::{Here, Occupant, Place, Stage};
use super::{Enter, RoomError};
use crate::outbox::{Frame, Recipient, Shared};
use crate::peers::Seen;
use crate::post::occupant_id;
use std::collections::BTreeSet;
use uuid::Uuid;
use xmpp::muc::{self, Item, status};
use xmpp::{BareJid, Element, FullJid, stanza_id};

impl Room {
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
            self.tell_here(who, &occupant.presence);
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
            self.tell_here(who, &gone(address, who, &says(status), None, codes));
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
            self.tell_here(who, &gone(&before, who, &[], Some(&nick), &codes));
        }
        if let Some(Occupant { place: Place::Here(here), .. }) = self.occupants.get(who) {
            let codes = [status::NICK_CHANGED, status::SELF];
            let own = gone(&before, who, &[], Some(&nick), &codes);
            here.outbox.push(own.to(&here.recipient));
        }
        self.announce(who);
        self.announce_to_self(who);
    }

    /// Gives a stanza to all clients of ours in the room but one.
    fn tell_here(&self, but: &FullJid, stanza: &Shared) {
        for (who, occupant) in &self.occupants {
            if let Place::Here(here) = &occupant.place
                && matches!(here.stage, Stage::Present { .. })
                && who != but
            {
                here.outbox.push(stanza.to(&here.recipient));
            }
        }
    }
}

/// An occupant's presence as the room sends it.
pub(super) fn presence(
    address: &FullJid,
    who: &FullJid,
    payloads: &[Element],
    codes: &[u16],
) -> Shared {
    let item = item(who, None, "participant");
    room_says(muc::presence(address, payloads, &item, codes), address, who)
}

/// The presence of an occupant who goes, or who takes the nick `to`.
pub(super) fn gone(
    address: &FullJid,
    who: &FullJid,
    payloads: &[Element],
    to: Option<&str>,
    codes: &[u16],
) -> Shared {
    let item = item(who, to, if to.is_some() { "participant" } else { "none" });
    room_says(muc::gone(address, payloads, &item, codes), address, who)
}

fn room_says(mut presence: Element, address: &FullJid, who: &FullJid) -> Shared {
    presence.push(stanza_id::occupant_id(&occupant_id(&address.to_bare(), &who.to_bare())));
    Shared::of(&presence)
}

fn item(who: &FullJid, nick: Option<&str>, role: &'static str) -> Item {
    Item {
        affiliation: "member",
        role,
        jid: Some(who.clone()),
        nick: nick.map(str::to_owned),
        reason: None,
    }
}

/// A reason, as an element of a presence.
pub(super) fn says(status: Option<&str>) -> Vec<Element> {
    let element = |text| Element::new(xmpp::ns::CLIENT, "status").with_text(text);
    status.map(element).into_iter().collect()
}
