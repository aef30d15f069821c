//! Requests (iq) that the server answers itself: discovery, ping, archives, the empty roster.

use xmpp::disco::{self, Info};
use xmpp::form::{Field, Form};
use xmpp::mam::{self, Query};
use xmpp::stanza_error::{Condition, StanzaError};
use xmpp::{BareJid, Element, ns, ping, stanza, version};

use super::client::Client;
use super::router::{To, nowhere, unavailable};
use crate::rooms::{RoomError, RoomInfo};

/// The name under which this server is found.
const NAME: &str = "Standfast";

/// What every address of ours supports.
const EVERYWHERE: [&str; 3] = [ns::DISCO_INFO, ns::DISCO_ITEMS, ns::PING];

/// What every room supports.
const ROOM: [&str; 12] = [
    ns::MUC,
    ns::MUC_STABLE_ID,
    ns::SELF_PING_OPTIMISATION,
    ns::MAM,
    ns::STANZA_ID,
    ns::OCCUPANT_ID,
    "muc_persistent",
    "muc_public",
    "muc_open",
    "muc_unmoderated",
    "muc_unsecured",
    "muc_nonanonymous",
];

/// An answer's payload; an answer may be empty.
type Payload = Result<Option<Element>, StanzaError>;

impl Client<'_> {
    /// Answers a request. Answers to requests of ours need nothing: hearing them was all.
    pub(super) async fn iq(&self, to: To, iq: &Element) -> Result<(), StanzaError> {
        match iq.attribute("type") {
            Some("result" | "error") => return Ok(()),
            Some("get" | "set") if iq.children().count() == 1 && iq.attribute("id").is_some() => {}
            _ => {
                let text = "an iq has a type, an id, and one element in it";
                return Err(StanzaError::new(Condition::BadRequest, text));
            }
        }
        let payload = match to {
            To::Account => self.account(iq),
            To::Server => self.server(iq),
            To::Rooms => self.all_rooms(iq).await,
            To::Room(room) => self.room(&room, iq).await,
            To::Occupant(room, nick) => self.occupant(&room, &nick, iq),
            To::Somebody | To::Abroad => Err(nowhere(&to)),
        };
        self.push(&stanza::result(iq, payload?));
        Ok(())
    }

    /// The sender's own account: an empty roster and little else.
    fn account(&self, iq: &Element) -> Payload {
        if iq.has_child(ns::ROSTER, "query") {
            return match iq.attribute("type") {
                Some("get") => Ok(Some(Element::new(ns::ROSTER, "query"))),
                _ => Err(StanzaError::new(Condition::NotAllowed, "rosters are not kept here")),
            };
        }
        if iq.has_child(ns::SESSION, "session") {
            return Ok(None);
        }
        if iq.has_child(ns::BIND, "bind") {
            return Err(StanzaError::new(Condition::NotAllowed, "a resource is bound already"));
        }
        match disco::Request::parse(iq) {
            Some(disco::Request::Info { node: None }) => {
                let identity = ("account", "registered", self.address.to_bare().to_string());
                Ok(Some(info(identity, &[], Vec::new())))
            }
            Some(disco::Request::Items { node: None }) => Ok(Some(disco::items([]))),
            Some(_) => Err(no_node()),
            None => generic(iq),
        }
    }

    fn server(&self, iq: &Element) -> Payload {
        match disco::Request::parse(iq) {
            Some(disco::Request::Info { node: None }) => {
                let identity = ("server", "im", NAME.to_owned());
                Ok(Some(info(identity, &[ns::VERSION], Vec::new())))
            }
            Some(disco::Request::Items { node: None }) => {
                let rooms = self.streams.0.settings.config.rooms.clone();
                Ok(Some(disco::items([(rooms, Some("Rooms"))])))
            }
            Some(_) => Err(no_node()),
            None if iq.has_child(ns::SESSION, "session") => Ok(None),
            None => generic(iq),
        }
    }

    async fn all_rooms(&self, iq: &Element) -> Payload {
        match disco::Request::parse(iq) {
            Some(disco::Request::Info { node: None }) => {
                let identity = ("conference", "text", "Rooms".to_owned());
                Ok(Some(info(identity, &[ns::MUC, ns::VERSION], Vec::new())))
            }
            Some(disco::Request::Items { node: None }) => {
                let rooms = self.streams.0.rooms.list().await.map_err(refusal)?;
                let item = |room: &'_ RoomInfo| room.address.to_string();
                let items = rooms.iter().map(|room| (item(room), Some(room.title.as_str())));
                Ok(Some(disco::items(items)))
            }
            Some(_) => Err(no_node()),
            None => generic(iq),
        }
    }

    async fn room(&self, room: &BareJid, iq: &Element) -> Payload {
        let rooms = &self.streams.0.rooms;
        if iq.has_child(ns::MAM, "query") {
            if !Query::is_query(iq) {
                return Ok(Some(mam::filters()));
            }
            let query = Query::parse(iq)?;
            let fin =
                rooms.query(room, self.address, query, &self.outbox).await.map_err(refusal)?;
            return Ok(Some(fin.payload()));
        }
        if iq.has_child(ns::MUC_OWNER, "query") || iq.has_child(ns::MUC_ADMIN, "query") {
            let text = "rooms are run by the administrators of this server";
            return Err(StanzaError::new(Condition::Forbidden, text));
        }
        match disco::Request::parse(iq) {
            Some(disco::Request::Info { node: None }) => {
                let room = rooms.info(room).await.map_err(refusal)?;
                Ok(Some(about(&room)))
            }
            Some(disco::Request::Items { node: None }) => Ok(Some(disco::items([]))),
            Some(_) => Err(no_node()),
            None => generic(iq),
        }
    }

    /// Whoever asks whether it is still in a room is answered from memory, at once (XEP-0410).
    fn occupant(&self, room: &BareJid, nick: &str, iq: &Element) -> Payload {
        if !ping::is_ping(iq) {
            return Err(unavailable("occupants are not asked: write to the room"));
        }
        if self.streams.0.rooms.is_occupant(room, self.address, nick) {
            return Ok(None);
        }
        let text = "you are not in this room under this nick: enter it again";
        Err(StanzaError::new(Condition::NotAcceptable, text))
    }
}

/// What every address answers.
fn generic(iq: &Element) -> Payload {
    if ping::is_ping(iq) {
        return Ok(None);
    }
    if version::is_request(iq) {
        return Ok(Some(version::payload(NAME, env!("CARGO_PKG_VERSION"))));
    }
    Err(unavailable("this is not offered here"))
}

fn info(
    identity: (&'static str, &'static str, String),
    more: &[&str],
    forms: Vec<Form>,
) -> Element {
    let features = EVERYWHERE.iter().chain(more).map(|feature| (*feature).to_owned()).collect();
    Info { identity, features, forms }.payload()
}

fn about(room: &RoomInfo) -> Element {
    let mut fields = vec![
        Field::new("muc#roominfo_description", room.description.clone()),
        Field::new("muc#roominfo_occupants", room.occupants.to_string()),
    ];
    fields.extend(room.subject.clone().map(|subject| Field::new("muc#roominfo_subject", subject)));
    let form = Form { form_type: ns::MUC_ROOMINFO.to_owned(), fields };
    info(("conference", "text", room.title.clone()), &ROOM, vec![form])
}

fn no_node() -> StanzaError {
    StanzaError::new(Condition::ItemNotFound, "there is no such node here")
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn refusal(error: RoomError) -> StanzaError {
    error.stanza_error()
}
