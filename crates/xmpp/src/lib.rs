//! The XMPP wire: bytes in, events out, limits on every length and depth.
//!
//! This crate does no I/O, starts no task and knows no room, account or database. What a stanza
//! carries that we do not act upon goes through untouched: an [`Element`] keeps every child and
//! attribute, and the typed modules (one specification each) only read it or build one.
//!
//! | module | specification |
//! |---|---|
//! | [`element`], [`stream`], [`stanza`] | RFC 6120 sections 4, 8 and 11, with limits |
//! | [`stream_error`], [`stanza_error`] | RFC 6120 sections 4.9 and 8.3 |
//! | [`sasl`], [`bind`] | RFC 6120 sections 6 and 7 |
//! | [`form`] | XEP-0004 |
//! | [`disco`] | XEP-0030 |
//! | [`muc`] | XEP-0045 |
//! | [`version`] | XEP-0092 |
//! | [`sm`] | XEP-0198 |
//! | [`ping`] | XEP-0199 |
//! | [`delay`] | XEP-0203 |
//! | [`mam`] | XEP-0313 with XEP-0059 and XEP-0297 |
//! | [`stanza_id`] | XEP-0359, XEP-0421 |
//! | [`limits`] | XEP-0478 |

pub mod bind;
pub mod delay;
pub mod disco;
pub mod element;
pub mod form;
pub mod limits;
pub mod mam;
pub mod muc;
pub mod ns;
pub mod ping;
pub mod sasl;
pub mod sm;
pub mod stanza;
pub mod stanza_error;
pub mod stanza_id;
pub mod stream;
pub mod stream_error;
pub mod version;

#[cfg(test)]
mod tests;

pub use crate::element::{Attribute, Element, Node, Rendered};
pub use jid::{self, BareJid, FullJid, Jid};
