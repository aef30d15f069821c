//! What a chat server is told, and every limit that it keeps, by name.

use crate::other_site::OtherSite;
use std::time::Duration;
use topology::ClientLimits;

/// The database that holds rooms, posts and accounts.
pub const DATABASE: &str = "mgc";

/// What a chat server is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The domain of the accounts.
    pub domain: String,
    /// The domain of the rooms.
    pub rooms: String,
    /// The database on the primary; [`DATABASE`] but in tests.
    pub database: String,
    /// Whether posts wait for the other site.
    pub other_site: OtherSite,
    /// The limits.
    pub limits: Limits,
}

impl Config {
    /// The usual limits for these two domains.
    pub fn new(domain: impl Into<String>, rooms: impl Into<String>) -> Self {
        Self {
            domain: domain.into(),
            rooms: rooms.into(),
            database: DATABASE.to_owned(),
            other_site: OtherSite::default(),
            limits: Limits::default(),
        }
    }
}

/// The limits of a chat server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Stanzas that may wait for one client.
    pub queue_stanzas: usize,
    /// Bytes that may wait for one client.
    pub queue_bytes: usize,
    /// Rooms that one user may be in, with all connections to this server together.
    pub rooms_per_user: usize,
    /// Bytes of one post as it is stored.
    pub post_bytes: usize,
    /// What one client may say in passing in a room in one second; more is dropped.
    pub passing_per_second: u32,
    /// Posts that may wait for the database.
    pub waiting_posts: usize,
    /// Bytes of posts that may wait for the database.
    pub waiting_bytes: usize,
    /// Posts in one transaction.
    pub group_posts: usize,
    /// Bytes of posts in one transaction, the last post not counted.
    pub group_bytes: usize,
    /// How long a post may wait before it is sent to the database; then it is refused for certain.
    pub queue_wait: Duration,
    /// How long after that an answer may take; then the sender is told that it is not known.
    pub answer_wait: Duration,
    /// How long a lost bell can delay a post, and how often servers compare notes on occupants.
    pub poll: Duration,
    /// Posts that the reader takes from the database at once.
    pub read_posts: i64,
    /// Connections for history, archive queries and logins.
    pub read_connections: usize,
    /// How long a read may wait for its connection and its answer.
    pub read_wait: Duration,
    /// Posts of history that a joining client gets when it names no number.
    pub history_default: i64,
    /// Posts of history that a joining client gets at most.
    pub history_max: i64,
    /// Posts on one page of an archive query.
    pub page_max: i64,
    /// Bytes of history, or of one page, the last post not counted.
    pub page_bytes: usize,
    /// How far an archive query counts.
    pub count_max: i64,
    /// How long entering may take, with nick, history and a primary to be found.
    pub enter_wait: Duration,
    /// How long a nick is kept for somebody who is entering.
    pub nick_wait: Duration,
    /// Keys of accounts that are remembered.
    pub account_keys: usize,
    /// How long they are believed.
    pub account_keys_life: Duration,
    /// Accounts that may wait to be looked up.
    pub account_lookups: usize,
}

/// What a post may be longer than the stanza it came in: addresses, ids, and marks written out.
const POST_MARGIN_BYTES: usize = 44 << 10;

impl Default for Limits {
    fn default() -> Self {
        Self::new(&ClientLimits::default())
    }
}

impl Limits {
    /// The limits where those that administrators may set are `set`.
    pub fn new(set: &ClientLimits) -> Self {
        Self {
            queue_stanzas: set.queue_stanzas,
            queue_bytes: set.queue_bytes,
            rooms_per_user: set.rooms_per_user,
            post_bytes: set.stanza_bytes + POST_MARGIN_BYTES,
            passing_per_second: 8,
            waiting_posts: 4096,
            waiting_bytes: 64 << 20,
            group_posts: 256,
            group_bytes: 1 << 20,
            queue_wait: Duration::from_secs(10),
            answer_wait: Duration::from_secs(10),
            poll: Duration::from_secs(1),
            read_posts: 500,
            read_connections: 4,
            read_wait: Duration::from_secs(5),
            history_default: 30,
            history_max: 250,
            page_max: 100,
            page_bytes: 1 << 20,
            count_max: 100_000,
            enter_wait: Duration::from_secs(10),
            nick_wait: Duration::from_secs(20),
            account_keys: 20_000,
            account_keys_life: Duration::from_mins(1),
            account_lookups: 4096,
        }
    }
}
