//! One change: a transaction in the term that we know, one at a time in the whole database, whose
//! outcome is found out even if its answer is lost.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::time::Duration;

use db::CommitError;
use tokio::time::Instant;
use tracing::info;
use uuid::Uuid;

use super::RgsError;
use super::lease::{Lease, Leases};
use crate::import::Standing;

/// The key of the advisory lock under which a configuration changes: eight letters in ASCII.
const LOCK: i64 = 0x5346_7267_7363_6867;

/// How long to wait until others have made their change.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// How long a commit may wait for the mirror before it counts as unknown.
const COMMIT_WAIT: Duration = Duration::from_mins(1);

/// How long the outcome of a commit is looked for.
const LOOK_UP_WAIT: Duration = Duration::from_secs(20);

/// Between two looks.
const LOOK_UP_PAUSE: Duration = Duration::from_millis(200);

/// How long changes are kept for that; far longer than anybody looks.
const CHANGES_KEPT: &str = "1 day";

/// A transaction that changes something. Dropped, it is undone.
#[derive(Debug)]
pub(super) struct Change {
    lease: Lease,
    leases: Leases,
    id: Uuid,
    touched: BTreeMap<String, Standing>,
    rehearsal: bool,
}

impl Change {
    /// Begins a transaction and waits until nobody else has one. A rehearsal is undone at its end.
    pub(super) async fn begin(leases: &Leases, rehearsal: bool) -> Result<Self, RgsError> {
        let lease = leases.take().await?;
        let id = Uuid::now_v7();
        let begin = format!(
            "begin isolation level read committed;
             set local lock_timeout = {};
             set local jit = off;
             {};
             select pg_advisory_xact_lock({LOCK});
             delete from rgs.change where made_at < now() - interval '{CHANGES_KEPT}';
             insert into rgs.change (id) values ('{id}')",
            LOCK_WAIT.as_millis(),
            lease.term_guard(),
        );
        lease.batch(&begin).await?;
        Ok(Self { lease, leases: leases.clone(), id, touched: BTreeMap::new(), rehearsal })
    }

    /// The pool that hosts what is changed.
    pub(super) fn pool(&self) -> &str {
        self.leases.pool()
    }

    /// What is known of an owner, which is made known if it was not.
    pub(super) async fn standing(&self, owner: &str) -> Result<Standing, RgsError> {
        let sql = "insert into rgs.owner (name, edits) values ($1, $2)
                   on conflict (name) do update set name = excluded.name
                   returning reign, edits, revision";
        let row = self.lease.row(sql, &[&owner, &(owner == self.pool())]).await?;
        Ok(Standing { reign: row.get(0), edits: row.get(1), revision: row.get(2) })
    }

    /// Raises the owner's revision, once in a transaction.
    pub(super) async fn touch(&mut self, owner: &str) -> Result<Standing, RgsError> {
        if let Some(standing) = self.touched.get(owner) {
            return Ok(*standing);
        }
        let sql = "insert into rgs.owner (name, edits, revision) values ($1, $2, 1)
                   on conflict (name) do update set revision = rgs.owner.revision + 1
                   returning reign, edits, revision";
        let row = self.lease.row(sql, &[&owner, &(owner == self.pool())]).await?;
        let standing = Standing { reign: row.get(0), edits: row.get(1), revision: row.get(2) };
        self.touched.insert(owner.to_owned(), standing);
        Ok(standing)
    }

    /// Raises the owner's revision if this pool is the one that may edit.
    pub(super) async fn edit(&mut self, owner: &str) -> Result<Standing, RgsError> {
        let standing = self.touch(owner).await?;
        if !standing.edits {
            let (owner, pool) = (owner.to_owned(), self.pool().to_owned());
            return Err(RgsError::NotEditor { owner, pool });
        }
        Ok(standing)
    }

    /// Commits what went well and undoes what did not. `Ok` only if it is as durable as the primary
    /// promises; of a rehearsal, if it could be committed.
    pub(super) async fn end<T>(self, result: Result<T, RgsError>) -> Result<T, RgsError> {
        match self.settled(result).await {
            Ok(done) if !self.rehearsal => self.commit().await.map(|()| done),
            undone => {
                self.undo().await;
                undone
            }
        }
    }

    /// Lets the database check what it checks at the end. From here on nothing refuses, so that
    /// what is refused is refused by a sentence.
    async fn settled<T>(&self, result: Result<T, RgsError>) -> Result<T, RgsError> {
        let done = result?;
        self.lease.batch("set constraints all immediate").await?;
        Ok(done)
    }

    /// Undoes everything.
    pub(super) async fn undo(self) {
        // Where this fails, the connection ends, and the transaction with it.
        if self.lease.batch("rollback").await.is_ok() {
            self.lease.give_back();
        }
    }

    async fn commit(self) -> Result<(), RgsError> {
        let Self { lease, leases, id, .. } = self;
        let commit = lease.committed(lease.batch_execute("commit"));
        let why = match tokio::time::timeout(COMMIT_WAIT, commit).await {
            Ok(Ok(())) => {
                lease.give_back();
                return Ok(());
            }
            Ok(Err(error @ CommitError::Refused(_))) => {
                return Err(RgsError::of_commit(leases.pool(), &error));
            }
            Ok(Err(CommitError::Unknown(doubt))) => doubt.to_string(),
            Err(_) => format!("no answer within {COMMIT_WAIT:?}"),
        };
        drop(lease);
        info!(why, "a change of Response Groups is looked up");
        match look_up(&leases, id).await {
            Some(true) => Ok(()),
            Some(false) => Err(RgsError::away(leases.pool(), why)),
            None => Err(RgsError::Unknown { pool: leases.pool().to_owned(), why }),
        }
    }
}

/// Whether a change stands, once that is durable; none if nobody could be asked.
async fn look_up(leases: &Leases, id: Uuid) -> Option<bool> {
    let end = Instant::now() + LOOK_UP_WAIT;
    while Instant::now() < end {
        let primary = leases.connections().primary();
        match tokio::time::timeout_at(end, look(leases, id)).await {
            Ok(Ok(stands)) => return Some(stands),
            Ok(Err(error)) => info!(%error, "the outcome of a change is not known yet"),
            Err(_) => return None,
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_UP_PAUSE) => {}
            () = leases.connections().differs(primary.as_ref()) => {}
        }
    }
    None
}

async fn look(leases: &Leases, id: Uuid) -> Result<bool, RgsError> {
    // By the lock, the change is over. If it is not there, the one that is made here says so.
    let change = Change::begin(leases, false).await?;
    let sql = "select exists (select from rgs.change where id = $1)";
    let row = change.lease.row(sql, &[&id]).await?;
    let Change { lease, .. } = change;
    let commit = lease.committed(lease.batch_execute("commit")).await;
    commit.map_err(|error| RgsError::away(leases.pool(), error.to_string()))?;
    lease.give_back();
    Ok(row.get(0))
}

impl Deref for Change {
    type Target = Lease;

    fn deref(&self) -> &Lease {
        &self.lease
    }
}
