//! A post: on its way to the database, and as it stands there.

use crate::error::RoomError;
use crate::settings::Limits;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_postgres::Row;
use uuid::Uuid;
use xmpp::{BareJid, Element, FullJid, delay, muc, ns, stanza_id};

/// The namespace of what only this server says.
pub const STANDFAST: &str = "urn:standfast:recovered:0";

/// What a post does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It says something.
    Message,
    /// It changes the room's subject.
    Subject,
}

/// A post that nobody has seen yet.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) archive_id: Uuid,
    pub(crate) room: Uuid,
    pub(crate) kind: Kind,
    /// The bare address.
    pub(crate) sender: String,
    pub(crate) nick: String,
    pub(crate) origin_id: Option<String>,
    pub(crate) content_hash: Vec<u8>,
    /// As it is delivered, but for the recipient's address.
    pub(crate) stanza: Arc<str>,
    pub(crate) sent_at: SystemTime,
    pub(crate) subject: Option<String>,
}

/// A post that stands in the database.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) archive_id: Uuid,
    pub(crate) room: Uuid,
    pub(crate) position: i64,
    pub(crate) kind: Kind,
    pub(crate) nick: String,
    pub(crate) stanza: Arc<str>,
    pub(crate) sent_at: SystemTime,
    pub(crate) recovered_at: Option<SystemTime>,
}

/// How every stored stanza begins.
const START: &str = "<message";

/// The columns that [`Post::of_row`] wants, of a table called `p`.
pub(crate) const COLUMNS: &str = "p.archive_id, p.room, p.position, p.kind, p.nick, p.stanza, \
                                  p.sent_at, p.recovered_at";

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Subject => "subject",
        }
    }

    pub(crate) fn of_name(name: &str) -> Self {
        if name == "subject" { Self::Subject } else { Self::Message }
    }
}

impl Draft {
    /// What `who`, under `from` (its address in the room), says with `message`.
    pub(crate) fn new(
        room: Uuid,
        from: &FullJid,
        who: &FullJid,
        mut message: Element,
        limits: &Limits,
    ) -> Result<Self, RoomError> {
        let address = from.to_bare();
        clean(&mut message, &address);
        let archive_id = Uuid::now_v7();
        let origin_id = stanza_id::origin_id(&message).map(str::to_owned);
        let content_hash = content_hash(&message);
        let is_subject = muc::is_subject(&message);
        let subject = if is_subject { message.child_text(ns::CLIENT, "subject") } else { None };
        message.push(stanza_id::element(address.as_str(), &archive_id.to_string()));
        let stanza = delivered(message, from, who, limits)?;
        Ok(Self {
            archive_id,
            room,
            kind: if is_subject { Kind::Subject } else { Kind::Message },
            sender: who.to_bare().to_string(),
            nick: from.resource().to_string(),
            origin_id,
            content_hash,
            stanza: stanza.into(),
            sent_at: now(),
            subject,
        })
    }

    /// What it is once it stands at `position`.
    pub(crate) fn kept_at(&self, position: i64) -> Post {
        Post {
            archive_id: self.archive_id,
            room: self.room,
            position,
            kind: self.kind,
            nick: self.nick.clone(),
            stanza: Arc::clone(&self.stanza),
            sent_at: self.sent_at,
            recovered_at: None,
        }
    }
}

impl Post {
    pub(crate) fn of_row(row: &Row) -> Self {
        Self {
            archive_id: row.get(0),
            room: row.get(1),
            position: row.get(2),
            kind: Kind::of_name(row.get(3)),
            nick: row.get(4),
            stanza: Arc::from(row.get::<_, &str>(5)),
            sent_at: row.get(6),
            recovered_at: row.get(7),
        }
    }

    /// The subject that it sets, if it sets one now. A recovered post comes too late for that.
    pub(crate) fn new_subject(&self) -> Option<String> {
        if self.kind != Kind::Subject || self.recovered_at.is_some() {
            return None;
        }
        let message: Element = alone(&self.stanza).parse().ok()?;
        message.child_text(ns::CLIENT, "subject")
    }
}

/// A stored stanza as a text that can be read by itself.
pub(crate) fn alone(stanza: &str) -> String {
    let rest = stanza.strip_prefix(START).unwrap_or(stanza);
    format!("{START} xmlns='{}'{rest}", ns::CLIENT)
}

/// A clean message as it is delivered, but for the recipient's address: what `who` says under
/// `from`, its address in the room.
pub(crate) fn delivered(
    mut message: Element,
    from: &FullJid,
    who: &FullJid,
    limits: &Limits,
) -> Result<String, RoomError> {
    message.set_attribute("type", "groupchat");
    message.set_attribute("from", from.to_string());
    message.push(stanza_id::occupant_id(&occupant_id(&from.to_bare(), &who.to_bare())));
    let mut stanza = String::new();
    message.print_in(ns::CLIENT, &mut stanza);
    if stanza.len() > limits.post_bytes {
        return Err(RoomError::TooLarge(limits.post_bytes));
    }
    Ok(stanza)
}

/// Takes away what only the room may say, and what differs between a post and its repeat.
pub(crate) fn clean(message: &mut Element, room: &BareJid) {
    stanza_id::strip(message, room.as_str());
    delay::strip(message, room.as_str());
    let rooms_own = [ns::MUC, ns::MUC_USER, STANDFAST];
    message.retain_children(|child| !rooms_own.contains(&child.namespace()));
    message.remove_attribute("from");
    message.remove_attribute("to");
}

/// What makes two posts the same: everything but the addresses and the stanza's own id, which some
/// clients change when they send again.
fn content_hash(message: &Element) -> Vec<u8> {
    let mut content = message.clone();
    content.remove_attribute("id");
    let mut text = String::new();
    content.print_in(ns::CLIENT, &mut text);
    Sha256::digest(text).to_vec()
}

/// An occupant's stable id (XEP-0421). Our rooms are not anonymous, so it hides nothing: it is the
/// same on every server and at both sites because it follows from the two addresses.
pub(crate) fn occupant_id(room: &BareJid, who: &BareJid) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{room}\n{who}")))
}

/// The time, as exactly as `PostgreSQL` keeps it.
fn now() -> SystemTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
    UNIX_EPOCH + Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr as _;

    fn draft(text: &str) -> Draft {
        let message = Element::from_str(text).unwrap();
        let (from, who) = ("r@rooms.x/nick", "a@x/phone");
        let (from, who) = (FullJid::from_str(from).unwrap(), FullJid::from_str(who).unwrap());
        Draft::new(Uuid::nil(), &from, &who, message, &Limits::default()).unwrap()
    }

    #[test]
    fn keeps_what_it_does_not_know_and_drops_what_only_the_room_may_say() {
        let draft = draft(
            "<message xmlns='jabber:client' to='r@rooms.x' from='evil@x/1' id='1' type='groupchat'>\
               <body>hello</body><reply xmlns='urn:xmpp:reply:0' id='7'/>\
               <stanza-id xmlns='urn:xmpp:sid:0' by='r@rooms.x' id='forged'/>\
               <delay xmlns='urn:xmpp:delay' from='r@rooms.x' stamp='2001-01-01T00:00:00Z'/>\
               <x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/></x></message>",
        );
        let stanza = Element::from_str(&alone(&draft.stanza)).unwrap();
        assert_eq!(stanza.attribute("from"), Some("r@rooms.x/nick"));
        assert_eq!(stanza.attribute("to"), None);
        assert!(stanza.has_child("urn:xmpp:reply:0", "reply"));
        assert!(!stanza.has_child(ns::DELAY, "delay") && !stanza.has_child(ns::MUC_USER, "x"));
        let id = stanza_id::stanza_id(&stanza, "r@rooms.x").unwrap();
        assert_eq!(id, draft.archive_id.to_string());
    }

    #[test]
    fn a_repeat_has_the_same_content_and_another_text_has_not() {
        let say = |id: &str, text: &str| {
            draft(&format!(
                "<message xmlns='jabber:client' id='{id}' type='groupchat'><body>{text}</body>\
                 <origin-id xmlns='urn:xmpp:sid:0' id='o'/></message>"
            ))
        };
        assert_eq!(say("1", "hello").content_hash, say("2", "hello").content_hash);
        assert_ne!(say("1", "hello").content_hash, say("1", "hallo").content_hash);
    }
}
