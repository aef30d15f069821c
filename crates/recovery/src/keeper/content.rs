//! The term in a pool's content database, from where it travels with the WAL.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::KeeperError;
use crate::record::PoolRecord;
use crate::term::Term;

/// Puts the term of `record` into the content database, from where it travels with the WAL. From
/// here on commits on this connection do not wait for the mirror.
pub(super) async fn write_term(client: &Client, record: &PoolRecord) -> Result<(), KeeperError> {
    no_wait(client).await?;
    let failed = |source| KeeperError::Sql { what: "the new term", source };
    match update_term(client, record.term).await {
        // In a new pool.
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {
            batch(client, "the table of the term", include_str!("term.sql")).await?;
            update_term(client, record.term).await.map_err(failed)
        }
        updated => updated.map_err(failed),
    }
}

/// From here on commits on this connection do not wait for the mirror.
pub(super) async fn no_wait(client: &Client) -> Result<(), KeeperError> {
    batch(client, "not to wait for the mirror", "set synchronous_commit = local").await
}

async fn update_term(client: &Client, term: Term) -> Result<(), tokio_postgres::Error> {
    let (reign, turn) = (signed(term.reign), signed(term.turn));
    let sql = "update recovery.term set reign = $1, turn = $2
        where (reign, turn) is distinct from ($1, $2)";
    client.execute(sql, &[&reign, &turn]).await.map(drop)
}

async fn batch(client: &Client, what: &'static str, sql: &str) -> Result<(), KeeperError> {
    client.batch_execute(sql).await.map_err(|source| KeeperError::Sql { what, source })
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("terms are raised one by one, by people and by failures")
}
