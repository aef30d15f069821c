//! A few connections to the pool's database, kept while they are sound.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use db::{Connection, Connections};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::RgsError;
use crate::schema::DATABASE;

/// How many may be open at a time.
const CONNECTIONS_MAX: usize = 8;

/// How long to wait for one of them.
const LEASE_WAIT: Duration = Duration::from_secs(10);

/// How long a statement may take; a commit has a limit of its own.
const STATEMENT_WAIT: Duration = Duration::from_mins(1);

/// Values of a statement.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// The connections of one pool. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Leases(Arc<Inner>);

struct Inner {
    pool: String,
    connections: Connections,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

/// One of them. It is kept for others only if it is given back; dropped, it ends, and so does the
/// transaction that was under way.
#[derive(Debug)]
pub(super) struct Lease {
    connection: Connection,
    leases: Leases,
    _permit: OwnedSemaphorePermit,
}

impl Leases {
    pub(super) fn new(pool: &str, connections: Connections) -> Self {
        Self(Arc::new(Inner {
            pool: pool.to_owned(),
            connections,
            permits: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            idle: Mutex::default(),
        }))
    }

    /// The pool that hosts what the database holds.
    pub(super) fn pool(&self) -> &str {
        &self.0.pool
    }

    /// Follows the primary.
    pub(super) fn connections(&self) -> &Connections {
        &self.0.connections
    }

    /// Waits for a connection to the current primary.
    pub(super) async fn take(&self) -> Result<Lease, RgsError> {
        let permit = Arc::clone(&self.0.permits).acquire_owned();
        let permit = tokio::time::timeout(LEASE_WAIT, permit).await;
        let permit = permit.map_err(|_| RgsError::Busy { pool: self.pool().to_owned() })?;
        let permit = permit.expect("the semaphore is never closed");
        let connection = if let Some(connection) = self.idle() {
            connection
        } else {
            let made = self.0.connections.connect(DATABASE).await;
            made.map_err(|error| RgsError::away(self.pool(), with_causes(&error)))?
        };
        Ok(Lease { connection, leases: self.clone(), _permit: permit })
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

impl Lease {
    /// Gives the connection back, with no transaction under way and no answer to come.
    pub(super) fn give_back(self) {
        let Self { connection, leases, .. } = self;
        if connection.doubt().is_none() {
            leases.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }

    /// The rows that answer a question.
    pub(super) async fn rows(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, RgsError> {
        self.within(self.connection.query(sql, values)).await
    }

    /// The one row that answers a question.
    pub(super) async fn row(&self, sql: &str, values: Values<'_>) -> Result<Row, RgsError> {
        self.within(self.connection.query_one(sql, values)).await
    }

    /// The row that answers a question, if there is one.
    pub(super) async fn maybe_row(
        &self,
        sql: &str,
        values: Values<'_>,
    ) -> Result<Option<Row>, RgsError> {
        self.within(self.connection.query_opt(sql, values)).await
    }

    /// Changes rows, and tells how many.
    pub(super) async fn execute(&self, sql: &str, values: Values<'_>) -> Result<u64, RgsError> {
        self.within(self.connection.execute(sql, values)).await
    }

    /// Several statements without values.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), RgsError> {
        self.within(self.connection.batch_execute(sql)).await
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, RgsError> {
        let pool = self.leases.pool();
        match tokio::time::timeout(STATEMENT_WAIT, work).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(match self.connection.doubt() {
                Some(doubt) => RgsError::away(pool, doubt.to_string()),
                None => RgsError::of(pool, error),
            }),
            Err(_) => Err(RgsError::away(pool, format!("no answer within {STATEMENT_WAIT:?}"))),
        }
    }
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("pool", &self.pool).finish_non_exhaustive()
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
