//! Persistent chat: accounts, rooms, posts, history.
//!
//! The database is the truth and memory a cache with a name. A post is seen by nobody before it is
//! as durable as the primary promises; its echo is the receipt.

pub mod accounts;
pub mod activity;
pub mod outbox;
mod reads;
pub mod rooms;
pub mod settings;
pub mod stream;

pub use reads::Unavailable;
