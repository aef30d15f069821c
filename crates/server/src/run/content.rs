//! Accounts and rooms: asked of the host that has the primary, done there as the owner.

use admin::deployment::Connected;
use chat::accounts::ScramKeys;
use chat::provision::{self, AccountRow, NewRoom, ProvisionError, RoomRow};
use control::{Client, Destination, Peer, Refusal, Router};
use jiff::Timestamp;
use recovery::keeper::Handle;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

const DO: &str = "content/do";
/// How long the database may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is asked of the content.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    Users,
    CreateUser { localpart: String, display_name: String, keys: Keys },
    SetKeys { localpart: String, keys: Keys },
    RemoveUser { localpart: String },
    Rooms,
    CreateRoom { name: String, description: String },
    RemoveRoom { name: String },
    Connections,
    EndConnection { pid: i32 },
}

/// SCRAM keys on their way: never the password itself.
#[derive(Serialize, Deserialize)]
pub(crate) struct Keys {
    salt: Vec<u8>,
    iterations: u32,
    stored_key: Vec<u8>,
    server_key: Vec<u8>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(********)")
    }
}

/// What the content answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Done,
    Users(Vec<UserSeen>),
    Rooms(Vec<RoomSeen>),
    Connections(Vec<Connected>),
}

/// An account as it stands.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UserSeen {
    pub(crate) localpart: String,
    pub(crate) display_name: String,
    /// Seconds since 1970.
    pub(crate) created: i64,
}

/// A room as it stands.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RoomSeen {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) created: i64,
    pub(crate) posts: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Request {
    store: String,
    order: Order,
}

impl From<ScramKeys> for Keys {
    fn from(keys: ScramKeys) -> Self {
        let ScramKeys { salt, iterations, stored_key, server_key } = keys;
        Self { salt, iterations, stored_key, server_key }
    }
}

impl From<Keys> for ScramKeys {
    fn from(keys: Keys) -> Self {
        let Keys { salt, iterations, stored_key, server_key } = keys;
        Self { salt, iterations, stored_key, server_key }
    }
}

/// Serves orders for the primaries of this host.
pub(crate) fn install(router: Router, keepers: &[Handle]) -> Router {
    let keepers: Arc<[Handle]> = keepers.to_vec().into();
    router.on(DO, move |peer: Peer, asked: Request| {
        let keepers = Arc::clone(&keepers);
        async move {
            if !matches!(peer, Peer::Host(_)) {
                return Err(Refusal::new(
                    "hosts_only",
                    format!("{peer} may not change accounts or rooms this way"),
                    "use a cmdlet of the management shell",
                ));
            }
            let keeper = keepers.iter().find(|keeper| keeper.store == asked.store);
            let away = |why: String| Refusal::new("away", why, "try again in a moment");
            let keeper = keeper.ok_or_else(|| away(format!("{} is not here", asked.store)))?;
            let client = keeper.connect_primary().await.map_err(away)?;
            perform(&client, asked.order).await
        }
    })
}

async fn perform(client: &instance::Connection, order: Order) -> Result<Answer, Refusal> {
    let done = match order {
        Order::Users => {
            let rows = provision::accounts(client).await.map_err(|error| refuse(&error))?;
            return Ok(Answer::Users(rows.into_iter().map(user).collect()));
        }
        Order::Rooms => {
            let rows = provision::rooms(client).await.map_err(|error| refuse(&error))?;
            return Ok(Answer::Rooms(rows.into_iter().map(room).collect()));
        }
        Order::Connections => return connections(client).await,
        Order::EndConnection { pid } => return end_connection(client, pid).await,
        Order::CreateUser { localpart, display_name, keys } => {
            provision::create_account(client, &localpart, &display_name, &keys.into()).await
        }
        Order::SetKeys { localpart, keys } => {
            provision::set_keys(client, &localpart, &keys.into()).await
        }
        Order::RemoveUser { localpart } => provision::remove_account(client, &localpart).await,
        Order::CreateRoom { name, description } => {
            let new = NewRoom { title: name.clone(), name, description };
            provision::create_room(client, &new).await.map(|_| ())
        }
        Order::RemoveRoom { name } => provision::remove_room(client, &name).await,
    };
    done.map(|()| Answer::Done).map_err(|error| refuse(&error))
}

async fn connections(client: &instance::Connection) -> Result<Answer, Refusal> {
    let all = instance::clients(client).await.map_err(|error| database(&error))?;
    let seen = all.into_iter().map(|it| Connected {
        pid: it.pid,
        login: it.role,
        address: it.address,
        database: it.database,
        program: it.program,
        status: it.state,
        since: Timestamp::try_from(it.since).ok(),
    });
    Ok(Answer::Connections(seen.collect()))
}

async fn end_connection(client: &instance::Connection, pid: i32) -> Result<Answer, Refusal> {
    match instance::end_client(client, pid).await {
        Ok(true) => Ok(Answer::Done),
        Ok(false) => Err(Refusal::new(
            "missing",
            format!("no server has the connection {pid}"),
            "`exec sp_who2` lists all; mirrors and keepers are not ended this way",
        )),
        Err(error) => Err(database(&error)),
    }
}

fn database(error: &instance::Error) -> Refusal {
    Refusal::new("database", error.to_string(), "try again in a moment")
}

fn user(row: AccountRow) -> UserSeen {
    let AccountRow { localpart, display_name, created_at } = row;
    UserSeen { localpart, display_name, created: seconds(created_at) }
}

fn room(row: RoomRow) -> RoomSeen {
    RoomSeen {
        name: row.name,
        description: row.description,
        created: seconds(row.created_at),
        posts: row.posts,
    }
}

fn seconds(time: std::time::SystemTime) -> i64 {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn refuse(error: &ProvisionError) -> Refusal {
    let code = match error {
        ProvisionError::Exists { .. } => "exists",
        ProvisionError::Missing { .. } => "missing",
        ProvisionError::BadName { .. }
        | ProvisionError::BadKeys
        | ProvisionError::LongDisplayName
        | ProvisionError::BadPassword(_)
        | ProvisionError::HasPosts { .. } => "refused",
        ProvisionError::Database(_) => "database",
    };
    Refusal::new(code, error.to_string(), "")
}

/// Asks the keeper of the primary `store` on `host`.
pub(crate) async fn ask(
    client: &Client,
    host: &Destination,
    store: &str,
    order: Order,
) -> Result<Answer, control::CallError> {
    client.call(host, DO, &Request { store: store.to_owned(), order }, PATIENCE).await
}
