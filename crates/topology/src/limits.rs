//! What clients may have of one chat server: the settings under `[pool.limits]`.

use serde::{Deserialize, Serialize};

/// The limits that an administrator may set. Each holds at every chat server of the pool by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientLimits {
    /// Connections of all clients together, those that have not logged in yet included.
    pub connections: usize,
    /// Connections that one user is logged in with.
    pub connections_per_user: usize,
    /// Connections from one address that have not logged in yet.
    pub strangers_per_address: usize,
    /// Bytes of one stanza of a client that has logged in. Before that RFC 6120's least holds.
    pub stanza_bytes: usize,
    /// Rooms that one user may be in, with all connections together.
    pub rooms_per_user: usize,
    /// Stanzas that may wait for one client that does not read; at one more it is cut off.
    pub queue_stanzas: usize,
    /// Bytes that may wait for one client that does not read; at one more it is cut off.
    pub queue_bytes: usize,
}

/// One limit: its key in the file, what it is when nothing is said, and what may be said.
pub(crate) struct Row {
    pub(crate) key: &'static str,
    pub(crate) least: usize,
    pub(crate) most: usize,
    pub(crate) of: fn(&mut ClientLimits) -> &mut usize,
}

/// Every limit. The least of each lets a single client with one busy room live: RFC 6120 section
/// 13.12 asks for stanzas of 10,000 bytes, and entering a room brings a megabyte of history.
pub(crate) const ROWS: [Row; 7] = [
    Row { key: "connections", least: 10, most: 1_000_000, of: |it| &mut it.connections },
    Row {
        key: "connections_per_user",
        least: 1,
        most: 10_000,
        of: |it| &mut it.connections_per_user,
    },
    Row {
        key: "strangers_per_address",
        least: 1,
        most: 100_000,
        of: |it| &mut it.strangers_per_address,
    },
    Row { key: "stanza_bytes", least: 10_000, most: 1 << 20, of: |it| &mut it.stanza_bytes },
    Row { key: "rooms_per_user", least: 1, most: 10_000, of: |it| &mut it.rooms_per_user },
    Row { key: "queue_stanzas", least: 1_000, most: 1_000_000, of: |it| &mut it.queue_stanzas },
    Row { key: "queue_bytes", least: 4 << 20, most: 1 << 30, of: |it| &mut it.queue_bytes },
];

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_user: 50,
            strangers_per_address: 256,
            stanza_bytes: 262_144,
            rooms_per_user: 100,
            queue_stanzas: 20_000,
            queue_bytes: 8 << 20,
        }
    }
}

impl ClientLimits {
    /// Every limit with the key under which it stands in the file.
    pub(crate) fn by_key(mut self) -> impl Iterator<Item = (&'static str, usize)> {
        ROWS.iter().map(move |row| (row.key, *(row.of)(&mut self)))
    }
}
