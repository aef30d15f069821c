//! Where the evaluator and its caller meet.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use super::need::{Answer, Need};

/// One need, one answer.
#[derive(Clone, Default)]
pub(super) struct Desk(Arc<Mutex<(Option<Need>, Option<Answer>)>>);

impl Desk {
    pub(super) async fn ask(&self, need: Need) -> Answer {
        self.with(|desk| *desk = (Some(need), None));
        poll_fn(|_| self.with(|desk| desk.1.take().map_or(Poll::Pending, Poll::Ready))).await
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut (Option<Need>, Option<Answer>)) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
