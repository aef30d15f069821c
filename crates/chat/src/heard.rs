//! What the reader hears of: from this server's own writer, from other servers, from who waits.

use crate::names::{Author, Term};
use crate::post::Post;
use uuid::Uuid;

/// Bells and commits that may wait for the reader.
pub(crate) const HEARD_MAX: usize = 4096;

/// What the reader hears of.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Our own writer committed these, in the order of (room, position).
    Committed { term: Term, posts: Vec<Post> },
    /// A server committed: room and position.
    Bell { term: Term, rooms: Vec<(Uuid, i64)> },
    /// Somebody repeated this post, and is to see it.
    Repeated { author: Author, archive_id: Uuid, position: i64 },
    /// Somebody waits for rooms to arrive in the current term.
    Look,
}
