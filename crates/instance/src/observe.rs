//! What an instance says of itself by SQL, with a deadline: a frozen server says nothing.

use std::net::IpAddr;
use std::time::Duration;

use tokio_postgres::types::PgLsn;
use tokio_postgres::{Client, Row};

use crate::connection::Connection;
use crate::slots::list_slots;
use crate::{Error, Instance, Lsn, Slot};

/// How long one observation may take.
const LIMIT: Duration = Duration::from_secs(3);

/// What was seen of a running instance, at one moment but for a few milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Is it a standby?
    pub in_recovery: bool,
    /// The timeline that it writes, or follows.
    pub timeline: u32,
    /// Of a primary: the end of the WAL that it has written to its own files.
    pub written: Option<Lsn>,
    /// Of a primary: the end of the WAL that is durable on it.
    pub flushed: Option<Lsn>,
    /// Of a standby: the end of the WAL that it has received and made durable by streaming.
    pub received: Option<Lsn>,
    /// Of a standby: the end of the WAL that it has replayed.
    pub replayed: Option<Lsn>,
    /// Of a standby: whether its replay was paused, or is about to be.
    pub replay_paused: bool,
    /// The value of `synchronous_standby_names` that is in force.
    pub synchronous_standby_names: String,
    /// Those who stream from it.
    pub senders: Vec<Sender>,
    /// Of a standby: its own stream.
    pub receiver: Option<WalReceiver>,
    pub slots: Vec<Slot>,
}

/// Somebody who streams WAL from this instance: a mirror, a receiver, a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub application_name: String,
    pub address: Option<IpAddr>,
    /// `startup`, `catchup`, `streaming`, `backup` or `stopping`.
    pub state: String,
    pub sync: SyncState,
    pub sent: Option<Lsn>,
    pub flushed: Option<Lsn>,
    pub replayed: Option<Lsn>,
}

/// Is a commit acknowledged after this one's flush?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncState {
    Async,
    /// Would be next.
    Potential,
    Sync,
    Quorum,
}

/// A standby's own stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalReceiver {
    /// `starting`, `streaming`, `waiting`, `restarting` or `stopping`.
    pub status: String,
    pub flushed: Option<Lsn>,
    pub timeline: u32,
    pub from_host: Option<String>,
    pub from_port: Option<i32>,
}

impl Observation {
    /// Observes over a connection of the caller's.
    pub async fn read(client: &Client) -> Result<Self, Error> {
        let state = one(client, STATE, "observe the instance").await?;
        let receiver = query(client, RECEIVER, "observe the receiver").await?;
        let senders = query(client, SENDERS, "observe the senders").await?;
        let receiver = receiver.first().map(receiver_of);
        let followed = receiver.as_ref().map_or(0, |it| it.timeline);
        Ok(Self {
            in_recovery: state.get(0),
            timeline: unsigned(state.get(1)).max(followed),
            written: lsn(&state, 2),
            flushed: lsn(&state, 3),
            received: lsn(&state, 4),
            replayed: lsn(&state, 5),
            synchronous_standby_names: state.get(6),
            replay_paused: state.get(7),
            senders: senders.iter().map(sender_of).collect(),
            receiver,
            slots: list_slots(client).await?,
        })
    }

    /// The stream of the standby with this exact name.
    pub fn sender(&self, application_name: &str) -> Option<&Sender> {
        self.senders.iter().find(|it| it.application_name == application_name)
    }

    /// Does every commit wait for the flush of the standby with this name, and is it there?
    pub fn is_synchronized_with(&self, application_name: &str) -> bool {
        !self.in_recovery
            && self.sender(application_name).is_some_and(|it| {
                it.sync == SyncState::Sync && it.state == "streaming" && it.flushed.is_some()
            })
    }
}

impl Instance {
    /// Observes over a connection that is kept for it.
    pub async fn observe(&self) -> Result<Observation, Error> {
        let mut warm = self.inner.warm.lock().await;
        let seen = tokio::time::timeout(LIMIT, async {
            let connection = self.sound(warm.take()).await?;
            let seen = Observation::read(&connection).await?;
            // Kept only if it worked.
            *warm = Some(connection);
            Ok(seen)
        });
        let doing = || format!("observe instance {}", self.name());
        seen.await.map_err(|_| Error::TimedOut { doing: doing(), limit: LIMIT })?
    }

    /// The connection that is kept, or a new one. Whoever is done gives it back.
    pub(crate) async fn take_warm(&self) -> Result<Connection, Error> {
        let kept = self.inner.warm.lock().await.take();
        self.sound(kept).await
    }

    async fn sound(&self, kept: Option<Connection>) -> Result<Connection, Error> {
        match kept {
            Some(connection) if !connection.is_closed() => Ok(connection),
            _ => self.connect("postgres").await,
        }
    }

    pub(crate) async fn keep_warm(&self, connection: Connection) {
        self.inner.warm.lock().await.get_or_insert(connection);
    }
}

/// A primary's timeline is that of the WAL it writes: its control file lags after a promotion. A
/// standby's is what its control file or its stream knows, whichever is later.
const STATE: &str = "
    select r.in_recovery,
           case when r.in_recovery
                then greatest((select timeline_id from pg_control_checkpoint()),
                              (select min_recovery_end_timeline from pg_control_recovery()))
                else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end,
           case when not r.in_recovery then pg_current_wal_lsn() end,
           case when not r.in_recovery then pg_current_wal_flush_lsn() end,
           case when r.in_recovery then pg_last_wal_receive_lsn() end,
           case when r.in_recovery then pg_last_wal_replay_lsn() end,
           current_setting('synchronous_standby_names'),
           case when r.in_recovery then pg_is_wal_replay_paused() else false end
    from (select pg_is_in_recovery() as in_recovery offset 0) as r";

const SENDERS: &str = "
    select application_name, client_addr, state, sync_state, sent_lsn, flush_lsn, replay_lsn
    from pg_stat_replication where state is not null order by application_name, pid";

const RECEIVER: &str = "
    select status, flushed_lsn, received_tli, sender_host, sender_port from pg_stat_wal_receiver";

async fn one(client: &Client, sql: &str, doing: &'static str) -> Result<Row, Error> {
    client.query_one(sql, &[]).await.map_err(|source| Error::Sql { doing, source })
}

async fn query(client: &Client, sql: &str, doing: &'static str) -> Result<Vec<Row>, Error> {
    client.query(sql, &[]).await.map_err(|source| Error::Sql { doing, source })
}

fn lsn(row: &Row, column: usize) -> Option<Lsn> {
    row.get::<_, Option<PgLsn>>(column).map(Lsn::from)
}

/// `PostgreSQL` has no unsigned numbers, and a timeline is one.
fn unsigned(number: Option<i32>) -> u32 {
    number.unwrap_or(0).cast_unsigned()
}

fn sender_of(row: &Row) -> Sender {
    Sender {
        application_name: row.get(0),
        address: row.get(1),
        state: row.get(2),
        sync: match row.get(3) {
            Some("sync") => SyncState::Sync,
            Some("quorum") => SyncState::Quorum,
            Some("potential") => SyncState::Potential,
            _ => SyncState::Async,
        },
        sent: lsn(row, 4),
        flushed: lsn(row, 5),
        replayed: lsn(row, 6),
    }
}

fn receiver_of(row: &Row) -> WalReceiver {
    WalReceiver {
        status: row.get(0),
        flushed: lsn(row, 1),
        timeline: unsigned(row.get(2)),
        from_host: row.get(3),
        from_port: row.get(4),
    }
}
