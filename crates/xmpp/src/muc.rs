//! Rooms on the wire (XEP-0045): joining, and what occupants are told.

use crate::{Element, FullJid, ns};

/// Status codes (XEP-0045 section 15.6.2).
pub mod status {
    /// Everybody here may see your full address.
    pub const NON_ANONYMOUS: u16 = 100;
    /// This presence is about yourself.
    pub const SELF: u16 = 110;
    /// The room is logged.
    pub const LOGGED: u16 = 170;
    /// The room was made for you just now.
    pub const CREATED: u16 = 201;
    /// The server changed or gave your nick.
    pub const NICK_ASSIGNED: u16 = 210;
    /// Banned.
    pub const BANNED: u16 = 301;
    /// The occupant takes another nick.
    pub const NICK_CHANGED: u16 = 303;
    /// Kicked.
    pub const KICKED: u16 = 307;
    /// Removed, being no member of a members-only room.
    pub const NOT_MEMBER: u16 = 322;
    /// Removed because the service goes down.
    pub const SHUTDOWN: u16 = 332;
    /// Removed for a technical reason: rejoin.
    pub const TECHNICAL: u16 = 333;
}

/// How much history a joining client wants (XEP-0045 section 7.2.14); absent means no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryWanted {
    /// At most so many characters of XML.
    pub max_chars: Option<u64>,
    /// At most so many messages.
    pub max_stanzas: Option<u64>,
    /// Only from the last so many seconds.
    pub seconds: Option<u64>,
    /// Only from this time on (XEP-0082).
    pub since: Option<String>,
}

/// The `<x/>` of a presence that enters a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Join {
    /// The history it wants.
    pub history: HistoryWanted,
    /// The password it offers.
    pub password: Option<String>,
}

impl Join {
    /// Reads a presence; none, if it does not ask to enter.
    pub fn parse(presence: &Element) -> Option<Self> {
        let x = presence.child(ns::MUC, "x")?;
        let mut history = HistoryWanted::default();
        if let Some(wanted) = x.child(ns::MUC, "history") {
            let number = |name| wanted.attribute(name).and_then(|value| value.parse().ok());
            history.max_chars = number("maxchars");
            history.max_stanzas = number("maxstanzas");
            history.seconds = number("seconds");
            history.since = wanted.attribute("since").map(str::to_owned);
        }
        Some(Self { history, password: x.child_text(ns::MUC, "password") })
    }

    /// The element, as a client sends it.
    pub fn element(&self) -> Element {
        let number = |value: Option<u64>| value.map(|number| number.to_string());
        let mut x = Element::new(ns::MUC, "x");
        if let Some(password) = &self.password {
            x.push(Element::new(ns::MUC, "password").with_text(password.clone()));
        }
        if self.history != HistoryWanted::default() {
            x.push(
                Element::new(ns::MUC, "history")
                    .with_attribute_if("maxchars", number(self.history.max_chars))
                    .with_attribute_if("maxstanzas", number(self.history.max_stanzas))
                    .with_attribute_if("seconds", number(self.history.seconds))
                    .with_attribute_if("since", self.history.since.clone()),
            );
        }
        x
    }
}

/// What a room tells about one occupant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// `owner`, `admin`, `member`, `none` or `outcast`.
    pub affiliation: &'static str,
    /// `moderator`, `participant`, `visitor` or `none`.
    pub role: &'static str,
    /// The full address, where the recipient may see it.
    pub jid: Option<FullJid>,
    /// The new nick, with [`status::NICK_CHANGED`].
    pub nick: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// The `<x/>` of a room's presence: the occupant and the status codes.
pub fn occupant(item: &Item, statuses: &[u16]) -> Element {
    let mut element = Element::new(ns::MUC_USER, "item")
        .with_attribute("affiliation", item.affiliation)
        .with_attribute("role", item.role)
        .with_attribute_if("jid", item.jid.as_ref().map(ToString::to_string))
        .with_attribute_if("nick", item.nick.clone());
    if let Some(reason) = &item.reason {
        element.push(Element::new(ns::MUC_USER, "reason").with_text(reason.clone()));
    }
    let status =
        |code: &u16| Element::new(ns::MUC_USER, "status").with_attribute("code", code.to_string());
    Element::new(ns::MUC_USER, "x").with_child(element).with_children(statuses.iter().map(status))
}

/// The status codes that a presence or message carries.
pub fn statuses(stanza: &Element) -> Vec<u16> {
    let Some(x) = stanza.child(ns::MUC_USER, "x") else { return Vec::new() };
    let codes = x.children().filter(|child| child.is(ns::MUC_USER, "status"));
    codes.filter_map(|status| status.attribute("code")?.parse().ok()).collect()
}

/// An occupant's presence as the room sends it: the client's own payloads (`show`, `status`,
/// capabilities), then what the room says. `from` is the occupant's address in the room.
pub fn presence(from: &FullJid, payloads: &[Element], item: &Item, statuses: &[u16]) -> Element {
    Element::new(ns::CLIENT, "presence")
        .with_attribute("from", from.to_string())
        .with_children(payloads.iter().cloned())
        .with_child(occupant(item, statuses))
}

/// As [`presence`], for an occupant who goes.
pub fn gone(from: &FullJid, payloads: &[Element], item: &Item, statuses: &[u16]) -> Element {
    presence(from, payloads, item, statuses).with_attribute("type", "unavailable")
}

/// What of a client's presence the room passes on: all but what only the room may say.
pub fn payloads(presence: &Element) -> Vec<Element> {
    let rooms_own = [ns::MUC, ns::MUC_USER, ns::OCCUPANT_ID, ns::DELAY, ns::STANZA_ID];
    let keep =
        |child: &&Element| !rooms_own.contains(&child.namespace()) && child.name() != "error";
    presence.children().filter(keep).cloned().collect()
}

/// Does a message change the subject? It has a subject and neither body nor thread
/// (XEP-0045 section 8.1).
pub fn is_subject(message: &Element) -> bool {
    message.has_child(ns::CLIENT, "subject")
        && !message.has_child(ns::CLIENT, "body")
        && !message.has_child(ns::CLIENT, "thread")
}
