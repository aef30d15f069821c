//! A post as a client sees it: live, as history on entering a room, or from the archive.

use xmpp::{Element, delay, ns, stanza_id};

/// The element that marks a recovered post, whatever its namespace.
const RECOVERED: &str = "recovered";

/// One post in a room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Post {
    pub room: String,
    /// The sender's nick.
    pub nick: String,
    pub archive_id: String,
    pub origin_id: Option<String>,
    pub body: String,
    /// When it was first sent, where the server says so (history and archive).
    pub stamp: Option<String>,
    /// It was found at a lost site and put back.
    pub recovered: bool,
}

impl Post {
    /// Reads a post from a live message, or one of the history that comes when entering a room.
    pub fn read(message: &Element) -> Option<Self> {
        let room = message.attribute("from")?.split('/').next()?;
        let archive_id = stanza_id::stanza_id(message, room)?.to_owned();
        let stamp = delay::stamp(message, room).map(str::to_owned);
        let recovered = is_recovered(message);
        Some(Self { stamp, recovered, ..Self::read_body(message, archive_id)? })
    }

    /// Reads one result of a query to a room's archive.
    pub fn read_result(message: &Element) -> Option<Self> {
        let result = message.child(ns::MAM, "result")?;
        let forwarded = result.child(ns::FORWARD, "forwarded")?;
        let inner = forwarded.child(ns::CLIENT, "message")?;
        let post = Self::read_body(inner, result.attribute("id")?.to_owned())?;
        let stamp = forwarded.child(ns::DELAY, "delay").and_then(|it| it.attribute("stamp"));
        let recovered = [message, result, forwarded, inner].into_iter().any(is_recovered);
        Some(Self { stamp: stamp.map(str::to_owned), recovered, ..post })
    }

    fn read_body(message: &Element, archive_id: String) -> Option<Self> {
        if !message.is(ns::CLIENT, "message") || message.attribute("type") != Some("groupchat") {
            return None;
        }
        let (room, nick) = message.attribute("from")?.split_once('/')?;
        Some(Self {
            room: room.to_owned(),
            nick: nick.to_owned(),
            archive_id,
            origin_id: stanza_id::origin_id(message).map(str::to_owned),
            body: message.child_text(ns::CLIENT, "body")?,
            stamp: None,
            recovered: false,
        })
    }

    /// Was it sent before we came?
    pub fn is_history(&self) -> bool {
        self.stamp.is_some()
    }
}

fn is_recovered(element: &Element) -> bool {
    element.children().any(|it| it.name() == RECOVERED)
}
