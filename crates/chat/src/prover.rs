//! Proves that what a server has just read is as durable as the primary promises.
//!
//! Rows can be visible on the primary alone: after it crashed, or when somebody cancelled a commit
//! that waited for the mirror. A commit of our own, made afterwards, waits for the mirror to have
//! everything before it. While the mirror is missing that can take long, and who gives up waiting
//! must not leave a connection behind each time: so one task proves for all, on one connection.
//! Where the pool wants it, the commit is waited for at the other site, too.

use crate::names::Term;
use crate::other_site::OtherSite;
use crate::reads::Unavailable;
use crate::settings::{Config, Limits};
use db::{Connection, Connections, LogEnd, with_causes};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// Questions that may wait.
const ASKED_MAX: usize = 1024;

/// How proof is asked for. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    asked: mpsc::Sender<oneshot::Sender<Term>>,
    wait: Duration,
}

/// The proving task.
#[derive(Debug)]
pub(crate) struct Prover {
    asked: mpsc::Receiver<oneshot::Sender<Term>>,
    connections: Connections,
    database: String,
    connection: Option<(Connection, Option<LogEnd>)>,
    other_site: OtherSite,
    wait: Duration,
}

impl Proof {
    /// Waits until everything that could be read before this call on a connection of `term` is
    /// proven. False, if the term is another one by now.
    pub(crate) async fn of(&self, term: Term) -> Result<bool, Unavailable> {
        let slow = || Unavailable::Slow(self.wait);
        let (reply, answer) = oneshot::channel();
        self.asked.try_send(reply).map_err(|_| slow())?;
        match tokio::time::timeout(self.wait, answer).await {
            Ok(Ok(proven)) => Ok(proven == term),
            Ok(Err(_)) | Err(_) => Err(slow()),
        }
    }
}

impl Prover {
    pub(crate) fn new(config: &Config, connections: Connections) -> (Proof, Self) {
        let (sender, asked) = mpsc::channel(ASKED_MAX);
        let Limits { read_wait: wait, .. } = config.limits;
        let database = config.database.clone();
        let other_site = config.other_site.clone();
        let prover = Self { asked, connections, database, connection: None, other_site, wait };
        (Proof { asked: sender, wait }, prover)
    }

    /// Proves until `end`.
    pub(crate) async fn run(mut self, end: CancellationToken) {
        end.run_until_cancelled(self.prove()).await;
    }

    async fn prove(&mut self) {
        let mut asking = Vec::new();
        while self.asked.recv_many(&mut asking, ASKED_MAX).await > 0 {
            match self.commit().await {
                Ok(term) => {
                    for reply in asking.drain(..) {
                        // Whoever gave up waiting asks again.
                        reply.send(term).unwrap_or_default();
                    }
                }
                Err(error) => {
                    info!(error = with_causes(&error), "what was read cannot be proven now");
                    self.connection = None;
                    asking.clear();
                }
            }
        }
    }

    async fn commit(&mut self) -> Result<Term, Unavailable> {
        let (other_site, wait) = (self.other_site.clone(), self.wait);
        let (connection, log_end) = self.connected().await?;
        connection.prove().await?;
        if let Some(log_end) = log_end {
            let end = connection.log_end(log_end).await?;
            other_site.holds(connection, end, wait).await?;
        }
        Ok(connection.term())
    }

    /// The connection, new if the old one is of no more use.
    async fn connected(&mut self) -> Result<&(Connection, Option<LogEnd>), Unavailable> {
        let primary = self.connections.primary();
        let sound = |connection: &Connection| {
            connection.doubt().is_none()
                && primary.as_ref().is_none_or(|primary| primary == connection.primary())
        };
        if !self.connection.as_ref().is_some_and(|(connection, _)| sound(connection)) {
            self.connection = None;
            let connection = self.connections.connect(&self.database).await?;
            let log_end = self.other_site.log_end(&connection).await?;
            self.connection = Some((connection, log_end));
        }
        Ok(self.connection.as_ref().expect("connected above"))
    }
}
