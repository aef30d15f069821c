//! One group, one statement, one commit.

use crate::other_site::{NotHeld, OtherSite};
use crate::post::Draft;
use db::{CommitError, ConnectError, Connection, Connections, LogEnd, Place};
use futures_util::future::join;
use std::time::{Duration, SystemTime};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};
use uuid::Uuid;

const SQL: &str = "select place, outcome, kept_as, kept_at
                   from chat.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                   order by place";

/// What became of one post of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It stands.
    Kept { position: i64 },
    /// Its sender had sent it before; that one stands.
    Repeated { archive_id: Uuid, position: i64 },
    /// There is no such room.
    Missing,
    /// The room is disabled.
    Disabled,
}

/// Why a group was not written, or why that is not known.
#[derive(Debug)]
pub(super) enum Failure {
    /// It is about what one of the posts contains.
    Content(CommitError),
    /// The same connection may do it next time.
    Again(CommitError),
    /// This connection is of no more use.
    Elsewhere(CommitError),
    /// It stands, and must not be told: the other site does not hold it yet.
    NotHeld(NotHeld),
}

/// A connection that is ready to append.
#[derive(Debug)]
pub(super) struct Appender {
    connection: Connection,
    statement: Statement,
    beyond: Option<Beyond>,
}

/// What is waited for beyond the commit.
#[derive(Debug)]
struct Beyond {
    other_site: OtherSite,
    log_end: LogEnd,
    /// The place that the other site was last waited for to hold.
    owed: Place,
}

/// Why there is no appender.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotReady {
    #[error("the primary cannot be reached")]
    Connect(#[from] ConnectError),
    #[error("the primary does not know chat.append; see that its schema is up to date")]
    Prepare(#[from] tokio_postgres::Error),
}

impl Appender {
    pub(super) async fn connect(
        connections: &Connections,
        database: &str,
        other_site: &OtherSite,
    ) -> Result<Self, NotReady> {
        let connection = connections.connect(database).await?;
        let statement = connection.prepare(SQL).await?;
        let beyond = match other_site.log_end(&connection).await? {
            Some(log_end) => {
                let owed = connection.log_end(&log_end).await?;
                Some(Beyond { other_site: other_site.clone(), log_end, owed })
            }
            None => None,
        };
        Ok(Self { connection, statement, beyond })
    }

    pub(super) fn term(&self) -> (i64, i64) {
        self.connection.term()
    }

    /// Is it of no more use, because it broke or because another primary is known?
    pub(super) fn is_over(&self, connections: &Connections) -> bool {
        let primary = connections.primary();
        let other = primary.is_some_and(|primary| primary != *self.connection.primary());
        other || self.connection.doubt().is_some()
    }

    /// Waits until the other site holds what was appended last, where that is wanted: while it
    /// does not, posts wait in the queue, and nothing more is written that nobody may see.
    pub(super) async fn is_level(&self, wait: Duration) -> Result<(), NotHeld> {
        let Some(Beyond { other_site, owed, .. }) = &self.beyond else { return Ok(()) };
        other_site.holds(&self.connection, *owed, wait).await
    }

    /// Appends all of them, or none. The outcomes stand in the order of the posts.
    pub(super) async fn append(
        &mut self,
        posts: &[&Draft],
        wait: Duration,
    ) -> Result<Vec<Outcome>, Failure> {
        let archive_ids: Vec<Uuid> = posts.iter().map(|p| p.archive_id).collect();
        let rooms: Vec<Uuid> = posts.iter().map(|p| p.room).collect();
        let kinds: Vec<&str> = posts.iter().map(|p| p.kind.name()).collect();
        let senders: Vec<&str> = posts.iter().map(|p| p.sender.as_str()).collect();
        let nicks: Vec<&str> = posts.iter().map(|p| p.nick.as_str()).collect();
        let origin_ids: Vec<Option<&str>> = posts.iter().map(|p| p.origin_id.as_deref()).collect();
        let hashes: Vec<&[u8]> = posts.iter().map(|p| p.content_hash.as_slice()).collect();
        let stanzas: Vec<&str> = posts.iter().map(|p| &*p.stanza).collect();
        let sent_ats: Vec<SystemTime> = posts.iter().map(|p| p.sent_at).collect();
        let subjects: Vec<Option<&str>> = posts.iter().map(|p| p.subject.as_deref()).collect();
        let (reign, turn) = self.term();
        let values: [&(dyn ToSql + Sync); 12] = [
            &reign,
            &turn,
            &archive_ids,
            &rooms,
            &kinds,
            &senders,
            &nicks,
            &origin_ids,
            &hashes,
            &stanzas,
            &sent_ats,
            &subjects,
        ];
        let rows = self.connection.query(&self.statement, &values);
        let rows = self.connection.committed(rows);
        let rows = match &mut self.beyond {
            None => rows.await.map_err(failure)?,
            Some(Beyond { other_site, log_end, owed }) => {
                // Both in one write, and in this order.
                let (rows, end) = join(rows, self.connection.log_end(log_end)).await;
                let rows = rows.map_err(failure)?;
                *owed = end.map_err(|error| Failure::NotHeld(error.into()))?;
                let held = other_site.holds(&self.connection, *owed, wait).await;
                held.map_err(Failure::NotHeld)?;
                rows
            }
        };
        assert_eq!(rows.len(), posts.len(), "chat.append answers for each post");
        Ok(rows.iter().map(outcome).collect())
    }
}

fn outcome(row: &Row) -> Outcome {
    match row.get::<_, &str>(1) {
        "kept" => Outcome::Kept { position: row.get(3) },
        "repeated" => Outcome::Repeated { archive_id: row.get(2), position: row.get(3) },
        "disabled" => Outcome::Disabled,
        _ => Outcome::Missing,
    }
}

/// Sorts a failure by the class of its SQLSTATE.
fn failure(error: CommitError) -> Failure {
    let Some(code) = error.code() else { return Failure::Elsewhere(error) };
    match code.code().get(..2).unwrap_or_default() {
        // Data, constraints, limits of the program: it is about what was to be stored.
        "22" | "23" | "54" => Failure::Content(error),
        // Serialisation and deadlocks; a full disk or too little memory.
        "40" | "53" | "55" => Failure::Again(error),
        // An old term, a standby, a shutdown, a schema that is not there yet.
        _ => Failure::Elsewhere(error),
    }
}
