//! The guard of a primary: it ends one that has nobody left, whatever its keeper is busy with.
//!
//! Beside the keeper's loop, because a step of the loop may wait for others for longer than a lease
//! lasts.

use std::sync::Arc;
use std::time::Duration;

use instance::Instance;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::lease::LeaseHolder;

/// How often the guard looks: well within the margin before a lease's end.
const LOOK: Duration = Duration::from_millis(100);

/// A primary that can neither renew its lease nor see its mirror is stopped before the lease ends.
///
/// It is killed, and not asked: what was waiting for the mirror stays unacknowledged either way.
pub(super) async fn watch(
    instance: Instance,
    lease: Arc<LeaseHolder>,
    partner: String,
    shutdown: CancellationToken,
) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        if !lease.is_wanted() || lease.is_safe() || !matches!(instance.pid(), Ok(Some(_))) {
            continue;
        }
        let sees_mirror = match instance.observe().await {
            Ok(observed) => observed.sender(&partner).is_some(),
            // Too busy to say while the lease still lasts: it is asked once more.
            Err(_) if lease.lasts() => continue,
            Err(_) => false,
        };
        if sees_mirror || lease.is_safe() || !lease.is_wanted() {
            continue;
        }
        let store = instance.name();
        warn!(store, "neither the lease can be renewed nor the mirror seen: PostgreSQL is stopped");
        if let Err(error) = instance.kill().await {
            error!(store, %error, "a primary that has nobody left could not be stopped");
        }
    }
}
