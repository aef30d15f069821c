//! Posts as text on a client's stream.
//!
//! A post is stored as it is delivered, so delivering needs no XML reader: what is added goes in
//! before the end tag. (A stored post always has one: it has at least its archive id inside.)

use crate::outbox::Shared;
use crate::post::{Post, STANDFAST, alone};
use jiff::Timestamp;
use std::time::SystemTime;
use uuid::Uuid;
use xmpp::{BareJid, Element, delay, mam, ns};

const END: &str = "</message>";

/// A post as it happens; one that was recovered says when it was first sent.
pub(crate) fn live(post: &Post, room: &BareJid) -> Shared {
    match post.recovered_at {
        Some(_) => late(post, room),
        None => Shared::printed(post.stanza.to_string()),
    }
}

/// A post from the past.
pub(crate) fn late(post: &Post, room: &BareJid) -> Shared {
    let mut marks = String::new();
    delay::element(room.as_str(), &stamp(post.sent_at)).print_in(ns::CLIENT, &mut marks);
    if let Some(at) = post.recovered_at {
        recovered(at).print_in(ns::CLIENT, &mut marks);
    }
    let inside = post.stanza.strip_suffix(END).unwrap_or(&post.stanza);
    Shared::printed([inside, &marks, END].concat())
}

/// A post as the result of an archive query.
pub(crate) fn archived(post: &Post, room: &BareJid, query_id: Option<&str>) -> Option<Shared> {
    let mut message: Element = alone(&post.stanza).parse().ok()?;
    if let Some(at) = post.recovered_at {
        message.push(recovered(at));
    }
    let id = post.archive_id.to_string();
    let result = mam::result(room.as_str(), query_id, &id, &stamp(post.sent_at), message);
    Some(Shared::of(&result))
}

/// The room's subject, for somebody who has just entered.
pub(crate) fn subject(
    room: &BareJid,
    text: Option<&str>,
    by: Option<&str>,
    at: Option<SystemTime>,
) -> Shared {
    let from = by.and_then(|nick| room.with_resource_str(nick).ok());
    let from = from.map_or_else(|| room.to_string(), |from| from.to_string());
    let mut message = Element::new(ns::CLIENT, "message")
        .with_attribute("type", "groupchat")
        .with_attribute("from", from)
        .with_child(Element::new(ns::CLIENT, "subject").with_text(text.unwrap_or_default()));
    if let Some(at) = at {
        message.push(delay::element(room.as_str(), &stamp(at)));
    }
    Shared::of(&message)
}

/// A time in the format of XEP-0082.
pub(crate) fn stamp(at: SystemTime) -> String {
    let at = Timestamp::try_from(at).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Reads a time in the format of XEP-0082.
pub(crate) fn time(stamp: &str) -> Option<SystemTime> {
    stamp.trim().parse::<Timestamp>().ok().map(SystemTime::from)
}

/// When an archive id (UUID version 7) was made.
pub(crate) fn made_at(archive_id: Uuid) -> Option<SystemTime> {
    let (seconds, nanos) = archive_id.get_timestamp()?.to_unix();
    SystemTime::UNIX_EPOCH.checked_add(std::time::Duration::new(seconds, nanos))
}

fn recovered(at: SystemTime) -> Element {
    Element::new(STANDFAST, "recovered").with_attribute("stamp", stamp(at))
}
