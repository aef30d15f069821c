//! Persistent chat: rooms, posts, history.
