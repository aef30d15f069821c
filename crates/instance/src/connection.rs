//! The keeper's own connections: by the private socket, as superuser, with their notices watched.

use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{AsyncMessage, Client, NoTls};

use crate::{Error, Instance, access};

/// How long connecting may take. A server that recovers refuses at once; a frozen one says nothing.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The server's words when a commit stops waiting for the mirror: it answers success all the same.
const UNACKNOWLEDGED: &str = "wait for synchronous replication";

/// A connection to one database. Closed when dropped.
#[derive(Debug)]
pub struct Connection {
    client: Client,
    unacknowledged: Arc<AtomicBool>,
}

impl Connection {
    /// Was a commit on this connection answered although the mirror does not have it?
    ///
    /// Once true it stays true: the connection is poisoned and its last commits are *unknown*.
    pub fn is_unacknowledged(&self) -> bool {
        self.unacknowledged.load(Ordering::Acquire)
    }
}

impl Deref for Connection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Instance {
    /// Connects to a database as superuser over the private socket.
    pub async fn connect(&self, database: &str) -> Result<Connection, Error> {
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(&self.spec().socket_dir)
            .port(self.spec().port)
            .user(access::SUPERUSER)
            .dbname(database)
            .application_name("standfast keeper");
        let connecting = tokio::time::timeout(CONNECT_LIMIT, config.connect(NoTls));
        let (client, connection) = connecting
            .await
            .map_err(|_| Error::TimedOut {
                doing: format!("connect to instance {}", self.name()),
                limit: CONNECT_LIMIT,
            })?
            .map_err(|source| Error::Sql { doing: "connect to the instance", source })?;
        let unacknowledged = Arc::new(AtomicBool::new(false));
        self.inner.tasks.spawn(drive(connection, Arc::clone(&unacknowledged)));
        Ok(Connection { client, unacknowledged })
    }
}

/// Moves messages until the connection ends. Notices come before the answer they belong to.
async fn drive<S, T>(
    mut connection: tokio_postgres::Connection<S, T>,
    unacknowledged: Arc<AtomicBool>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|it| connection.poll_message(it)).await {
        match message {
            Ok(AsyncMessage::Notice(notice)) if notice.message().contains(UNACKNOWLEDGED) => {
                unacknowledged.store(true, Ordering::Release);
            }
            Ok(AsyncMessage::Notice(notice)) => {
                tracing::debug!(notice = notice.message(), "the server remarked");
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "a connection to an instance ended");
                return;
            }
        }
    }
}
