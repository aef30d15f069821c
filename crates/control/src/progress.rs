//! Progress: the lines that a long request tells before its answer.
//!
//! The body is lines of JSON: `{"progress": ...}` any number of times, then one `{"answer": ...}`
//! or `{"refusal": ...}`. An empty line says only that the host is still there.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Interval, MissedTickBehavior};
use tracing::{error, warn};

use crate::limits::{HEARTBEAT, MAX_PROGRESS_WAITING, PROGRESS_DEADLINE};
use crate::refusal::Refusal;

/// Tells whoever asked how far a long request is. A cheap clone.
#[derive(Debug, Clone)]
pub struct Progress {
    lines: mpsc::Sender<Bytes>,
    gone: Arc<AtomicBool>,
    from: SocketAddr,
}

impl Progress {
    pub(crate) fn new(from: SocketAddr) -> (Self, mpsc::Receiver<Bytes>) {
        let (lines, received) = mpsc::channel(MAX_PROGRESS_WAITING);
        (Self { lines, gone: Arc::default(), from }, received)
    }

    /// Where the request came from.
    pub fn from(&self) -> SocketAddr {
        self.from
    }

    /// Whether whoever asked has gone, or has not read for too long.
    pub fn is_unheard(&self) -> bool {
        self.gone.load(Ordering::Relaxed) || self.lines.is_closed()
    }

    /// Tells one thing. Work never depends on being heard: a reader that is gone or stuck is
    /// given up, and whatever is told after that is dropped.
    pub async fn say<T: Serialize + Sync>(&self, what: &T) {
        if self.is_unheard() {
            return;
        }
        match line("progress", serde_json::to_vec(what)) {
            Ok(line) => {
                if self.lines.send_timeout(line, PROGRESS_DEADLINE).await.is_err() {
                    self.gone.store(true, Ordering::Relaxed);
                    warn!(from = %self.from, "nobody reads the progress any more");
                }
            }
            Err(error) => error!(%error, "progress that is no JSON cannot be told"),
        }
    }
}

/// What a handler that runs on its own ends with, or why it did not end.
pub(crate) type Running = JoinHandle<Result<Vec<u8>, Refusal>>;
pub(crate) type Ended = Result<Result<Vec<u8>, Refusal>, JoinError>;

/// Makes the last line of what a handler ended with.
pub(crate) type Conclude = Box<dyn Fn(Ended) -> Bytes + Send>;

/// The body of the answer: lines as they come, heartbeats in between, then the end.
pub(crate) struct Lines {
    told: mpsc::Receiver<Bytes>,
    state: State,
    heartbeat: Interval,
    /// Turns a panic into a refusal.
    conclude: Conclude,
}

enum State {
    Running(Running),
    /// The handler has ended; what it told before is still to be sent.
    Ended(Bytes),
    Done,
}

impl Lines {
    pub(crate) fn new(told: mpsc::Receiver<Bytes>, running: Running, conclude: Conclude) -> Self {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { told, state: State::Running(running), heartbeat, conclude }
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            match &mut self.state {
                State::Running(running) => {
                    if let Poll::Ready(Some(line)) = self.told.poll_recv(cx) {
                        self.heartbeat.reset();
                        return Poll::Ready(Some(line));
                    }
                    if let Poll::Ready(ended) = Pin::new(running).poll(cx) {
                        self.state = State::Ended((self.conclude)(ended));
                        continue;
                    }
                    if self.heartbeat.poll_tick(cx).is_ready() {
                        return Poll::Ready(Some(Bytes::from_static(b"\n")));
                    }
                    return Poll::Pending;
                }
                State::Ended(last) => {
                    let line = if let Ok(line) = self.told.try_recv() {
                        line
                    } else {
                        let last = std::mem::take(last);
                        self.state = State::Done;
                        last
                    };
                    return Poll::Ready(Some(line));
                }
                State::Done => return Poll::Ready(None),
            }
        }
    }
}

/// One line `{"KEY": VALUE}`.
pub(crate) fn line<E>(key: &str, value: Result<Vec<u8>, E>) -> Result<Bytes, E> {
    let value = value?;
    let mut line = Vec::with_capacity(key.len() + value.len() + 6);
    line.extend_from_slice(b"{\"");
    line.extend_from_slice(key.as_bytes());
    line.extend_from_slice(b"\":");
    line.extend_from_slice(&value);
    line.extend_from_slice(b"}\n");
    Ok(line.into())
}
