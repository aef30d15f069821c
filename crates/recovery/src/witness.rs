//! The witness host: keeps the site's store, probes the primary, hears the other site.

use std::net::SocketAddr;
use std::time::Duration;

use control::{Peer, Refusal, Router};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::probe::{self, Probe};
use crate::record::{Gate, PoolRecord, Serving};
use crate::store::{LeaseAsk, LeaseState, Records, StoreError};

/// The path of the probe on the witness host's control port.
pub const PROBE: &str = "witness/probe";
/// How often the other site is listened to.
const HEAR_INTERVAL: Duration = Duration::from_millis(300);

/// Asks the witness what it sees of an instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProbeRequest {
    /// The pool whose primary is asked about.
    pub pool: String,
    /// Where its PostgreSQL listens.
    pub postgres: SocketAddr,
    /// Where its host's control port listens.
    pub control: SocketAddr,
}

/// Serves probes from the witness host of this site.
///
/// When the kernel of the primary's host answers that neither PostgreSQL nor a keeper listens
/// there, the processes are gone for certain, and their lease is revoked upon that evidence.
pub fn install_routes(router: Router, records: &Records) -> Router {
    let records = records.clone();
    router.on(PROBE, move |peer: Peer, asked: ProbeRequest| {
        let records = records.clone();
        async move {
            crate::store::hosts_only(&peer)?;
            let seen = probe::postgres(asked.postgres).await;
            if seen == Probe::NobodyListens
                && probe::listener(asked.control).await == Probe::NobodyListens
            {
                revoke(&records, &asked.pool).await;
            }
            Ok::<Probe, Refusal>(seen)
        }
    })
}

/// Ends the lease of a primary whose processes are known to be gone.
async fn revoke(records: &Records, pool: &str) {
    let name = Records::primary_lease(pool);
    let held = match records.store().read().await {
        Ok(snapshot) => snapshot.lease(&name),
        Err(error) => return warn!(%error, "the lease could not be looked at"),
    };
    let LeaseState::Held { holder, .. } = held else { return };
    let evidence = "nobody listens on its PostgreSQL port nor on its control port".to_owned();
    let ask = LeaseAsk::Revoke { holder: holder.clone(), evidence };
    match records.store().lease(&name, ask).await {
        Ok(_) => info!(pool, holder, "the processes of the lease's holder are gone: revoked"),
        Err(error) => warn!(%error, "the lease could not be revoked"),
    }
}

/// Listens to the other site for as long as this host runs.
///
/// When the other site's term has a higher reign, this site is not the pool's any more: the record
/// goes into quarantine, and the keepers fence their instances.
pub async fn hear_other_site(
    pool: String,
    own: Records,
    other: Records,
    shutdown: CancellationToken,
) {
    let mut tick = tokio::time::interval(HEAR_INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = tick.tick() => {}
        }
        // The other site is often away in the very cases that this product is for.
        let Ok(Some(heard)) = other.pool(&pool).await else { continue };
        if let Err(error) = obey(&pool, &own, &heard.value).await {
            warn!(%error, pool, "what the other site said could not be recorded");
        }
    }
}

/// Fences this site when `heard` has a higher reign and the primary.
async fn obey(pool: &str, own: &Records, heard: &PoolRecord) -> Result<(), StoreError> {
    let Some(mine) = own.pool(pool).await? else { return Ok(()) };
    if heard.term.reign <= mine.value.term.reign || heard.primary().is_none() {
        return Ok(());
    }
    let changed = own
        .change_pool(pool, |record| {
            let outranked = record.term.reign < heard.term.reign;
            if outranked && record.primary().is_some() {
                record.serving = Serving::Quarantine {
                    why: format!(
                        "the other site serves in term {}: fail back to come home",
                        heard.term
                    ),
                };
                record.gate = Gate::Shut;
                record.hand_over = None;
                return true;
            }
            false
        })
        .await?;
    if let Serving::Quarantine { why } = changed.serving {
        info!(pool, why, "this site fences itself");
    }
    Ok(())
}
