//! A few connections to the pool's database, kept while they are sound.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use db::{Connection, Connections, Lending, Lent, NotLent, with_causes};
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
pub(super) struct Leases {
    pool: Arc<str>,
    lending: Lending,
}

/// One of them. It is kept for others only if it is given back; dropped, it ends, and so does the
/// transaction that was under way.
#[derive(Debug)]
pub(super) struct Lease {
    lent: Lent,
    pool: Arc<str>,
}

impl Leases {
    pub(super) fn new(pool: &str, connections: Connections) -> Self {
        let lending = Lending::new(connections, DATABASE, CONNECTIONS_MAX, LEASE_WAIT);
        Self { pool: pool.into(), lending }
    }

    /// The pool that hosts what the database holds.
    pub(super) fn pool(&self) -> &str {
        &self.pool
    }

    /// Follows the primary.
    pub(super) fn connections(&self) -> &Connections {
        self.lending.connections()
    }

    /// Waits for a connection to the current primary.
    pub(super) async fn take(&self) -> Result<Lease, RgsError> {
        let lent = self.lending.take().await.map_err(|error| match error {
            NotLent::Busy(_) => RgsError::Busy { pool: self.pool().to_owned() },
            NotLent::Connect(error) => RgsError::away(self.pool(), with_causes(&error)),
        })?;
        Ok(Lease { lent, pool: Arc::clone(&self.pool) })
    }
}

impl Lease {
    /// Gives the connection back, with no transaction under way and no answer to come.
    pub(super) fn give_back(self) {
        self.lent.give_back();
    }

    /// The rows that answer a question.
    pub(super) async fn rows(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, RgsError> {
        self.within(self.lent.query(sql, values)).await
    }

    /// The one row that answers a question.
    pub(super) async fn row(&self, sql: &str, values: Values<'_>) -> Result<Row, RgsError> {
        self.within(self.lent.query_one(sql, values)).await
    }

    /// The row that answers a question, if there is one.
    pub(super) async fn maybe_row(
        &self,
        sql: &str,
        values: Values<'_>,
    ) -> Result<Option<Row>, RgsError> {
        self.within(self.lent.query_opt(sql, values)).await
    }

    /// Changes rows, and tells how many.
    pub(super) async fn execute(&self, sql: &str, values: Values<'_>) -> Result<u64, RgsError> {
        self.within(self.lent.execute(sql, values)).await
    }

    /// Several statements without values.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), RgsError> {
        self.within(self.lent.batch_execute(sql)).await
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, RgsError> {
        let pool = &*self.pool;
        match tokio::time::timeout(STATEMENT_WAIT, work).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(match self.lent.doubt() {
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
        &self.lent
    }
}
