//! What else an old copy has that the present primary has not: rooms and accounts.
//!
//! Nothing of this is changed by itself: an administrator gets a command for each.

use super::SalvageError;
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;

/// Rooms and accounts as one copy has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// Name, title, description, disabled; by name.
    pub rooms: Vec<(String, String, String, bool)>,
    /// Local part, and a fingerprint of the keys; by local part.
    pub accounts: Vec<(String, String)>,
}

/// Something that the old copy has otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What it is.
    pub what: String,
    /// The command that makes the present primary like the old copy.
    pub command: String,
}

/// Reads the rooms and accounts of one copy.
pub async fn declared(client: &Client) -> Result<Declared, SalvageError> {
    let sql = "select name, title, description, disabled from chat.room order by name";
    let rows = client.query(sql, &[]).await?;
    let rooms = rows.iter().map(|r| (r.get(0), r.get(1), r.get(2), r.get(3))).collect();
    let sql = "select localpart, md5(stored_key) from chat.account order by localpart";
    let rows = client.query(sql, &[]).await?;
    let accounts = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    Ok(Declared { rooms, accounts })
}

/// What `old` has that `current` has not, or has otherwise. What only `current` has is newer.
pub fn differences(current: &Declared, old: &Declared) -> Vec<Difference> {
    let mut found = Vec::new();
    for (name, title, description, disabled) in &old.rooms {
        let Some(here) = current.rooms.iter().find(|room| room.0 == *name) else {
            let what = format!("room {name} is only in the old copy");
            found.push(Difference { what, command: make_room(name) });
            continue;
        };
        if here.1 != *title || here.2 != *description {
            found.push(Difference {
                what: format!("room {name} was called {title:?}, {description:?}"),
                command: format!(
                    "Set-CsPersistentChatRoom -Identity {} -Description {}",
                    quoted(name),
                    quoted(description)
                ),
            });
        }
        if here.3 != *disabled {
            let state = if *disabled { "disabled" } else { "enabled" };
            found.push(Difference {
                what: format!("room {name} was {state}"),
                command: format!(
                    "Set-CsPersistentChatRoom -Identity {} -Disabled ${disabled}",
                    quoted(name)
                ),
            });
        }
    }
    for (localpart, keys) in &old.accounts {
        let name = quoted(localpart);
        match current.accounts.iter().find(|account| account.0 == *localpart) {
            None => found.push(Difference {
                what: format!("account {localpart} is only in the old copy"),
                command: format!("New-CsPersistentChatUser -Identity {name}"),
            }),
            Some((_, here)) if here != keys => found.push(Difference {
                what: format!("account {localpart} had another password"),
                command: format!("Set-CsPersistentChatUser -Identity {name}"),
            }),
            Some(_) => {}
        }
    }
    found
}

/// The command that makes a room.
pub(super) fn make_room(name: &str) -> String {
    format!("New-CsPersistentChatRoom -Name {}", quoted(name))
}

/// A text as the shell reads it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_the_old_copy_has_otherwise_and_nothing_that_is_newer() {
        let room = |name: &str, disabled| (name.to_owned(), String::new(), String::new(), disabled);
        let account = |name: &str, keys: &str| (name.to_owned(), keys.to_owned());
        let old = Declared {
            rooms: vec![room("a", false), room("it's", false), room("c", true)],
            accounts: vec![account("x", "1"), account("y", "1")],
        };
        let current = Declared {
            rooms: vec![room("a", false), room("c", false), room("new", false)],
            accounts: vec![account("x", "2"), account("z", "1")],
        };
        let commands: Vec<String> =
            differences(&current, &old).into_iter().map(|found| found.command).collect();
        assert_eq!(
            commands,
            [
                "New-CsPersistentChatRoom -Name 'it''s'",
                "Set-CsPersistentChatRoom -Identity 'c' -Disabled $true",
                "Set-CsPersistentChatUser -Identity 'x'",
                "New-CsPersistentChatUser -Identity 'y'",
            ]
        );
    }
}
