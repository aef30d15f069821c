//! From a host's file into a pool's database, line by line, as long as the host lives.
//!
//! How far the file has been copied stands in the database: the line of this host that came last,
//! and its place in the file. A new primary that lacks what was never shipped to it has an earlier
//! one, and so gets the rest again. If the file has another line there, or is another file, it is
//! copied from its beginning; lines that stand already are left alone.

use std::time::Duration;

use db::{CommitError, ConnectError, Connection, Connections, Primary};
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::file::Audit;
use crate::table::{self, Placed};

/// How long lines are gathered, so that both of an invocation mostly go in one transaction.
const GATHER: Duration = Duration::from_millis(500);

/// The pause after a copy did not go through.
const FAILED_PAUSE: Duration = Duration::from_secs(2);

/// The trail in one pool's database, as one host reaches it.
#[derive(Clone, Debug)]
pub struct Trail {
    /// The pool.
    pub pool: String,
    /// Its database.
    pub database: String,
    /// To its primary, as [`crate::ROLE`].
    pub connections: Connections,
}

/// Why lines were not copied. They stay in the file, and are copied later.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is no connection to the primary.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The host's own file cannot be read.
    #[error("the host's audit file cannot be read: {0}; look at its disk")]
    File(#[from] std::io::Error),
    /// The database refused, or the connection broke.
    #[error("the database did not take lines of the audit: {}", told(.0))]
    Database(#[from] tokio_postgres::Error),
    /// It is not known whether the last lines stand: that is looked up.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Trail {
    /// Copies what stands in the file and what is appended to it, for ever. Dropped at any point it
    /// goes on from there.
    pub async fn follow(&self, audit: &Audit) {
        let mut written = audit.written();
        let mut copied: Option<(Primary, u64)> = None;
        let mut failing = String::new();
        loop {
            let (primary, length) = (self.connections.primary(), *written.borrow_and_update());
            let now = primary.clone().map(|primary| (primary, length));
            if length == 0 || now.is_none() || now == copied {
                tokio::select! {
                    _ = written.changed() => {}
                    () = self.connections.differs(primary.as_ref()) => {}
                }
                tokio::time::sleep(GATHER).await;
                continue;
            }
            match self.copy(audit).await {
                Ok(added) => {
                    debug!(pool = self.pool, added, "copied lines of the audit");
                    copied = now;
                    failing.clear();
                }
                Err(error) => {
                    let said = error.to_string();
                    if said != failing {
                        warn!(pool = self.pool, "lines of the audit wait to be copied: {said}");
                        failing = said;
                    }
                    tokio::time::sleep(FAILED_PAUSE).await;
                }
            }
        }
    }

    /// Copies what the database lacks of the file. Tells how many lines were added.
    pub async fn copy(&self, audit: &Audit) -> Result<u64, CopyError> {
        let connection = self.connections.connect(&self.database).await?;
        let mut place = begins(audit, &connection).await?;
        let mut added = 0;
        loop {
            let batch = audit.batch(place).await?;
            if batch.unreadable > 0 {
                let (pool, lines) = (&self.pool, batch.unreadable);
                info!(pool, lines, place, "left out of the copy: a crash has cut them");
            }
            if batch.next == place {
                return Ok(added);
            }
            place = batch.next;
            let lines: Vec<Placed<'_>> =
                batch.lines.iter().map(|(place, entry)| (Some(*place), entry)).collect();
            if !lines.is_empty() {
                added += add(&connection, &lines).await?;
            }
        }
    }
}

/// Where in the file the copy goes on.
async fn begins(audit: &Audit, connection: &Connection) -> Result<u64, CopyError> {
    let sql = "select place, id, phase from audit.line
               where host = $1 and place is not null order by came desc limit 1";
    let Some(last) = connection.query_opt(sql, &[&audit.host()]).await? else { return Ok(0) };
    let place = u64::try_from(last.get::<_, i64>(0)).unwrap_or_default();
    let (id, phase): (Uuid, String) = (last.get(1), last.get(2));
    let after = audit.after(place, id, phase).await?;
    if after.is_none() {
        info!(place, "the database was given another file of this host: all of it is copied");
    }
    Ok(after.unwrap_or_default())
}

/// Adds lines in one transaction of the primary's term.
async fn add(connection: &Connection, lines: &[Placed<'_>]) -> Result<u64, CopyError> {
    connection.batch_execute(&format!("begin; {}", connection.term_guard())).await?;
    table::lock(connection).await?;
    let added = table::add(connection, lines).await?;
    connection.committed(connection.batch_execute("commit")).await?;
    Ok(added)
}

/// What PostgreSQL said, or what became of the connection.
fn told(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
}
