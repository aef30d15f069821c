//! What a sender waits with while its post is on its way.

use crate::error::RoomError;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};
use uuid::Uuid;

/// Where a post is. Sender and writer may both want to move it; exactly one of them does.
#[derive(Debug)]
pub(crate) struct Progress(AtomicU8);

/// It waits; the sender may still give up, and then it is certain that nothing was kept.
const QUEUED: u8 = 0;
/// The database has been given it.
const SENT: u8 = 1;
/// The sender was told that nothing was kept.
const ABANDONED: u8 = 2;
/// The sender was told that it is not known.
const GIVEN_UP: u8 = 3;

impl Progress {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU8::new(QUEUED)))
    }

    /// The writer is about to send it; false if it must not be sent any more.
    pub(crate) fn send(&self) -> bool {
        self.turn(QUEUED, SENT) || self.0.load(Ordering::Acquire) == SENT
    }

    /// Has it ever been sent?
    pub(crate) fn was_sent(&self) -> bool {
        matches!(self.0.load(Ordering::Acquire), SENT | GIVEN_UP)
    }

    /// Was the sender told something final?
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.0.load(Ordering::Acquire), ABANDONED | GIVEN_UP)
    }

    fn turn(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// What becomes of a post: `Ok` with its archive id once it is durable, otherwise what the sender
/// is to be told. It always answers, within the limits `queue_wait` and `answer_wait` together.
#[derive(Debug)]
#[must_use = "the sender is to be told"]
pub struct Ticket(State);

#[derive(Debug)]
enum State {
    Refused(Option<RoomError>),
    Waiting(Waiting),
}

#[derive(Debug)]
struct Waiting {
    answer: oneshot::Receiver<Result<Uuid, RoomError>>,
    progress: Arc<Progress>,
    alarm: Pin<Box<Sleep>>,
    last: Instant,
}

impl Ticket {
    /// One that is refused at once.
    pub(crate) fn refused(error: RoomError) -> Self {
        Self(State::Refused(Some(error)))
    }

    pub(crate) fn waiting(
        answer: oneshot::Receiver<Result<Uuid, RoomError>>,
        progress: Arc<Progress>,
        queue_wait: Duration,
        answer_wait: Duration,
    ) -> Self {
        let first = Instant::now() + queue_wait;
        let alarm = Box::pin(tokio::time::sleep_until(first));
        Self(State::Waiting(Waiting { answer, progress, alarm, last: first + answer_wait }))
    }
}

impl Future for Ticket {
    type Output = Result<Uuid, RoomError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Refused(error) => Poll::Ready(Err(error.take().unwrap_or(RoomError::Unknown))),
            State::Waiting(waiting) => waiting.poll(cx),
        }
    }
}

impl Waiting {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Uuid, RoomError>> {
        if let Poll::Ready(answer) = Pin::new(&mut self.answer).poll(cx) {
            // Without an answer the writer has ended.
            let unsaid =
                || if self.progress.was_sent() { RoomError::Unknown } else { RoomError::Wait };
            return Poll::Ready(answer.unwrap_or_else(|_| Err(unsaid())));
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            if self.progress.turn(QUEUED, ABANDONED) {
                return Poll::Ready(Err(RoomError::Wait));
            }
            if self.alarm.deadline() >= self.last {
                self.progress.turn(SENT, GIVEN_UP);
                return Poll::Ready(Err(RoomError::Unknown));
            }
            let last = self.last;
            self.alarm.as_mut().reset(last);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_post_that_was_never_sent_is_refused_for_certain() {
        let progress = Progress::new();
        let (_reply, answer) = oneshot::channel();
        let ticket = Ticket::waiting(answer, Arc::clone(&progress), WAIT, WAIT);
        assert_eq!(ticket.await, Err(RoomError::Wait));
        assert!(!progress.send(), "what was refused must not be sent");
    }

    #[tokio::test]
    async fn a_post_that_was_sent_is_waited_for_longer_and_then_unknown() {
        let progress = Progress::new();
        let (_reply, answer) = oneshot::channel();
        let ticket = Ticket::waiting(answer, Arc::clone(&progress), WAIT, WAIT);
        assert!(progress.send());
        assert_eq!(ticket.await, Err(RoomError::Unknown));
        assert!(!progress.send(), "whoever was told to repeat it repeats it himself");
    }
}
