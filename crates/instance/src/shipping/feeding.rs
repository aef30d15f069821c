//! The feeding side of a receiver: keeps `pg_receivewal` running against whoever feeds us.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::Feed;
use super::child::{Child, tidy};
use super::error::ShippingError;
use super::lock::WriterLock;
use super::receiver::{Inner, Standing, blocking, locked};
use crate::SEGMENT_BYTES;

/// The pause after the first failure; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Free bytes below which nothing is received: a segment that comes, one that waits to be closed,
/// and its compressed copy.
const ROOM_BYTES: u64 = 3 * SEGMENT_BYTES;

impl Inner {
    pub(super) async fn run(
        self: Arc<Self>,
        mut lock: WriterLock,
        feed: watch::Receiver<Option<Feed>>,
        token: CancellationToken,
        done: oneshot::Sender<()>,
    ) {
        // Each is stopped after the one whose work it finishes.
        let (received, read) = (CancellationToken::new(), CancellationToken::new());
        let feeding = async {
            self.feed(&mut lock, feed, &token).await;
            received.cancel();
        };
        let tailing = async {
            self.tail(&received).await;
            read.cancel();
        };
        tokio::join!(feeding, tailing, self.close(&read));
        self.standing.send_if_modified(|now| {
            let running = !matches!(now, Standing::Stopped { .. });
            if running {
                *now = Standing::Stopped { why: None };
            }
            running
        });
        drop(lock);
        // Nobody may be waiting for it.
        done.send(()).ok();
    }

    async fn feed(
        self: &Arc<Self>,
        lock: &mut WriterLock,
        mut feed: watch::Receiver<Option<Feed>>,
        token: &CancellationToken,
    ) {
        let mut pause = FIRST_PAUSE;
        while !token.is_cancelled() {
            let wanted = feed.borrow_and_update().clone();
            let failed = match &wanted {
                None => {
                    self.standing.send_replace(Standing::Idle);
                    None
                }
                Some(from) => {
                    // Dropping it kills the child; but first it is asked.
                    Some(self.receive(lock, from, &mut feed, token).await)
                }
            };
            let wait = match (failed, wanted) {
                (None, _) | (_, None) => Duration::MAX,
                (Some(Ok(Received::Changed)), _) => continue,
                (Some(Ok(Received::Failed { why, lived })), Some(from)) => {
                    pause = if lived { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
                    self.say_waiting(from, why);
                    pause
                }
                (Some(Err(why)), Some(from)) => {
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    self.say_waiting(from, Arc::new(why));
                    pause
                }
            };
            tokio::select! {
                () = token.cancelled() => {}
                changed = feed.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Receives until something changes or fails.
    async fn receive(
        self: &Arc<Self>,
        lock: &mut WriterLock,
        from: &Feed,
        feed: &mut watch::Receiver<Option<Feed>>,
        token: &CancellationToken,
    ) -> Result<Received, ShippingError> {
        self.find_room()?;
        let source = from.name.clone();
        self.standing.send_replace(Standing::Connecting { source: source.clone() });
        let held = *self.flushed.borrow();
        let examined = from.examine(&self.settings.binaries, &self.share, &self.folder, held);
        tokio::select! {
            () = token.cancelled() => return Ok(Received::Changed),
            // The loop outside looks at the new one.
            _ = feed.changed() => return Ok(Received::Changed),
            examined = examined => examined?,
        }
        let inner = Arc::clone(self);
        blocking(move || {
            tidy(&inner.folder)?;
            let prefix = locked(&inner.tail).seal()?;
            locked(&inner.closer).expect(prefix);
            Ok(())
        })
        .await?;
        let mut trouble = self.trouble.subscribe();
        trouble.borrow_and_update();
        let mut child = Child::start(&self.settings.binaries, from, &self.folder, lock)?;
        let began = *self.flushed.borrow();
        locked(&self.heard).source.clone_from(&source);
        let receiving = Standing::Receiving { source: source.clone(), since: began };
        self.standing.send_replace(receiving);
        tracing::info!(source, reign = %self.folder.reign(), "receive WAL");
        let ended = tokio::select! {
            () = token.cancelled() => None,
            _ = feed.changed() => None,
            _ = trouble.changed() => trouble.borrow().clone(),
            why = child.ended(from, &self.folder) => Some(Arc::new(why)),
        };
        child.stop().await;
        let Some(why) = ended else { return Ok(Received::Changed) };
        let why = self.mended(why).await?;
        Ok(Received::Failed { why, lived: *self.flushed.borrow() != began })
    }

    /// What was damaged here is put aside, now that nothing writes there.
    async fn mended(
        self: &Arc<Self>,
        why: Arc<ShippingError>,
    ) -> Result<Arc<ShippingError>, ShippingError> {
        let ShippingError::Damaged { name, why } = &*why else { return Ok(why) };
        let damaged = ShippingError::Damaged { name: name.clone(), why: why.clone() };
        let inner = Arc::clone(self);
        blocking(move || Ok(Arc::new(locked(&inner.closer).receive_again(damaged)))).await
    }

    /// Refuses to receive into a full share.
    fn find_room(&self) -> Result<(), ShippingError> {
        // Where the file system does not tell, writing will.
        let free = crate::free_bytes(self.folder.path()).unwrap_or(ROOM_BYTES);
        if free >= ROOM_BYTES {
            if self.trouble.borrow().is_some() {
                self.trouble.send_replace(None);
            }
            return Ok(());
        }
        let source = std::io::Error::other(format!("{free} bytes are free, {ROOM_BYTES} needed"));
        Err(ShippingError::Full { path: self.folder.path().to_owned(), source })
    }

    fn say_waiting(&self, from: Feed, why: Arc<ShippingError>) {
        if why.is_alarm() {
            self.fail(why);
            return;
        }
        tracing::warn!(source = from.name, %why, "WAL is not received");
        self.standing.send_replace(if why.is_full() {
            Standing::Full { why }
        } else {
            Standing::Waiting { source: from.name, why }
        });
    }
}

/// Why receiving ended.
enum Received {
    /// Somebody wants something else.
    Changed,
    /// The child ended by itself; did anything arrive from it?
    Failed { why: Arc<ShippingError>, lived: bool },
}
