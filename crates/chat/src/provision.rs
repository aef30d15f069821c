//! Making accounts and rooms. Administrators do this, by a connection that may write tables.

mod bootstrap;

pub use bootstrap::{Bootstrap, BootstrapError, Made};

use crate::accounts::{BadPassword, ITERATIONS_MIN, ScramKeys};
use db::MigrateError;
use std::time::SystemTime;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use uuid::Uuid;
use xmpp::jid::NodePart;

/// The most characters of a display name.
pub const DISPLAY_NAME_MAX: usize = 256;

/// Why an account or a room was not made, changed or removed. Nothing was, then.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The name cannot be the local part of an address.
    #[error(
        "{name:?} cannot be the first part of an address: no blanks, no capitals, none of \
         \" & ' / : < > @; {}",
        instead(usable)
    )]
    BadName {
        /// The name as given.
        name: String,
        /// What XMPP would make of it; empty if nothing.
        usable: String,
    },
    /// There is one of that name.
    #[error("there is already {what} called {name}; choose another name")]
    Exists {
        /// An account, or a room.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// There is none of that name.
    #[error("there is no {what} called {name}; look at the list")]
    Missing {
        /// Account, or room.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The room has posts, which nothing here throws away.
    #[error("room {name} has {posts} posts, and posts are never thrown away; disable it instead")]
    HasPosts {
        /// The room.
        name: String,
        /// How many.
        posts: i64,
    },
    /// Nobody could show it.
    #[error("a display name has at most {DISPLAY_NAME_MAX} characters; shorten it")]
    LongDisplayName,
    /// Keys that no client could satisfy.
    #[error("these SCRAM keys are not usable: two keys of 32 bytes, at least 4096 iterations")]
    BadKeys,
    /// The password cannot be used.
    #[error(transparent)]
    BadPassword(#[from] BadPassword),
    /// The database did not do it.
    #[error("the database did not take the change")]
    Database(#[from] tokio_postgres::Error),
}

/// A room to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRoom {
    /// The local part of its address.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it is for.
    pub description: String,
}

/// A room as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRow {
    /// Made once, the same at both sites.
    pub id: Uuid,
    /// The local part of its address.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Nobody may enter or post.
    pub disabled: bool,
    /// How many posts stand in it.
    pub posts: i64,
    /// When it was made.
    pub created_at: SystemTime,
}

/// An account as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// The local part of its address.
    pub localpart: String,
    /// The name that is shown; may be empty.
    pub display_name: String,
    /// When it was made.
    pub created_at: SystemTime,
}

/// The role in `PostgreSQL` of chat servers.
pub const ROLE: &str = "standfast_chat";

/// Brings the schema up to date and lets chat servers in. Run it again at any time.
pub async fn prepare(client: &Client) -> Result<(), MigrateError> {
    db::migrate(client, crate::SCHEMA).await?;
    grant(client).await?;
    Ok(())
}

/// Lets chat servers do what they may, where their role and the term's table exist; and hosts add
/// to the audit trail.
pub async fn grant(client: &Client) -> Result<(), tokio_postgres::Error> {
    db::grant(client, ROLE, include_str!("../schema/grants.sql")).await?;
    audit::grant(client).await
}

/// Makes an account.
pub async fn create_account(
    client: &Client,
    localpart: &str,
    display_name: &str,
    keys: &ScramKeys,
) -> Result<(), ProvisionError> {
    let name = checked(localpart)?;
    if DISPLAY_NAME_MAX < display_name.chars().count() {
        return Err(ProvisionError::LongDisplayName);
    }
    let iterations = usable(keys)?;
    let ScramKeys { salt, stored_key, server_key, .. } = keys;
    let sql = "insert into chat.account
                 (localpart, display_name, salt, iterations, stored_key, server_key)
               values ($1, $2, $3, $4, $5, $6) on conflict do nothing";
    let made = client
        .execute(sql, &[&name, &display_name, salt, &iterations, stored_key, server_key])
        .await?;
    if made == 0 {
        return Err(ProvisionError::Exists { what: "an account", name });
    }
    Ok(())
}

/// Gives an account other keys: another password.
pub async fn set_keys(
    client: &Client,
    localpart: &str,
    keys: &ScramKeys,
) -> Result<(), ProvisionError> {
    let iterations = usable(keys)?;
    let sql = "update chat.account
               set salt = $2, iterations = $3, stored_key = $4, server_key = $5
               where localpart = $1";
    let changed = client
        .execute(sql, &[&localpart, &keys.salt, &iterations, &keys.stored_key, &keys.server_key])
        .await?;
    found(changed, "account", localpart)
}

/// Removes an account. What it has posted stays.
pub async fn remove_account(client: &Client, localpart: &str) -> Result<(), ProvisionError> {
    let sql = "delete from chat.account where localpart = $1";
    found(client.execute(sql, &[&localpart]).await?, "account", localpart)
}

/// All accounts, by name.
pub async fn accounts(client: &Client) -> Result<Vec<AccountRow>, ProvisionError> {
    let sql = "select localpart, display_name, created_at from chat.account order by localpart";
    let rows = client.query(sql, &[]).await?;
    let account = |row: &tokio_postgres::Row| AccountRow {
        localpart: row.get(0),
        display_name: row.get(1),
        created_at: row.get(2),
    };
    Ok(rows.iter().map(account).collect())
}

/// Makes a room and tells its id.
pub async fn create_room(client: &Client, room: &NewRoom) -> Result<Uuid, ProvisionError> {
    let name = checked(&room.name)?;
    let title = if room.title.is_empty() { &name } else { &room.title };
    let id = Uuid::now_v7();
    let sql = "insert into chat.room (id, name, title, description) values ($1, $2, $3, $4)
               on conflict do nothing";
    if client.execute(sql, &[&id, &name, title, &room.description]).await? == 0 {
        return Err(ProvisionError::Exists { what: "a room", name });
    }
    Ok(id)
}

/// Whether there is any room.
pub async fn has_rooms(client: &Client) -> Result<bool, ProvisionError> {
    let row = client.query_one("select exists (select from chat.room)", &[]).await?;
    Ok(row.get(0))
}

/// Removes a room that has no posts.
pub async fn remove_room(client: &Client, name: &str) -> Result<(), ProvisionError> {
    let sql = "select next_position - 1 from chat.room where name = $1";
    let posts = client.query_opt(sql, &[&name]).await?.map_or(0, |row| row.get(0));
    let has_posts = ProvisionError::HasPosts { name: name.to_owned(), posts };
    if posts > 0 {
        return Err(has_posts);
    }
    let sql = "delete from chat.room where name = $1";
    match client.execute(sql, &[&name]).await {
        Ok(removed) => found(removed, "room", name),
        // Somebody posted meanwhile.
        Err(error) if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) => Err(has_posts),
        Err(error) => Err(error.into()),
    }
}

/// Closes a room: nobody may enter or post any more.
pub async fn disable_room(client: &Client, name: &str) -> Result<(), ProvisionError> {
    let sql = "update chat.room set disabled = true where name = $1";
    found(client.execute(sql, &[&name]).await?, "room", name)
}

/// Opens a room again.
pub async fn enable_room(client: &Client, name: &str) -> Result<(), ProvisionError> {
    let sql = "update chat.room set disabled = false where name = $1";
    found(client.execute(sql, &[&name]).await?, "room", name)
}

/// All rooms, by name.
pub async fn rooms(client: &Client) -> Result<Vec<RoomRow>, ProvisionError> {
    let sql = "select id, name, title, description, disabled, next_position - 1, created_at
               from chat.room order by name";
    let rows = client.query(sql, &[]).await?;
    let room = |row: &tokio_postgres::Row| RoomRow {
        id: row.get(0),
        name: row.get(1),
        title: row.get(2),
        description: row.get(3),
        disabled: row.get(4),
        posts: row.get(5),
        created_at: row.get(6),
    };
    Ok(rows.iter().map(room).collect())
}

fn found(changed: u64, what: &'static str, name: &str) -> Result<(), ProvisionError> {
    if changed == 0 {
        return Err(ProvisionError::Missing { what, name: name.to_owned() });
    }
    Ok(())
}

/// A name as XMPP writes it; one that it would write otherwise is refused, so that nobody wonders.
fn checked(name: &str) -> Result<String, ProvisionError> {
    let usable = NodePart::new(name).map(|part| part.to_string()).unwrap_or_default();
    if usable == name && !usable.is_empty() {
        return Ok(usable);
    }
    Err(ProvisionError::BadName { name: name.to_owned(), usable })
}

/// What could be taken for it.
fn instead(usable: &str) -> String {
    if usable.is_empty() { "choose another".to_owned() } else { format!("use {usable:?}") }
}

fn usable(keys: &ScramKeys) -> Result<i32, ProvisionError> {
    let sizes = keys.stored_key.len() == 32 && keys.server_key.len() == 32 && !keys.salt.is_empty();
    match i32::try_from(keys.iterations) {
        Ok(iterations) if sizes && keys.iterations >= ITERATIONS_MIN => Ok(iterations),
        Ok(_) | Err(_) => Err(ProvisionError::BadKeys),
    }
}
