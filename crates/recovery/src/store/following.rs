//! Following a store: the last that it said, for as long as it answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::{Seen, Snapshot, Store};

/// How long one question waits for news.
const WATCH: Duration = Duration::from_secs(5);

/// After a store did not answer.
const AWAY_PAUSE: Duration = Duration::from_millis(150);

/// Follows a store; `None` while it does not answer.
pub(crate) fn follow(
    store: &Arc<dyn Store>,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> watch::Receiver<Option<Snapshot>> {
    let (snapshots_tx, snapshots) = watch::channel(None);
    let (store, shutdown) = (Arc::clone(store), shutdown.clone());
    tasks.spawn(async move {
        let mut seen = Seen::default();
        let mut answers = true;
        while !shutdown.is_cancelled() {
            let watched = tokio::select! {
                () = shutdown.cancelled() => return,
                watched = store.watch(seen, WATCH) => watched,
            };
            match watched {
                Ok(snapshot) => {
                    if !std::mem::replace(&mut answers, true) {
                        info!("the management store answers again");
                    }
                    seen = snapshot.seen();
                    snapshots_tx.send_replace(Some(snapshot));
                }
                Err(error) => {
                    if std::mem::take(&mut answers) {
                        warn!(%error, "the management store does not answer: what runs goes on");
                    }
                    seen = Seen::default();
                    snapshots_tx.send_replace(None);
                    tokio::time::sleep(AWAY_PAUSE).await;
                }
            }
        }
    });
    snapshots
}
