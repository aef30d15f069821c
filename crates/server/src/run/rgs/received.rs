//! What belongs to a pool, received continuously by the pool that it is paired with.
//!
//! Whichever host has the pool's primary looks every few seconds; a failover then needs no file.
//! The same look tells a pool that comes back that another has stood in for it meanwhile.

use std::sync::Arc;
use std::time::Duration;

use response_groups::store::{FromExport, Hosting, OwnerFilter, RgsError};
use tracing::warn;

use super::Hostings;
use super::pair::Pair;
use crate::run::host::ThisHost;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Lets each pool of this host be received by the pool that it is paired with.
pub(crate) fn start(host: &Arc<ThisHost>, hostings: &Hostings) {
    for pool in host.topology.front_end_pools() {
        let is_here =
            |store: &str| host.topology.host_of_store(store).is_some_and(|it| it.name == host.name);
        if !pool.stores.iter().any(|(_, store)| is_here(store)) {
            continue;
        }
        let Some(pair) = hostings.pair(&pool.fqdn) else { continue };
        let sending = Sending { pair: pair.clone(), sent: None };
        host.tasks.spawn(follow(Arc::clone(host), hostings.clone(), sending));
    }
}

/// A pool and the one that receives what belongs to it.
struct Sending {
    pair: Pair,
    /// The reign and the revision that were received last.
    sent: Option<(i64, i64)>,
}

async fn follow(host: Arc<ThisHost>, hostings: Hostings, mut sending: Sending) {
    let shutdown = host.shutdown.clone();
    let mut tick = tokio::time::interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = String::new();
    while shutdown.run_until_cancelled(tick.tick()).await.is_some() {
        let primary = hostings.primary(sending.pair.own().parent());
        let at = primary.and_then(|store| host.topology.host_of_store(&store));
        if at.is_none_or(|it| it.name != host.name) {
            continue;
        }
        let turn = Box::pin(sending.turn());
        let Some(turn) = shutdown.run_until_cancelled(turn).await else { return };
        match turn {
            Ok(()) => failing.clear(),
            Err(error) => {
                let said = error.to_string();
                if said != failing {
                    warn!(pool = sending.pair.own().parent(), "not received by its pair: {said}");
                    failing = said;
                }
            }
        }
    }
}

impl Sending {
    async fn turn(&mut self) -> Result<(), RgsError> {
        let (own, partner) = (self.pair.own(), self.pair.partner());
        let theirs = partner.word(own.parent()).await?;
        let known = self.pair.heeded(&theirs).await?;
        if known.edits && self.sent != Some(known.place()) {
            self.sent = Some(send(own, partner).await?);
        }
        Ok(())
    }
}

/// Has `partner` receive what belongs to `own` and is hosted there. Gives its reign and revision.
pub(crate) async fn send(own: &Hosting, partner: &Hosting) -> Result<(i64, i64), RgsError> {
    let owner = own.parent();
    let export = own.export(&OwnerFilter::Parent).await?;
    let standing = export.standings().get(owner).copied().unwrap_or_default();
    let (reign, revision) = standing.place();
    let whole = export.configuration().clone();
    let mut audio = FromExport::new(&export);
    let received = partner.receive(owner, reign, revision, &whole, &mut audio).await;
    export.end().await;
    match received {
        // It stood in for us and knows more; a failback brings that home.
        Ok(()) | Err(RgsError::Older { .. }) => Ok((reign, revision)),
        Err(error) => Err(error),
    }
}
