//! Promotion, told again and again until it has happened.

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::Error;

/// Between two signals. One alone may be swallowed for `wal_retrieve_retry_interval`.
const SIGNAL_AGAIN: Duration = Duration::from_millis(50);

/// Between two looks. People wait.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Promotes a standby over a warm connection and returns when it is writable. Does nothing to a
/// primary. At the limit the promotion may still be under way.
///
/// The caller issues a [`checkpoint`] next: until then a rewind from here goes wrong.
pub async fn promote(client: &Client, limit: Duration) -> Result<(), Error> {
    tokio::time::timeout(limit, promote_until_writable(client))
        .await
        .map_err(|_| Error::TimedOut { doing: "promote the standby".to_owned(), limit })?
}

async fn promote_until_writable(client: &Client) -> Result<(), Error> {
    let begun = Instant::now();
    let mut signal_at = begun;
    while in_recovery(client).await? {
        if Instant::now() < signal_at {
            tokio::time::sleep(LOOK_AGAIN).await;
            continue;
        }
        match client.execute("select pg_promote(false)", &[]).await {
            // It was promoted between the two statements.
            Err(error) if error.code() == Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE) => {}
            Err(source) => return Err(Error::Sql { doing: "promote the standby", source }),
            Ok(_) => signal_at = Instant::now() + SIGNAL_AGAIN,
        }
    }
    tracing::info!(took = ?begun.elapsed(), "the instance is writable");
    Ok(())
}

/// Is this server a standby?
pub async fn in_recovery(client: &Client) -> Result<bool, Error> {
    let asked = client.query_one("select pg_is_in_recovery()", &[]).await;
    asked.map(|it| it.get(0)).map_err(|source| Error::Sql { doing: "ask for the role", source })
}

/// Issues a checkpoint and returns when it is complete.
pub async fn checkpoint(client: &Client) -> Result<(), Error> {
    let done = client.batch_execute("checkpoint").await;
    done.map_err(|source| Error::Sql { doing: "make a checkpoint", source })
}
