//! Names are given by one at a time in all pools that can be reached.
//!
//! A name must be free at every pool, and each pool is a database of its own. So whoever gives one
//! first locks the names of every pool that answers, everybody in the same order; then it looks
//! whether the name is taken anywhere, and changes its own pool.

use super::lease::Lease;
use super::{Hosting, RgsError};

/// The key of the advisory lock under which names are given: eight letters in ASCII.
const LOCK: i64 = 0x5346_7267_736e_616d;

/// How long to wait until others have given theirs.
const LOCK_WAIT: &str = "30s";

/// How long one may hold the names of a pool; then its database takes them from whoever stalls.
const HELD_MAX: &str = "2min";

/// A pool whose names may be locked. Dropped, it lets go.
#[derive(Debug)]
pub struct Naming {
    lease: Lease,
}

impl Hosting {
    /// Reaches the pool, to lock its names.
    pub async fn naming(&self) -> Result<Naming, RgsError> {
        let lease = self.leases.take().await?;
        let begin = format!(
            "begin; set local lock_timeout = '{LOCK_WAIT}';
             set local idle_in_transaction_session_timeout = '{HELD_MAX}'"
        );
        lease.batch(&begin).await?;
        Ok(Naming { lease })
    }
}

impl Naming {
    /// Waits until nobody else has locked them.
    pub async fn lock(&self) -> Result<(), RgsError> {
        self.lease.batch(&format!("select pg_advisory_xact_lock({LOCK})")).await
    }

    /// Lets go, and gives the connection back.
    pub async fn end(self) {
        if self.lease.batch("rollback").await.is_ok() {
            self.lease.give_back();
        }
    }
}
