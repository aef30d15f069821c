//! A server that runs and is of no use: frozen, or refusing every connection. It is ended, and its
//! keeper then does as with any that fell.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use instance::{Error as InstanceError, Instance, Observation, StopMode};
use tracing::warn;

use super::{Keeper, STOP_PATIENCE};
use crate::probe::{self, Probe};

/// How long a primary may leave a question unanswered before it is looked at whether it lives.
const DOUBT: Duration = Duration::from_secs(1);
/// For how long none of its processes has had a processor, when it counts as frozen. On the busiest
/// machine each has its turn.
const STILL: Duration = Duration::from_secs(1);
/// How long a server may refuse every connection while it says that it takes them.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(10);

impl Keeper {
    /// What the instance says of itself. A primary that is frozen is ended instead: its keeper
    /// would go on renewing its lease.
    pub(super) async fn hear(&self) -> Result<Observation, InstanceError> {
        let instance = &self.setup.instance;
        tokio::select! {
            biased;
            observed = instance.observe() => return observed,
            () = frozen(instance), if self.lease.is_wanted() => {}
        }
        let name = self.setup.store.clone();
        warn!(store = name, "PostgreSQL is frozen: it is ended");
        instance.kill().await?;
        Err(InstanceError::NotRunning { name })
    }

    /// Ends a server that has said no for long enough, as one whose shared memory was removed under
    /// it. One that is only slow has not said no, and one that replays does not say that it is
    /// ready.
    pub(super) async fn end_what_refuses(&mut self, observed: &Result<Observation, InstanceError>) {
        let refuses = match observed {
            Ok(_) | Err(InstanceError::TimedOut { .. } | InstanceError::NotRunning { .. }) => false,
            Err(_) => {
                let says_ready = self.setup.instance.says_ready();
                matches!(says_ready, Ok(true)) && !*self.salvaging.borrow()
            }
        };
        if !refuses {
            self.refused_since = None;
            return;
        }
        let since = *self.refused_since.get_or_insert_with(Instant::now);
        let Err(error) = observed else { return };
        if since.elapsed() < REFUSAL_PATIENCE {
            return;
        }
        self.refused_since = None;
        let store = &self.setup.store;
        warn!(store, %error, "PostgreSQL refuses every connection: it is stopped");
        let instance = &self.setup.instance;
        if let Err(error) = instance.stop(StopMode::Immediate, STOP_PATIENCE).await {
            warn!(store, %error, "it does not stop: it is killed");
            if let Err(error) = instance.kill().await {
                warn!(store, %error, "it cannot be killed");
            }
        }
    }
}

/// Returns once it is certain that nothing of the server moves any more, though it was asked; never
/// otherwise.
async fn frozen(instance: &Instance) {
    let spec = instance.spec();
    let address = SocketAddr::from((spec.address, spec.port));
    tokio::time::sleep(DOUBT).await;
    let before = instance.work();
    tokio::time::sleep(STILL).await;
    // The postmaster has to move for this, however little its processes have to do.
    let heard = probe::postgres(address).await;
    let still = matches!((before, instance.work()), (Ok(Some(one)), Ok(Some(two))) if one == two);
    if heard == Probe::Answers || !still {
        std::future::pending::<()>().await;
    }
}
