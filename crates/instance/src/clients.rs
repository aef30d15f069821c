//! Who is connected to an instance.

use std::time::{Duration, SystemTime};

use crate::{Connection, Error};

/// A connection of somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The process that serves it.
    pub pid: i32,
    /// The role.
    pub role: String,
    /// From where, if over the network.
    pub address: Option<String>,
    /// The database.
    pub database: Option<String>,
    /// What it calls itself.
    pub program: String,
    /// What it does, in the words of `pg_stat_activity`.
    pub state: Option<String>,
    /// When it connected.
    pub since: SystemTime,
}

/// Everybody who is connected, mirrors among them, but for this connection.
pub async fn clients(connection: &Connection) -> Result<Vec<Client>, Error> {
    let sql = "select pid, usename::text, host(client_addr), datname::text, application_name,
                 state, extract(epoch from backend_start)::bigint
               from pg_stat_activity
               where backend_type in ('client backend', 'walsender') and pid <> pg_backend_pid()
               order by pid";
    let rows = connection.query(sql, &[]).await;
    let rows = rows.map_err(|source| Error::Sql { doing: "list who is connected", source })?;
    let client = |row: &tokio_postgres::Row| Client {
        pid: row.get(0),
        role: row.get::<_, Option<String>>(1).unwrap_or_default(),
        address: row.get(2),
        database: row.get(3),
        program: row.get::<_, Option<String>>(4).unwrap_or_default(),
        state: row.get(5),
        since: SystemTime::UNIX_EPOCH
            + Duration::from_secs(u64::try_from(row.get::<_, i64>(6)).unwrap_or_default()),
    };
    Ok(rows.iter().map(client).collect())
}

/// Ends a connection to a database that came over the network: never a mirror's, never a keeper's.
/// Tells whether there was one.
pub async fn end_client(connection: &Connection, pid: i32) -> Result<bool, Error> {
    let sql = "select pg_terminate_backend(pid) from pg_stat_activity
               where pid = $1 and backend_type = 'client backend' and client_addr is not null";
    let ended = connection.query_opt(sql, &[&pid]).await;
    let ended = ended.map_err(|source| Error::Sql { doing: "end a connection", source })?;
    Ok(ended.is_some_and(|row| row.get(0)))
}
