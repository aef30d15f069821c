//! Following a store: the last that it said, once for all who want to know.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_all;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::{Records, Seen, Snapshot, Store};

/// How long one question waits for news.
const WATCH: Duration = Duration::from_secs(5);

/// After a store did not answer.
const AWAY_PAUSE: Duration = Duration::from_millis(150);

/// What a store said last; `None` while it does not answer.
pub type Snapshots = watch::Receiver<Option<Arc<Snapshot>>>;

/// Follows the store of `site` until `shutdown`.
pub fn follow(
    site: &str,
    store: &Arc<dyn Store>,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> Snapshots {
    let (snapshots_tx, snapshots) = watch::channel(None);
    let follow = tell(site.to_owned(), Arc::clone(store), snapshots_tx);
    tasks.spawn(shutdown.clone().run_until_cancelled_owned(follow));
    snapshots
}

async fn tell(
    site: String,
    store: Arc<dyn Store>,
    snapshots: watch::Sender<Option<Arc<Snapshot>>>,
) {
    let mut seen = Seen::default();
    let mut answers = true;
    loop {
        match store.watch(seen, WATCH).await {
            Ok(snapshot) => {
                if !std::mem::replace(&mut answers, true) {
                    info!(site, "the management store answers again");
                }
                seen = snapshot.seen();
                snapshots.send_replace(Some(Arc::new(snapshot)));
            }
            Err(error) => {
                if std::mem::take(&mut answers) {
                    warn!(site, %error, "what runs goes on, and what it said last still stands");
                }
                seen = Seen::default();
                snapshots.send_replace(None);
                tokio::time::sleep(AWAY_PAUSE).await;
            }
        }
    }
}

/// Waits until one of them says something new. An error, when nobody follows any more.
pub(crate) async fn any_changed(
    stores: &mut [(String, Snapshots)],
) -> Result<(), watch::error::RecvError> {
    let changes: Vec<_> = stores.iter_mut().map(|(_, it)| Box::pin(it.changed())).collect();
    if changes.is_empty() {
        return std::future::pending().await;
    }
    select_all(changes).await.0
}

/// What a snapshot says of the primary of one pool: who else is in the store is no news to it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OfPool {
    seen: Option<(u64, bool)>,
    record: u64,
    lease: Option<(bool, String)>,
}

impl OfPool {
    pub(crate) fn new(snapshot: Option<&Snapshot>, pool: &str) -> Self {
        let revision =
            |it: &Snapshot| it.entries.get(&Records::pool_key(pool)).map(|it| it.revision);
        let lease = |it: &Snapshot| {
            let lease = it.lease(&Records::primary_lease(pool));
            lease.holder().map(|(stands, holder)| (stands, holder.to_owned()))
        };
        Self {
            seen: snapshot.map(|it| (it.incarnation, it.settled)),
            record: snapshot.and_then(revision).unwrap_or_default(),
            lease: snapshot.and_then(lease),
        }
    }
}
