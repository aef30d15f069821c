//! What is said of connections that are refused: a flood fills no log.

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tracing::warn;

use crate::limits::REFUSED_TOLD_EVERY;

/// Refused connections: one is told of at a time, the others are counted.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<Since>);

#[derive(Debug, Default)]
struct Since {
    told: Option<Instant>,
    untold: u64,
}

impl Refused {
    /// Tells of a refused connection, unless another was told of a moment ago.
    pub(super) fn tell(&self, from: SocketAddr, why: &dyn Display) {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if since.told.is_some_and(|told| told.elapsed() < REFUSED_TOLD_EVERY) {
            since.untold += 1;
            return;
        }
        let others = std::mem::take(&mut since.untold);
        since.told = Some(Instant::now());
        drop(since);
        warn!(%from, %why, others, "a connection was refused; see who is there");
    }
}
