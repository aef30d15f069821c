//! A few connections to one database, lent one at a time and kept while they are sound.

use crate::{ConnectError, Connection, Connections};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Why nothing was lent. It may be asked for again.
#[derive(Debug, thiserror::Error)]
pub enum NotLent {
    /// All were in use for as long as one was waited for.
    #[error("all connections to the database were in use for {0:?}")]
    Busy(Duration),
    /// There is no connection to the primary.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// The connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lending(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connections: Connections,
    database: String,
    wait: Duration,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

/// One of them. It is kept for others only if it is given back; dropped, it ends, and so does the
/// transaction that was under way.
#[derive(Debug)]
pub struct Lent {
    connection: Connection,
    lending: Lending,
    _permit: OwnedSemaphorePermit,
}

impl Lending {
    /// At most `most` connections to `database` on whoever is primary, each waited for at most so
    /// long. Connects only when asked to.
    pub fn new(connections: Connections, database: &str, most: usize, wait: Duration) -> Self {
        Self(Arc::new(Inner {
            connections,
            database: database.to_owned(),
            wait,
            permits: Arc::new(Semaphore::new(most)),
            idle: Mutex::default(),
        }))
    }

    /// Follows the primary.
    pub fn connections(&self) -> &Connections {
        &self.0.connections
    }

    /// Waits for a connection to the current primary.
    pub async fn take(&self) -> Result<Lent, NotLent> {
        let wait = self.0.wait;
        let permit = Arc::clone(&self.0.permits).acquire_owned();
        let permit = tokio::time::timeout(wait, permit).await.or(Err(NotLent::Busy(wait)))?;
        let permit = permit.expect("the semaphore is never closed");
        let connection = match self.idle() {
            Some(connection) => connection,
            None => self.0.connections.connect(&self.0.database).await?,
        };
        Ok(Lent { connection, lending: self.clone(), _permit: permit })
    }

    fn idle(&self) -> Option<Connection> {
        let primary = self.0.connections.primary();
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| {
            connection.doubt().is_none() && Some(connection.primary()) == primary.as_ref()
        });
        idle.pop()
    }
}

impl Lent {
    /// Gives the connection back, with no transaction under way and no answer to come.
    pub fn give_back(self) {
        let Self { connection, lending, .. } = self;
        if connection.doubt().is_none() {
            lending.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

impl Deref for Lent {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}
