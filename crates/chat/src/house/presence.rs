//! Presence as a room sends it.

use crate::outbox::Shared;
use crate::post::occupant_id;
use xmpp::muc::{self, Item};
use xmpp::{Element, FullJid, stanza_id};

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
