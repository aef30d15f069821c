//! The guard of a primary: it ends one that has nobody left, whatever its keeper is busy with.
//!
//! Beside the keeper's loop, because a step of the loop may wait for others for longer than a lease
//! lasts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use instance::Instance;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::lease::LeaseHolder;
use crate::probe::{self, Probe};

/// How often the guard looks: well within the margin before a lease's end.
const LOOK: Duration = Duration::from_millis(100);
/// How long one look may take.
const LOOK_PATIENCE: Duration = Duration::from_millis(200);
/// A mirror that was seen less than this ago is there. Doubt begins early enough for it to pass
/// before the lease is unsafe: whoever is cut off from all at once is stopped in time.
const SIGHT: Duration = Duration::from_millis(400);

/// A primary's mirror: its name there, and where it listens.
#[derive(Clone, Debug)]
pub(super) struct Partner {
    pub(super) store: String,
    pub(super) address: SocketAddr,
}

/// When the mirror was seen last.
struct Sight {
    /// PostgreSQL streams to it, as far as is known.
    streams: bool,
    seen: Instant,
}

impl Sight {
    /// A look at the stream, and at the host at its other end: a stream whose host was cut off
    /// stands for two seconds more, which is longer than the lease.
    async fn look(&mut self, instance: &Instance, partner: &Partner) {
        let asked = Instant::now();
        let (observed, heard) = tokio::join!(
            timeout(LOOK_PATIENCE, instance.observe()),
            timeout(LOOK_PATIENCE, probe::listener(partner.address)),
        );
        // One that is too busy to say is taken at its last word.
        if let Ok(Ok(observed)) = observed {
            self.streams = observed.sender(&partner.store).is_some();
        }
        if self.streams && heard == Ok(Probe::Answers) {
            self.seen = asked;
        }
    }

    fn is_lost(&self) -> bool {
        SIGHT < self.seen.elapsed()
    }
}

/// A primary that can neither renew its lease nor see its mirror is stopped before the lease ends.
///
/// It is killed, and not asked: what was waiting for the mirror stays unacknowledged either way.
pub(super) async fn watch(
    instance: Instance,
    lease: Arc<LeaseHolder>,
    partner: Partner,
    shutdown: CancellationToken,
) {
    let mut sight = Sight { streams: false, seen: Instant::now() };
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        if !lease.is_wanted() || !lease.is_in_doubt() || !matches!(instance.pid(), Ok(Some(_))) {
            sight.seen = Instant::now();
            continue;
        }
        sight.look(&instance, &partner).await;
        if !sight.is_lost() || lease.is_safe() || !lease.is_wanted() {
            continue;
        }
        let store = instance.name();
        warn!(store, "neither the lease can be renewed nor the mirror seen: PostgreSQL is stopped");
        if let Err(error) = instance.kill().await {
            error!(store, %error, "a primary that has nobody left could not be stopped");
        }
    }
}
