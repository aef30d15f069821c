//! A few connections for reading: history, archive queries, logins.
//!
//! When thousands come back at once they wait for one of these, within a deadline, so that the
//! database sees a pace it can carry.

use crate::other_site::NotHeld;
use crate::settings::{Config, Limits};
use db::{ConnectError, Connection, Connections, Lending, Lent, NotLent};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// Why the database did not answer. It may be asked again.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// There is no connection to the primary.
    #[error("the database cannot be reached")]
    Connect(#[from] ConnectError),
    /// It took too long, or too many wait.
    #[error("the database did not answer within {0:?}")]
    Slow(Duration),
    /// It answered with an error, or the connection broke.
    #[error("the database could not answer")]
    Failed(#[from] tokio_postgres::Error),
    /// What it said is not known to be durable.
    #[error("what the database says is not proven to be durable")]
    Unproven(#[from] db::CommitError),
    /// What it said is not at the other site yet, and the pool wants that.
    #[error("what the database says is not known to be at the other site")]
    NotHeld(#[from] NotHeld),
}

/// The reading connections. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Reads {
    lending: Lending,
    wait: Duration,
}

/// One of them, until dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    lent: Option<Lent>,
    clean: AtomicBool,
    wait: Duration,
}

impl Reads {
    pub(crate) fn new(connections: Connections, config: &Config) -> Self {
        let Limits { read_connections, read_wait: wait, .. } = config.limits;
        Self { lending: Lending::new(connections, &config.database, read_connections, wait), wait }
    }

    /// Waits for a connection to the current primary.
    pub(crate) async fn lease(&self) -> Result<Lease, Unavailable> {
        let lent = self.lending.take().await.map_err(|error| match error {
            NotLent::Busy(wait) => Unavailable::Slow(wait),
            NotLent::Connect(error) => Unavailable::Connect(error),
        })?;
        Ok(Lease { lent: Some(lent), clean: AtomicBool::new(true), wait: self.wait })
    }
}

impl Lease {
    /// Waits for an answer, within the deadline.
    pub(crate) async fn ask<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Unavailable> {
        self.within(async { work.await.map_err(Unavailable::Failed) }).await
    }

    /// The rows that answer a question.
    pub(crate) async fn rows(
        &self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Unavailable> {
        self.ask(self.query(sql, values)).await
    }

    /// The one row that answers a question.
    pub(crate) async fn row(
        &self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, Unavailable> {
        self.ask(self.query_one(sql, values)).await
    }

    /// The row that answers a question, if there is one.
    pub(crate) async fn maybe_row(
        &self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, Unavailable> {
        self.ask(self.query_opt(sql, values)).await
    }

    /// As [`Self::ask`], for work with errors of its own.
    pub(crate) async fn within<T, E: From<Unavailable>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let wait = self.wait;
        // Whoever stops half-way leaves an answer to come, which must not meet the next question.
        self.clean.store(false, Ordering::Relaxed);
        let answer = tokio::time::timeout(wait, work).await;
        let answer = answer.unwrap_or_else(|_| Err(Unavailable::Slow(wait).into()));
        self.clean.store(answer.is_ok(), Ordering::Relaxed);
        answer
    }
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.lent.as_ref().expect("only dropping takes the connection")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let lent = self.lent.take();
        if *self.clean.get_mut()
            && let Some(lent) = lent
        {
            lent.give_back();
        }
    }
}
