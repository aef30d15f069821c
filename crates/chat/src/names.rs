//! What rooms, terms and authors are called in memory.

use std::sync::Arc;
use xmpp::FullJid;

/// A room's name: the local part of its address.
pub(crate) type RoomName = Arc<str>;

/// A term, as (reign, turn).
pub(crate) type Term = (i64, i64);

/// Who said it: for the echo of a repeat.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) room: RoomName,
    pub(crate) who: FullJid,
}
