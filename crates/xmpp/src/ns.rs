//! The namespaces that we act upon, by their short names.

use std::borrow::Cow;

macro_rules! namespaces {
    ($($(#[$doc:meta])* $name:ident = $uri:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $uri;)*

        /// The static text of a namespace we know, so that common stanzas allocate no copy of it.
        pub(crate) fn known(uri: &str) -> Cow<'static, str> {
            match uri {
                "" => Cow::Borrowed(""),
                $($uri => Cow::Borrowed($uri),)*
                other => Cow::Owned(other.to_owned()),
            }
        }
    };
}

namespaces! {
    /// Content of a client's stream (RFC 6120 section 4.8.2).
    CLIENT = "jabber:client";
    /// Stream elements: header, features, error (RFC 6120 section 4.8.1).
    STREAM = "http://etherx.jabber.org/streams";
    /// Conditions of stream errors.
    STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams";
    /// Conditions of stanza errors.
    STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas";
    /// STARTTLS (RFC 6120 section 5).
    TLS = "urn:ietf:params:xml:ns:xmpp-tls";
    /// SASL (RFC 6120 section 6).
    SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
    /// Resource binding (RFC 6120 section 7).
    BIND = "urn:ietf:params:xml:ns:xmpp-bind";
    /// The session request of RFC 3921, still sent by old clients.
    SESSION = "urn:ietf:params:xml:ns:xmpp-session";
    /// The roster (RFC 6121 section 2).
    ROSTER = "jabber:iq:roster";
    /// The `xml:` prefix.
    XML = "http://www.w3.org/XML/1998/namespace";
    /// Data forms (XEP-0004).
    FORM = "jabber:x:data";
    /// Service discovery, what something is (XEP-0030).
    DISCO_INFO = "http://jabber.org/protocol/disco#info";
    /// Service discovery, what something has (XEP-0030).
    DISCO_ITEMS = "http://jabber.org/protocol/disco#items";
    /// Rooms: joining (XEP-0045).
    MUC = "http://jabber.org/protocol/muc";
    /// Rooms: what occupants are told (XEP-0045).
    MUC_USER = "http://jabber.org/protocol/muc#user";
    /// Rooms: what owners set (XEP-0045).
    MUC_OWNER = "http://jabber.org/protocol/muc#owner";
    /// Rooms: what admins set (XEP-0045).
    MUC_ADMIN = "http://jabber.org/protocol/muc#admin";
    /// Rooms: the form in a room's disco#info (XEP-0045 section 6.4).
    MUC_ROOMINFO = "http://jabber.org/protocol/muc#roominfo";
    /// Rooms: non-anonymous member lists and the like have plain features such as this one.
    MUC_STABLE_ID = "http://jabber.org/protocol/muc#stable_id";
    /// Result set management (XEP-0059).
    RSM = "http://jabber.org/protocol/rsm";
    /// Software version (XEP-0092).
    VERSION = "jabber:iq:version";
    /// Stream management (XEP-0198).
    SM = "urn:xmpp:sm:3";
    /// Ping (XEP-0199).
    PING = "urn:xmpp:ping";
    /// Delayed delivery (XEP-0203).
    DELAY = "urn:xmpp:delay";
    /// Forwarded stanzas (XEP-0297).
    FORWARD = "urn:xmpp:forward:0";
    /// Message archive (XEP-0313).
    MAM = "urn:xmpp:mam:2";
    /// Stanza ids and origin ids (XEP-0359).
    STANZA_ID = "urn:xmpp:sid:0";
    /// Who is typing (XEP-0085).
    CHAT_STATES = "http://jabber.org/protocol/chatstates";
    /// How far somebody has read (XEP-0333).
    CHAT_MARKERS = "urn:xmpp:chat-markers:0";
    /// What a sender asks of archives and the like (XEP-0334).
    HINTS = "urn:xmpp:hints";
    /// Self-ping in rooms, done by the server (XEP-0410).
    SELF_PING_OPTIMISATION = "http://jabber.org/protocol/muc#self-ping-optimization";
    /// Occupant ids (XEP-0421).
    OCCUPANT_ID = "urn:xmpp:occupant-id:0";
    /// Stream limits, advertised (XEP-0478).
    STREAM_LIMITS = "urn:xmpp:stream-limits:0";
    /// Carbon copies (XEP-0280), refused for now.
    CARBONS = "urn:xmpp:carbons:2";
}
