//! One connection to the primary, with an ear for its notices.

use crate::{CommitError, Doubt, Primary};
use std::fmt;
use std::future::{pending, poll_fn};
use std::ops::Deref;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_postgres::{AsyncMessage, Client};
use tracing::{debug, warn};

/// How `PostgreSQL` begins the notice that a commit did not wait for the mirror. (Our instances
/// speak English: `lc_messages` is C. Its SQLSTATE, 01000, is that of every warning.)
const NOT_MIRRORED: &str = "canceling wait for synchronous replication";

/// A connection to the primary of one term. Dropping it closes the socket and cancels nothing.
pub struct Connection {
    client: Client,
    primary: Primary,
    fate: Arc<OnceLock<Doubt>>,
    /// Owns the task that moves the bytes, and ends it with the connection.
    _driver: JoinSet<()>,
}

impl Connection {
    pub(crate) fn drive<S, T>(
        client: Client,
        driver: tokio_postgres::Connection<S, T>,
        primary: Primary,
        told: watch::Receiver<Option<Primary>>,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let fate = Arc::new(OnceLock::new());
        let mut tasks = JoinSet::new();
        tasks.spawn(run(driver, primary.clone(), told, Arc::clone(&fate)));
        Self { client, primary, fate, _driver: tasks }
    }

    /// The primary, with its term, that this connection belongs to.
    pub fn primary(&self) -> &Primary {
        &self.primary
    }

    /// Its term, as (reign, turn).
    pub fn term(&self) -> (i64, i64) {
        (self.primary.reign, self.primary.turn)
    }

    /// Why nothing more may be done here; none while it is sound.
    pub fn doubt(&self) -> Option<Doubt> {
        match self.fate.get() {
            Some(doubt) => Some(doubt.clone()),
            None => self.client.is_closed().then_some(Doubt::Closed),
        }
    }

    /// A statement that fails, with the SQLSTATE [`crate::OLD_TERM`], unless the database carries
    /// this connection's term. Put it first in a transaction that writes.
    pub fn term_guard(&self) -> String {
        let (reign, turn) = self.term();
        format!(
            "do $$ begin
               if not exists (select from recovery.term where reign = {reign} and turn = {turn})
               then raise exception 'this is not the primary of term ({reign}, {turn})'
                 using errcode = '{}';
               end if;
             end $$",
            crate::OLD_TERM
        )
    }

    /// Waits for `work`, which ends in a commit on this connection, and tells what became of it.
    ///
    /// `Ok` only if the commit is as durable as the primary promises; after an
    /// [`CommitError::Unknown`] the connection must not be used again.
    pub async fn committed<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, CommitError> {
        let result = work.await;
        // The notice comes before the answer to the commit, and in one task: it has been seen.
        match (result, self.fate.get()) {
            (Ok(done), None) => Ok(done),
            (Ok(_), Some(doubt)) => Err(CommitError::Unknown(doubt.clone())),
            (Err(error), doubt) => Err(CommitError::of(&error, doubt)),
        }
    }

    /// Commits one record that changes nothing, and so proves that everything this connection could
    /// see before is as durable as the primary promises.
    ///
    /// Rows can be visible without that: after a crash of the primary, or when somebody cancelled a
    /// commit that waited for the mirror.
    pub async fn prove(&self) -> Result<(), CommitError> {
        let sql = "select pg_logical_emit_message(true, 'standfast', '')";
        self.committed(self.client.query(sql, &[])).await.map(drop)
    }
}

impl Deref for Connection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("primary", &self.primary)
            .field("doubt", &self.doubt())
            .finish_non_exhaustive()
    }
}

/// Moves the bytes until the connection ends, is poisoned, or belongs to an old term.
async fn run<S, T>(
    mut driver: tokio_postgres::Connection<S, T>,
    primary: Primary,
    mut told: watch::Receiver<Option<Primary>>,
    fate: Arc<OnceLock<Doubt>>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let of = &primary;
    let old_term = async move {
        let other = |now: &Option<Primary>| now.as_ref().is_some_and(|now| now != of);
        // If the teller is gone, at shutdown, nothing changes any more.
        if told.wait_for(other).await.is_err() {
            pending::<()>().await;
        }
    };
    let mut old_term = pin!(old_term);
    let end = loop {
        let message = tokio::select! {
            biased;
            () = &mut old_term => break Doubt::OldTerm,
            message = poll_fn(|cx| driver.poll_message(cx)) => message,
        };
        match message {
            Some(Ok(AsyncMessage::Notice(notice))) => {
                if notice.message().starts_with(NOT_MIRRORED) {
                    warn!(store = of.store, "a commit did not wait for the mirror");
                    break Doubt::NotMirrored;
                }
                debug!(store = of.store, notice = notice.message(), "PostgreSQL says");
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                debug!(store = of.store, %error, "the connection broke");
                break Doubt::Closed;
            }
            None => break Doubt::Closed,
        }
    };
    // Whoever waits for an answer is woken by the end of the driver, and finds the reason.
    fate.get_or_init(|| end);
}
