//! Accounts, rooms, and who is connected to the database that holds them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A connection to a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    /// Its number.
    pub pid: i32,
    /// The role.
    pub login: String,
    /// From where, if over the network.
    pub address: Option<String>,
    /// The database.
    pub database: Option<String>,
    /// What it calls itself.
    pub program: String,
    /// What it does: `active`, `idle`, ...
    pub status: Option<String>,
    /// When it connected.
    pub since: Option<Timestamp>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its bare address.
    pub address: String,
    /// The name that is shown; may be empty.
    pub display_name: String,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// An account to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Its bare address.
    pub address: String,
    /// The name that is shown; may be empty.
    pub display_name: String,
    /// Its password.
    pub password: Password,
}

/// A password: never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(********)")
    }
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Its name.
    pub name: String,
    /// Its address, which clients join.
    pub address: String,
    /// What it is for; may be empty.
    pub description: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// How many posts it holds.
    pub posts: Option<u64>,
}

/// A room to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRoom {
    /// Its name.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
}
