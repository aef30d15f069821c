//! Persistent chat: accounts, rooms, posts, history.
//!
//! The database is the truth and memory a cache with a name. A post is seen by nobody before it is
//! as durable as the primary promises; its echo is the receipt, and order in a room is the order of
//! commits.
//!
//! | file | holds |
//! |---|---|
//! | [`stream`] | clients: from an accepted socket to a bound stream |
//! | [`rooms`] | rooms as a stream uses them |
//! | `house` | all rooms in memory: who is in them, what was shown |
//! | `writer` | the one task that writes posts, in groups |
//! | `reader` | the one task that shows posts, in order, once they are proven |
//! | `prover` | the one task that proves what was read |
//! | [`other_site`] | zero loss: a commit waits for the other site, too |
//! | `history` | what was said before: on entering, and by query |
//! | `post`, `render` | a post, and posts as text on a stream |
//! | `passing` | what is shown and not kept |
//! | `names`, `error`, `heard` | what the others are told in |
//! | [`peers`] | what servers tell each other |
//! | `bound` | one stream per full address, in the whole pool |
//! | [`accounts`], `reads` | logins; the few connections for reading |
//! | [`provision`], [`salvage`] | making rooms and accounts; bringing back what a lost site had |
//!
//! It knows nothing of who chooses the primary, of the control port, or of response groups.

pub mod accounts;
pub mod activity;
mod bound;
mod chat;
mod counts;
mod error;
mod heard;
mod history;
mod house;
mod names;
pub mod other_site;
pub mod outbox;
mod passing;
pub mod peers;
mod post;
mod prover;
pub mod provision;
mod reader;
mod reads;
mod render;
pub mod rooms;
pub mod salvage;
pub mod settings;
pub mod stream;
mod writer;

pub use chat::Chat;
pub use post::STANDFAST;
pub use reads::Unavailable;

/// The schema `chat`, for [`db::migrate`]. Afterwards [`provision::grant`] lets servers in.
pub const SCHEMA: &[db::Migration] = &[
    db::Migration { number: 1, name: "chat", sql: include_str!("../schema/001_chat.sql") },
    db::Migration { number: 2, name: "salvage", sql: include_str!("../schema/002_salvage.sql") },
    audit::migration(3),
    db::Migration {
        number: 4,
        name: "display name",
        sql: include_str!("../schema/004_display_name.sql"),
    },
];
