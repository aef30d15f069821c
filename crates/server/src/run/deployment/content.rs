//! Accounts and rooms, asked of whoever has the primary.

use admin::deployment::{Connected, NewRoom, NewUser, Password, Room, User};
use admin::{Fault, FaultKind};
use chat::accounts::ScramKeys;
use control::CallError;
use jiff::Timestamp;
use topology::Pool;

use super::{Reached, unavailable};
use crate::run::content::{self, Answer, Order, RoomSeen, UserSeen};

impl Reached {
    pub(super) async fn list_users(&self, pool: String) -> Result<Vec<User>, Fault> {
        let pool = self.pool(&pool)?;
        let Answer::Users(users) = self.ask(&pool, Order::Users).await? else {
            return Err(unavailable("that host answered another question"));
        };
        let domain = &self.host.topology.domain;
        let user = |UserSeen { localpart, display_name, created }: UserSeen| User {
            address: format!("{localpart}@{domain}"),
            display_name,
            created: Timestamp::from_second(created).ok(),
        };
        Ok(users.into_iter().map(user).collect())
    }

    pub(super) async fn make_user(&self, pool: String, user: NewUser) -> Result<User, Fault> {
        let declared = self.pool(&pool)?;
        let NewUser { address, display_name, password } = user;
        let localpart = self.localpart(&address)?;
        let keys = derive(password).await?.into();
        self.change(&declared, Order::CreateUser { localpart, display_name, keys }).await?;
        let users = self.list_users(pool).await?;
        let made = users.into_iter().find(|user| user.address.eq_ignore_ascii_case(&address));
        made.ok_or_else(|| unavailable(format!("{address} was made and is not listed yet")))
    }

    pub(super) async fn change_password(
        &self,
        pool: String,
        address: String,
        password: Password,
    ) -> Result<(), Fault> {
        let pool = self.pool(&pool)?;
        let localpart = self.localpart(&address)?;
        let keys = derive(password).await?;
        self.change(&pool, Order::SetKeys { localpart, keys: keys.into() }).await
    }

    pub(super) async fn drop_user(&self, pool: String, address: String) -> Result<(), Fault> {
        let pool = self.pool(&pool)?;
        let localpart = self.localpart(&address)?;
        self.change(&pool, Order::RemoveUser { localpart }).await
    }

    pub(super) async fn list_rooms(&self, pool: String) -> Result<Vec<Room>, Fault> {
        let pool = self.pool(&pool)?;
        let Answer::Rooms(rooms) = self.ask(&pool, Order::Rooms).await? else {
            return Err(unavailable("that host answered another question"));
        };
        Ok(rooms.into_iter().map(|room| seen(&pool, room)).collect())
    }

    pub(super) async fn make_room(&self, pool: String, room: NewRoom) -> Result<Room, Fault> {
        let declared = self.pool(&pool)?;
        let NewRoom { name, description } = room;
        self.change(&declared, Order::CreateRoom { name: name.clone(), description }).await?;
        let rooms = self.list_rooms(pool).await?;
        let made = rooms.into_iter().find(|room| room.name.eq_ignore_ascii_case(&name));
        made.ok_or_else(|| unavailable(format!("room {name} was made and is not listed yet")))
    }

    pub(super) async fn drop_room(&self, pool: String, name: String) -> Result<(), Fault> {
        let pool = self.pool(&pool)?;
        self.change(&pool, Order::RemoveRoom { name }).await
    }

    pub(super) async fn list_connections(&self, pool: String) -> Result<Vec<Connected>, Fault> {
        let pool = self.pool(&pool)?;
        match self.ask(&pool, Order::Connections).await? {
            Answer::Connections(all) => Ok(all),
            _ => Err(unavailable("that host answered another question")),
        }
    }

    pub(super) async fn stop_connection(&self, pool: String, pid: i32) -> Result<(), Fault> {
        let pool = self.pool(&pool)?;
        self.change(&pool, Order::EndConnection { pid }).await
    }

    async fn change(&self, pool: &Pool, order: Order) -> Result<(), Fault> {
        self.ask(pool, order).await.map(|_| ())
    }

    async fn ask(&self, pool: &Pool, order: Order) -> Result<Answer, Fault> {
        let observed = self.procedures.look(pool).await;
        let primary = observed.serving().and_then(|(_, record)| record.primary());
        let primary = primary.ok_or_else(|| {
            unavailable(format!("nobody is known to be primary of {}", pool.fqdn))
        })?;
        let host = self.host.topology.host_of_store(primary);
        let host = host.ok_or_else(|| unavailable(format!("{primary} has no host")))?;
        let destination = self.host.destination(&host.name);
        content::ask(&self.host.client, &destination, primary, order).await.map_err(fault)
    }

    /// The first part of an address of this deployment's domain.
    fn localpart(&self, address: &str) -> Result<String, Fault> {
        let domain = &self.host.topology.domain;
        match address.split_once('@') {
            None => Ok(address.to_owned()),
            Some((local, of)) if of.eq_ignore_ascii_case(domain) => Ok(local.to_owned()),
            Some((_, of)) => Err(Fault::misspoken(
                format!("{address} is of the domain {of}"),
                format!("accounts here are of {domain}"),
            )),
        }
    }
}

fn seen(pool: &Pool, room: RoomSeen) -> Room {
    let domain = pool.chat().map(|chat| chat.rooms.as_str()).unwrap_or_default();
    Room {
        address: format!("{}@{domain}", room.name),
        name: room.name,
        description: room.description,
        created: Timestamp::from_second(room.created).ok(),
        posts: u64::try_from(room.posts).ok(),
    }
}

/// Deriving keys takes processor time by design: off the runtime's threads.
async fn derive(password: Password) -> Result<ScramKeys, Fault> {
    tokio::task::spawn_blocking(move || ScramKeys::of_password(&password.0))
        .await
        .map_err(|error| unavailable(error.to_string()))?
        .map_err(|error| Fault::misspoken(error.to_string(), "choose another password"))
}

fn fault(error: CallError) -> Fault {
    match error {
        CallError::Refused(refusal) => {
            let kind = match refusal.code.as_str() {
                "exists" => FaultKind::Conflict,
                "missing" => FaultKind::Missing,
                "refused" => FaultKind::Misspoken,
                _ => FaultKind::Unavailable,
            };
            Fault::new(kind, &refusal.code, refusal.message, refusal.hint)
        }
        unknown if unknown.is_outcome_unknown() => {
            let hint = "look whether it was done before you repeat it";
            Fault::new(FaultKind::Unknown, "unknown", unknown.to_string(), hint)
        }
        away => unavailable(away.to_string()),
    }
}
