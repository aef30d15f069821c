//! One group, one statement, one commit.

use crate::post::Draft;
use db::{CommitError, ConnectError, Connection, Connections};
use std::time::SystemTime;
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
}

/// A connection that is ready to append.
#[derive(Debug)]
pub(super) struct Appender {
    connection: Connection,
    statement: Statement,
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
    ) -> Result<Self, NotReady> {
        let connection = connections.connect(database).await?;
        let statement = connection.prepare(SQL).await?;
        Ok(Self { connection, statement })
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

    /// Appends all of them, or none. The outcomes stand in the order of the posts.
    pub(super) async fn append(&self, posts: &[&Draft]) -> Result<Vec<Outcome>, Failure> {
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
        let rows = self.connection.committed(rows).await.map_err(failure)?;
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
