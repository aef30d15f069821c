//! The XMPP wire: bytes in, events out, limits on every length and depth.
