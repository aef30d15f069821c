//! How far a primary's log goes: for whoever must know where a commit stands in it.

use crate::Connection;
use tokio_postgres::{Error, Statement};

/// The end of what is durable, always the end of a record or of a page, as a timeline and bytes.
const SQL: &str = "select ('x' || left(pg_walfile_name(flushed), 8))::bit(32)::int,
                          (flushed - '0/0'::pg_lsn)::bigint
                   from (select pg_current_wal_flush_lsn() as flushed) as log";

/// A place in a primary's log (WAL).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The timeline, which is another one after each promotion.
    pub timeline: u32,
    /// Bytes since the beginning.
    pub lsn: u64,
}

/// The question where the log ends, made ready on one connection.
#[derive(Clone, Debug)]
pub struct LogEnd(Statement);

impl Connection {
    /// Makes the question ready, so that it can follow a commit in the same write.
    pub async fn prepare_log_end(&self) -> Result<LogEnd, Error> {
        Ok(LogEnd(self.prepare(SQL).await?))
    }

    /// Where the log ends. Whatever was committed before the question lies before it.
    pub async fn log_end(&self, asked: &LogEnd) -> Result<Place, Error> {
        let row = self.query_one(&asked.0, &[]).await?;
        let (timeline, lsn): (i32, i64) = (row.get(0), row.get(1));
        Ok(Place { timeline: timeline.cast_unsigned(), lsn: lsn.cast_unsigned() })
    }
}
