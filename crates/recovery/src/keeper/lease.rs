//! The primary's lease, renewed in the background for as long as the keeper wants it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::store::{LeaseAsk, LeaseState, Store, StoreError};

/// How long a primary may go without renewing before its mirror may take over.
pub const LEASE: Duration = Duration::from_millis(1500);
/// How often it is renewed.
const RENEW: Duration = Duration::from_millis(300);
/// A primary that sees nobody stops itself this long before its lease ends.
pub(super) const STOP_MARGIN: Duration = Duration::from_millis(500);
/// With less than this left a renewal is overdue, and it matters whether the mirror is seen.
const DOUBT_MARGIN: Duration = Duration::from_secs(1);

/// One life of one keeper, as holder of a lease.
#[derive(Debug)]
pub(super) struct LeaseHolder {
    name: String,
    holder: String,
    store: Arc<dyn Store>,
    wanted: watch::Sender<bool>,
    /// Until when the lease certainly lasts, by this host's monotonic clock.
    until: watch::Receiver<Option<Instant>>,
    until_tx: watch::Sender<Option<Instant>>,
}

impl LeaseHolder {
    pub(super) fn new(name: String, holder: String, store: Arc<dyn Store>) -> Self {
        let (wanted, _) = watch::channel(false);
        let (until_tx, until) = watch::channel(None);
        Self { name, holder, store, wanted, until, until_tx }
    }

    /// Takes the lease now, and keeps renewing it from here on.
    pub(super) async fn take(&self) -> Result<(), StoreError> {
        let asked = Instant::now();
        self.store.lease(&self.name, self.ask()).await?;
        self.until_tx.send_replace(Some(asked + LEASE));
        self.wanted.send_replace(true);
        Ok(())
    }

    /// Stops renewing and tells the store at once, so that nobody need wait for the end.
    pub(super) async fn give_up(&self) -> Result<LeaseState, StoreError> {
        self.wanted.send_replace(false);
        self.until_tx.send_replace(None);
        self.store.lease(&self.name, LeaseAsk::GiveUp { holder: self.holder.clone() }).await
    }

    /// Whether the lease lasts for longer than the margin that a stop needs.
    pub(super) fn is_safe(&self) -> bool {
        self.until.borrow().is_some_and(|until| Instant::now() + STOP_MARGIN < until)
    }

    /// Whether a renewal is overdue.
    pub(super) fn is_in_doubt(&self) -> bool {
        !self.until.borrow().is_some_and(|until| Instant::now() + DOUBT_MARGIN < until)
    }

    /// Whether this keeper means to hold the lease.
    pub(super) fn is_wanted(&self) -> bool {
        *self.wanted.borrow()
    }

    fn ask(&self) -> LeaseAsk {
        let length_ms = u64::try_from(LEASE.as_millis()).expect("a lease is short");
        LeaseAsk::Take { holder: self.holder.clone(), length_ms }
    }

    /// Renews while wanted, until `shutdown`.
    pub(super) async fn renew(self: Arc<Self>, shutdown: CancellationToken) {
        let mut wanted = self.wanted.subscribe();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(RENEW) => {}
                _ = wanted.changed() => {}
            }
            if !*wanted.borrow_and_update() {
                continue;
            }
            let asked = Instant::now();
            match self.store.lease(&self.name, self.ask()).await {
                Ok(_) if self.is_wanted() => {
                    self.until_tx.send_replace(Some(asked + LEASE));
                }
                // It was under way when the lease was given up, and has taken it back.
                Ok(_) => {
                    if let Err(error) = self.give_up().await {
                        debug!(lease = self.name, %error, "not given up again");
                    }
                }
                Err(StoreError::Held { holder, .. }) => {
                    warn!(lease = self.name, holder, "another keeper holds the lease");
                    self.wanted.send_replace(false);
                    self.until_tx.send_replace(None);
                }
                Err(error) => debug!(lease = self.name, %error, "not renewed"),
            }
        }
    }
}
