//! The reading and closing sides of a receiver: what arrived is read, flushed, told and closed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::Flushed;
use super::behind::Figures;
use super::error::ShippingError;
use super::receiver::{Heard, Inner, Standing, blocking, locked};
use super::tail::Position;

/// Between two looks for WAL that arrived.
const TAIL_EVERY: Duration = Duration::from_millis(20);

/// Between two looks for complete segments, and for a higher reign.
const CLOSE_EVERY: Duration = Duration::from_millis(200);

/// How often a sign of life is written down while no WAL arrives.
const HEARD_EVERY: Duration = Duration::from_secs(1);

impl Inner {
    /// Reads and flushes what arrives, until the child is gone and nothing is left to read.
    pub(super) async fn tail(self: &Arc<Self>, fed: &CancellationToken) {
        loop {
            let last = fed.is_cancelled();
            let inner = Arc::clone(self);
            match blocking(move || inner.read_on()).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(why) => self.trouble(why),
            }
            if last {
                return;
            }
            tokio::select! {
                () = fed.cancelled() => {}
                () = tokio::time::sleep(TAIL_EVERY) => {}
            }
        }
    }

    /// One pass of the tail. Writes the position down if it moved, and signs of life now and then.
    fn read_on(&self) -> Result<bool, ShippingError> {
        let mut tail = locked(&self.tail);
        let moved = tail.pass()?;
        let position = tail.position();
        drop(tail);
        let heard = {
            let mut heard = locked(&self.heard);
            if moved {
                heard.at = heard.at.max(Timestamp::now());
            }
            heard.clone()
        };
        let Some(Position { timeline, lsn }) = position else { return Ok(moved) };
        let mut written = locked(&self.written);
        let due = written.at.elapsed() >= HEARD_EVERY;
        if moved || due && heard.at != written.heard_at {
            let Heard { at: heard_at, source } = heard;
            Flushed { timeline, lsn, heard_at, source }.write(&self.folder)?;
            self.flushed.send_replace(position);
            written.heard_at = heard_at;
        }
        let figures = self.figures();
        if due && figures != written.figures {
            if let Some(figures) = &figures {
                figures.write(&self.folder)?;
            }
            written.figures = figures;
        }
        if due {
            written.at = Instant::now();
        }
        Ok(moved)
    }

    /// Closes complete segments, until all that was read is closed.
    pub(super) async fn close(self: &Arc<Self>, read: &CancellationToken) {
        loop {
            let last = read.is_cancelled();
            let inner = Arc::clone(self);
            let closed = blocking(move || {
                inner.share.check_reign(inner.folder.reign())?;
                let position = *inner.flushed.borrow();
                locked(&inner.closer).pass(position, Timestamp::now())
            });
            if let Err(why) = closed.await {
                self.trouble(why);
            }
            if last {
                return;
            }
            tokio::select! {
                () = read.cancelled() => {}
                () = tokio::time::sleep(CLOSE_EVERY) => {}
            }
        }
    }

    /// A fault of the reading or closing side.
    pub(super) fn trouble(&self, why: ShippingError) {
        let why = Arc::new(why);
        // What is damaged here may come once more.
        if why.is_alarm() && !matches!(*why, ShippingError::Damaged { .. }) {
            self.fail(why);
            return;
        }
        // The feeding side stops the child, says so and begins again.
        self.trouble.send_replace(Some(why));
    }

    pub(super) fn fail(&self, why: Arc<ShippingError>) {
        tracing::error!(%why, "log shipping stops");
        self.standing.send_replace(Standing::Stopped { why: Some(why) });
        self.failed.cancel();
    }

    pub(super) fn figures(&self) -> Option<Figures> {
        let flushed = (*self.flushed.borrow())?;
        locked(&self.behind).figures(flushed.lsn)
    }
}
