//! Zero loss: what a commit waits for beyond the primary and its mirror.
//!
//! A pool may want nothing acknowledged or shown before the other site holds it. Then whoever has
//! committed waits here, the writer as well as the prover, until the other site is known to hold
//! the log beyond that commit. What is known grows only: a place that was once held is never needed
//! again, and a later commit lies beyond every place that was told before it.

use db::{CommitError, Connection, LogEnd, Place};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// How often whoever waits looks at its connection, and has another record written: a place in the
/// middle of a record is held only when that record is whole.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What the other site holds of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The reign of the primary whose log it is.
    pub reign: i64,
    /// Everything before this place, on the way to this timeline, is durable there.
    pub place: Place,
}

/// Whether commits wait for the other site. By default none does. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct OtherSite(Option<Arc<Awaited>>);

#[derive(Debug)]
struct Awaited {
    primaries: Vec<String>,
    held: watch::Receiver<Option<Held>>,
}

/// Why it is not known that the other site holds a commit. It stands here nevertheless.
#[derive(Debug, thiserror::Error)]
pub enum NotHeld {
    /// The connection is of no more use.
    #[error("the connection to the primary is over")]
    Over(#[from] CommitError),
    /// The end of the log was not told.
    #[error("the primary does not say where its log ends")]
    Unsaid(#[from] tokio_postgres::Error),
    /// The receiver is away, or behind.
    #[error("the other site does not hold it after {0:?}; see how far behind it is")]
    NotInTime(Duration),
}

impl OtherSite {
    /// Commits on these primaries, named as their stores are, wait until `held` has passed them.
    pub fn awaited(primaries: Vec<String>, held: watch::Receiver<Option<Held>>) -> Self {
        Self(Some(Arc::new(Awaited { primaries, held })))
    }

    /// The question that follows each commit on this connection; none, if nothing is waited for.
    pub(crate) async fn log_end(
        &self,
        connection: &Connection,
    ) -> Result<Option<LogEnd>, tokio_postgres::Error> {
        let store = &connection.primary().store;
        match &self.0 {
            Some(awaited) if awaited.primaries.contains(store) => {
                connection.prepare_log_end().await.map(Some)
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Waits until the other site holds everything before `end`, a place in the log of this
    /// connection's primary.
    pub(crate) async fn holds(
        &self,
        connection: &Connection,
        end: Place,
        wait: Duration,
    ) -> Result<(), NotHeld> {
        let Some(awaited) = &self.0 else { return Ok(()) };
        let (reign, _) = connection.term();
        let mut held = awaited.held.clone();
        let deadline = Instant::now() + wait;
        loop {
            let look = deadline.min(Instant::now() + LOOK_AGAIN);
            let beyond = |held: &Option<Held>| held.is_some_and(|held| held.has(reign, end));
            match timeout_at(look, held.wait_for(beyond)).await.map(|held| held.is_ok()) {
                Ok(true) => return Ok(()),
                // Nobody tells any more: this server stops.
                Ok(false) => return Err(NotHeld::NotInTime(wait)),
                Err(_) => {}
            }
            if let Some(doubt) = connection.doubt() {
                return Err(CommitError::Unknown(doubt).into());
            }
            if deadline <= Instant::now() {
                return Err(NotHeld::NotInTime(wait));
            }
            let look = deadline.min(Instant::now() + LOOK_AGAIN);
            // If it waits itself, for the mirror, it is written nevertheless.
            timeout_at(look, connection.prove()).await.unwrap_or(Ok(()))?;
        }
    }
}

impl Held {
    /// Is everything before `end`, of that reign, held?
    fn has(&self, reign: i64, end: Place) -> bool {
        // After a promotion places count on another branch, and nothing of it was told yet.
        self.reign == reign && self.place.timeline == end.timeline && end.lsn <= self.place.lsn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_branch_is_held() {
        let place = |timeline, lsn| Place { timeline, lsn };
        let held = Held { reign: 3, place: place(2, 100) };
        assert!(held.has(3, place(2, 100)), "everything before it");
        assert!(!held.has(3, place(2, 101)));
        assert!(!held.has(3, place(1, 50)) && !held.has(3, place(3, 50)), "another timeline");
        assert!(!held.has(2, place(2, 50)) && !held.has(4, place(2, 50)), "another reign");
    }
}
