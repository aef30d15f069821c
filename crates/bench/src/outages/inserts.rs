//! Writers that insert through the product's own connections, without a chat server between.

use super::WRITERS;
use crate::stage::{DATABASE, Stage};
use anyhow::ensure;
use db::Connections;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

const INSERT: &str = "insert into bench.post (room, sender, stanza) values (1, 'bench', $1)";

/// How many bytes each writer inserts.
const BODY_BYTES: usize = 600;

/// After a refusal, unless another primary is told first.
const AGAIN: Duration = Duration::from_millis(10);

/// So many inserts before anything is killed.
const WARM: usize = 400;

const DEADLINE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(5);

/// An acknowledged insert: when, and in which term.
type Acknowledged = (Instant, (i64, i64));

/// Writers at work, until dropped.
pub(super) struct Inserts {
    acknowledged: Arc<Mutex<Vec<Acknowledged>>>,
    _writers: JoinSet<()>,
    _tasks: TaskTracker,
}

impl Inserts {
    pub(super) async fn begin(stage: &Stage) -> anyhow::Result<Self> {
        let tasks = TaskTracker::new();
        let primary = stage.view.for_connections(&tasks);
        let connections = Connections::new(stage.chat_login(), primary);
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            writers.spawn(write(connections.clone(), Arc::clone(&acknowledged)));
        }
        let inserts = Self { acknowledged, _writers: writers, _tasks: tasks };
        inserts.wait("writers at work", |all| (WARM <= all.len()).then_some(())).await?;
        Ok(inserts)
    }

    /// Waits for the first insert that is acknowledged in a later term, and tells when that was.
    pub(super) async fn later_than(&self, term: (i64, i64)) -> anyhow::Result<Instant> {
        let first = |all: &[Acknowledged]| all.iter().find(|it| it.1 > term).map(|it| it.0);
        self.wait("an insert in the new term", first).await
    }

    async fn wait<T>(
        &self,
        what: &str,
        seen: impl Fn(&[Acknowledged]) -> Option<T>,
    ) -> anyhow::Result<T> {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(found) = seen(&lock(&self.acknowledged)) {
                return Ok(found);
            }
            ensure!(Instant::now() < end, "{what}: not within {DEADLINE:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Inserts as fast as inserts are acknowledged, on whoever is primary.
async fn write(connections: Connections, acknowledged: Arc<Mutex<Vec<Acknowledged>>>) {
    let body = "x".repeat(BODY_BYTES);
    loop {
        let tried = connections.primary();
        if let Ok(connection) = connections.connect(DATABASE).await {
            let insert = async || connection.committed(connection.execute(INSERT, &[&body])).await;
            while insert().await.is_ok() {
                lock(&acknowledged).push((Instant::now(), connection.term()));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = connections.differs(tried.as_ref()) => {}
        }
    }
}

fn lock(all: &Mutex<Vec<Acknowledged>>) -> std::sync::MutexGuard<'_, Vec<Acknowledged>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}
