//! The witness host: keeps the site's store, probes the primary, hears the other site.

use std::net::SocketAddr;
use std::time::Duration;

use control::{Peer, Refusal, Router};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::probe::{self, Probe};
use crate::record::{Gate, PoolRecord, Serving, TO_OTHER_SITE};
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
            // Read first: whoever takes the lease while we look is not who was looked at.
            let holder = holder(&records, &asked.pool).await;
            let seen = probe::postgres(asked.postgres).await;
            if let Some(holder) = holder
                && seen == Probe::NobodyListens
                && probe::listener(asked.control).await == Probe::NobodyListens
            {
                revoke(&records, &asked.pool, holder).await;
            }
            Ok::<Probe, Refusal>(seen)
        }
    })
}

/// Who holds the lease of the pool's primary.
async fn holder(records: &Records, pool: &str) -> Option<String> {
    match records.store().read().await.map(|snapshot| snapshot.lease(&Records::primary_lease(pool)))
    {
        Ok(LeaseState::Held { holder, .. }) => Some(holder),
        Ok(_) => None,
        Err(error) => {
            warn!(%error, "the lease could not be looked at");
            None
        }
    }
}

/// Ends the lease of a primary whose processes are known to be gone.
async fn revoke(records: &Records, pool: &str, holder: String) {
    let name = Records::primary_lease(pool);
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

/// Records what was heard, where it changes anything.
async fn obey(pool: &str, own: &Records, heard: &PoolRecord) -> Result<(), StoreError> {
    let Some(mine) = own.pool(pool).await? else { return Ok(()) };
    if !take_in(&mut mine.value.clone(), heard) {
        return Ok(());
    }
    let changed = own.change_pool(pool, |record| take_in(record, heard)).await?;
    if let Serving::Quarantine { why } = changed.serving {
        info!(pool, why, "this site fences itself");
    }
    Ok(())
}

/// What the other site's record means for this site's. Tells whether it changed.
///
/// A higher reign fences a primary. So does an equal one that was given to both, which happens only
/// when two administrators act at once: then both sites stop and somebody must decide. A site that
/// stands by takes over the term, so that whatever it issues later is above it.
fn take_in(mine: &mut PoolRecord, heard: &PoolRecord) -> bool {
    let serves = heard.primary().is_some();
    if mine.primary().is_none() {
        let news = serves && mine.serving == Serving::Elsewhere && mine.term < heard.term;
        if news {
            mine.term = heard.term;
        }
        return news;
    }
    let same_reign = heard.term.reign == mine.term.reign;
    let fenced = matches!(heard.serving, Serving::Quarantine { .. });
    let why = if same_reign && (serves || fenced) {
        format!(
            "both sites were made to serve in reign {}: look at both, and fail over to say which \
             one goes on; what the other one took is salvaged at failback",
            mine.term.reign
        )
    } else if mine.term.reign < heard.term.reign && serves {
        format!("the other site serves in term {}: fail back to come home", heard.term)
    } else {
        return false;
    };
    mine.serving = Serving::Quarantine { why };
    mine.gate = Gate::Shut;
    if mine.hand_over.as_deref() != Some(TO_OTHER_SITE) {
        // The other word stays: what was stopped to be moved ended in order and holds nothing.
        mine.hand_over = None;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::take_in;
    use crate::record::{PoolRecord, Serving};
    use crate::term::Term;

    fn standing(serving: Serving, reign: u64, turn: u64) -> PoolRecord {
        let term = Term { reign, turn };
        PoolRecord { term, serving, ..PoolRecord::at_home("north-a", Vec::new()) }
    }

    fn here(reign: u64, turn: u64) -> PoolRecord {
        standing(Serving::Here { primary: "north-a".to_owned() }, reign, turn)
    }

    fn fenced(reign: u64) -> PoolRecord {
        standing(Serving::Quarantine { why: String::new() }, reign, 0)
    }

    #[test]
    fn a_higher_reign_fences_and_a_lower_one_is_not_heard() {
        let mut mine = here(1, 9);
        assert!(!take_in(&mut mine, &standing(Serving::Elsewhere, 1, 0)));
        assert!(!take_in(&mut mine, &standing(Serving::Elsewhere, 2, 0)), "nobody serves there");
        assert!(take_in(&mut mine, &here(2, 0)));
        assert_eq!(mine.primary(), None);
        assert!(!take_in(&mut mine, &here(2, 1)), "once");
        let mut higher = here(2, 0);
        assert!(!take_in(&mut higher, &here(1, 9)) && !take_in(&mut higher, &fenced(1)));
    }

    /// Two administrators in a partition: whoever hears first, both stop.
    #[test]
    fn one_reign_given_to_both_sites_stops_both() {
        let (mut home, mut backup) = (here(3, 0), here(3, 1));
        assert!(take_in(&mut home, &backup));
        assert!(take_in(&mut backup, &home), "the other one is fenced already, and in this reign");
        assert_eq!((home.primary(), backup.primary()), (None, None));
    }

    #[test]
    fn a_site_that_stands_by_knows_the_term_that_it_must_outrank() {
        let mut mine = standing(Serving::Elsewhere, 1, 0);
        assert!(!take_in(&mut mine, &fenced(3)));
        assert!(take_in(&mut mine, &here(3, 2)));
        assert_eq!(mine.term, Term { reign: 3, turn: 2 });
        assert!(!take_in(&mut mine, &here(3, 2)));
        let mut fenced = fenced(1);
        assert!(!take_in(&mut fenced, &here(3, 2)), "it keeps the reign whose posts it holds");
    }
}
