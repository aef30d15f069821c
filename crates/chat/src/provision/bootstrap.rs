//! A file with the first accounts and rooms of a pool.
//!
//! ```toml
//! [[user]]
//! name = "alice"
//! password = "correct horse"
//!
//! [[user]]
//! name = "bob"
//! scram = { salt = "BASE64", iterations = 10000, stored_key = "BASE64", server_key = "BASE64" }
//!
//! [[room]]
//! name = "operations"
//! title = "Operations"
//! description = "What is going on."
//! ```

use super::{NewRoom, ProvisionError, create_account, create_room};
use crate::accounts::{BadPassword, ScramKeys};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tokio_postgres::Client;

/// The accounts and rooms to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bootstrap {
    /// Local part and keys.
    pub accounts: Vec<(String, ScramKeys)>,
    /// The rooms.
    pub rooms: Vec<NewRoom>,
}

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// It is not TOML, or has keys that nobody knows.
    #[error("the bootstrap file cannot be read: {0}")]
    Toml(#[from] toml::de::Error),
    /// An account has both password and keys, or neither.
    #[error("user {0} needs a password or SCRAM keys, and not both")]
    OneSecret(String),
    /// The keys are not BASE64.
    #[error("the SCRAM keys of user {0} are not BASE64")]
    Base64(String),
    /// The password cannot be used.
    #[error("user {name}: {source}")]
    Password {
        /// The account.
        name: String,
        /// Why.
        source: BadPassword,
    },
}

/// What was made; the rest was there already and was left alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Accounts made.
    pub accounts: usize,
    /// Rooms made.
    pub rooms: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    user: Vec<User>,
    #[serde(default)]
    room: Vec<Room>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    name: String,
    password: Option<String>,
    scram: Option<Scram>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scram {
    salt: String,
    iterations: u32,
    stored_key: String,
    server_key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Room {
    name: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
}

impl Bootstrap {
    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, BootstrapError> {
        let File { user, room } = toml::from_str(text)?;
        let accounts = user.into_iter().map(account).collect::<Result<_, _>>()?;
        let new = |Room { name, title, description }| NewRoom { name, title, description };
        Ok(Self { accounts, rooms: room.into_iter().map(new).collect() })
    }

    /// Makes what is not there yet.
    pub async fn apply(&self, client: &Client) -> Result<Made, ProvisionError> {
        let mut made = Made::default();
        for (name, keys) in &self.accounts {
            match create_account(client, name, "", keys).await {
                Ok(()) => made.accounts += 1,
                Err(ProvisionError::Exists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        for room in &self.rooms {
            match create_room(client, room).await {
                Ok(_) => made.rooms += 1,
                Err(ProvisionError::Exists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(made)
    }
}

fn account(user: User) -> Result<(String, ScramKeys), BootstrapError> {
    let User { name, password, scram } = user;
    let keys = match (password, scram) {
        (Some(password), None) => ScramKeys::of_password(&password)
            .map_err(|source| BootstrapError::Password { name: name.clone(), source })?,
        (None, Some(scram)) => {
            let decode = |text: &str| {
                STANDARD.decode(text).map_err(|_| BootstrapError::Base64(name.clone()))
            };
            ScramKeys {
                salt: decode(&scram.salt)?,
                iterations: scram.iterations,
                stored_key: decode(&scram.stored_key)?,
                server_key: decode(&scram.server_key)?,
            }
        }
        (Some(_), Some(_)) | (None, None) => return Err(BootstrapError::OneSecret(name)),
    };
    Ok((name, keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_users_and_rooms_and_says_what_is_wrong() {
        let text = "[[user]]\nname = 'a'\npassword = 'secret'\n[[room]]\nname = 'ops'\n";
        let bootstrap = Bootstrap::parse(text).unwrap();
        assert!(bootstrap.accounts[0].1.matches("secret"));
        assert!(!bootstrap.accounts[0].1.matches("Secret"));
        assert_eq!(bootstrap.rooms[0].name, "ops");
        let none = Bootstrap::parse("[[user]]\nname = 'a'\n");
        assert!(matches!(none, Err(BootstrapError::OneSecret(name)) if name == "a"));
        let unknown = Bootstrap::parse("[[user]]\nname = 'a'\npasswort = 'x'\n").unwrap_err();
        assert!(unknown.to_string().contains("line 3"), "{unknown}");
    }
}
