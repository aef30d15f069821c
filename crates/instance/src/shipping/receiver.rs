//! The receiver: keeps `pg_receivewal` running, reads what arrives, closes what is complete.
//!
//! One task owns it all. The blocking halves ([`Tail`], [`Closer`]) run on the blocking pool, one
//! pass at a time. A fault that may pass is waited out and said; one that is an alarm ends the
//! receiver.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::behind::{Behind, Figures, Sample};
use super::closing::Closer;
use super::error::ShippingError;
use super::lock::WriterLock;
use super::retention::Needs;
use super::segment::{Segment, WalFile};
use super::share::Folder;
use super::tail::{Position, Tail};
use super::{Feed, Flushed, Reign, Share, durable, feed};
use crate::Binaries;

/// What a receiver is made of.
#[derive(Clone, Debug)]
pub struct ReceiverSettings {
    /// The share's directory; made if it is missing.
    pub share: PathBuf,
    pub reign: Reign,
    pub binaries: Binaries,
    /// Where an empty folder begins: the start of the base backup that the backup instance was
    /// made from. Without it, shipping begins where the slot stands.
    pub begin: Option<Position>,
    /// The `pg_wal` of the backup instance: it has the history of the timeline that it is on. A
    /// source that was copied later need not have that.
    pub histories: Option<PathBuf>,
}

/// What the receiver is doing.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It has nobody to receive from.
    Idle,
    /// It examines the source.
    Connecting { source: String },
    /// `pg_receivewal` runs. Whether anything comes is another matter: where the share stood when
    /// it began is told, too.
    Receiving { source: String, since: Option<Position> },
    /// It failed and tries again.
    Waiting { source: String, why: Arc<ShippingError> },
    /// The share is full; it goes on when there is room.
    Full { why: Arc<ShippingError> },
    /// It ended: as it was told to, or for a reason that somebody must look at.
    Stopped { why: Option<Arc<ShippingError>> },
}

/// A running receiver. Dropping it stops it; [`stop`](Self::stop) also waits.
#[derive(Debug)]
pub struct Receiver {
    feed: watch::Sender<Option<Feed>>,
    inner: Arc<Inner>,
    ended: oneshot::Receiver<()>,
    token: CancellationToken,
    _stop: tokio_util::sync::DropGuard,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) settings: ReceiverSettings,
    pub(super) share: Share,
    pub(super) folder: Folder,
    pub(super) tail: Mutex<Tail>,
    pub(super) closer: Mutex<Closer>,
    pub(super) behind: Mutex<Behind>,
    pub(super) heard: Mutex<Heard>,
    pub(super) written: Mutex<Written>,
    pub(super) standing: watch::Sender<Standing>,
    pub(super) flushed: watch::Sender<Option<Position>>,
    /// Set by the reading and closing sides; cleared by the feeding side when it begins again.
    pub(super) trouble: watch::Sender<Option<Arc<ShippingError>>>,
    pub(super) failed: CancellationToken,
}

#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) at: Timestamp,
    pub(super) source: String,
}

/// What was written down last.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) heard_at: Timestamp,
    pub(super) at: Instant,
    pub(super) figures: Option<Figures>,
}

impl Receiver {
    /// Opens the share for writing and begins. Blocking work: a few small files.
    pub fn start(
        settings: ReceiverSettings,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Self, ShippingError> {
        let share = Share::create(&settings.share)?;
        let lock = WriterLock::take(&share)?;
        let folder = share.make_folder(settings.reign)?;
        begin_at(&folder, settings.begin)?;
        if let (Some(begin), Some(histories)) = (settings.begin, &settings.histories) {
            feed::bring_own(&folder, histories, begin.timeline)?;
        }
        let before = Flushed::read(&folder)?;
        let tail = Tail::open(folder.clone())?;
        let position = tail.position();
        let closer = Closer::open(share.clone(), folder.clone())?;
        let token = shutdown.child_token();
        let heard = Heard {
            at: before.as_ref().map_or(Timestamp::UNIX_EPOCH, |it| it.heard_at),
            source: before.map(|it| it.source).unwrap_or_default(),
        };
        let inner = Arc::new(Inner {
            settings,
            share,
            folder,
            tail: Mutex::new(tail),
            closer: Mutex::new(closer),
            behind: Mutex::default(),
            written: Mutex::new(Written { heard_at: heard.at, at: Instant::now(), figures: None }),
            heard: Mutex::new(heard),
            standing: watch::Sender::new(Standing::Idle),
            flushed: watch::Sender::new(position),
            trouble: watch::Sender::new(None),
            failed: token.clone(),
        });
        let feed = watch::Sender::new(None);
        let (done, ended) = oneshot::channel();
        tasks.spawn(Arc::clone(&inner).run(lock, feed.subscribe(), token.clone(), done));
        Ok(Self { feed, inner, ended, _stop: token.clone().drop_guard(), token })
    }

    /// Receives from `feed` from now on, going on where the last one left; from nobody if `None`.
    pub fn feed_from(&self, feed: Option<Feed>) {
        self.feed.send_if_modified(|now| {
            let other = *now != feed;
            *now = feed;
            other
        });
    }

    /// Takes where the source (the primary, whoever feeds us) stood at a moment.
    pub fn note_source(&self, sample: Sample) {
        locked(&self.inner.behind).note(sample);
        let mut heard = locked(&self.inner.heard);
        heard.at = heard.at.max(sample.at);
    }

    /// How far the share is behind the last sample.
    pub fn figures(&self) -> Option<Figures> {
        self.inner.figures()
    }

    /// What it is doing, and every change of that.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.inner.standing.subscribe()
    }

    /// Up to where the WAL is durable and valid in the share, and every change of that.
    pub fn flushed(&self) -> watch::Receiver<Option<Position>> {
        self.inner.flushed.subscribe()
    }

    /// Whether what it writes into is there still.
    pub fn has_its_folder(&self) -> bool {
        self.inner.folder.incoming().exists()
    }

    /// Removes closed files that nobody needs; answers their names.
    pub async fn retire(&self, needs: Needs) -> Result<Vec<String>, ShippingError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || locked(&inner.closer).retire(needs)).await
    }

    /// Ends the child, reads what it left to the end, and answers up to where the share holds WAL.
    pub async fn stop(mut self) -> Option<Position> {
        self.token.cancel();
        // The sender goes away without a word only if its task was aborted.
        (&mut self.ended).await.ok();
        *self.inner.flushed.borrow()
    }
}

/// Tells `pg_receivewal` where to begin in an empty folder: an empty partial file.
fn begin_at(folder: &Folder, begin: Option<Position>) -> Result<(), ShippingError> {
    let files = folder.incoming_files()?;
    let empty = files.iter().all(|it| matches!(it, WalFile::History(_)));
    let Some(begin) = begin.filter(|_| empty) else { return Ok(()) };
    let partial = WalFile::Partial(Segment::holding(begin.timeline, begin.lsn));
    let path = folder.incoming().join(partial.name());
    std::fs::File::create(&path).map_err(super::error::at("make", &path))?;
    durable::sync_directory_of(&path)
}

/// A poisoned lock means that a pass panicked; the files are as after a crash, which all can bear.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ShippingError> + Send + 'static,
) -> Result<T, ShippingError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
