//! Zero loss: how far a pool's log is durable at the backup site, told from there to chat servers.
//!
//! What counts is what the receiver has written into the share, for that is what a failover goes
//! by. The backup instance's host reads it as often as somebody waits for news of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chat::other_site::{Held, OtherSite};
use control::{Client, Destination, Peer, Refusal, Router};
use instance::Lsn;
use instance::shipping::{Flushed, Share, ShippingError};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use topology::{Place, Pool};
use tracing::{info, warn};

use super::host::ThisHost;

const SHIPPED: &str = "chat/shipped";
/// How long a question waits for news.
const NEWS: Duration = Duration::from_secs(3);
/// How long the answer may take beyond that.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at what the receiver has written, while somebody waits.
const LOOK: Duration = Duration::from_millis(10);
/// The pause after the backup site did not answer.
const AWAY_PAUSE: Duration = Duration::from_millis(200);

/// How far a pool's log is durable in the share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Shipped {
    reign: u64,
    timeline: u32,
    lsn: Lsn,
}

/// What is news for whoever asks.
#[derive(Debug, Serialize, Deserialize)]
struct Question {
    pool: String,
    seen: Option<Shipped>,
}

/// Answers for the shares of this host.
pub(crate) fn install(host: &ThisHost, router: Router) -> Router {
    let shares = shares(host);
    if shares.is_empty() {
        return router;
    }
    let shares = Arc::new(shares);
    router.on_poll(SHIPPED, move |peer: Peer, asked: Question| {
        let shares = Arc::clone(&shares);
        async move {
            if !matches!(peer, Peer::Host(_)) {
                let message = format!("{peer} is no chat server");
                return Err(Refusal::new("hosts_only", message, "look with `standfast status`"));
            }
            let share = shares.get(&asked.pool).ok_or_else(|| {
                let message = format!("this host has no share of {}", asked.pool);
                Refusal::new("no_such_share", message, "compare the topology files of both hosts")
            })?;
            news(share, asked.seen).await
        }
    })
}

/// The shares of this host, by the pool's name. Who asks wants zero loss: that a pool does may be
/// known there first.
fn shares(host: &ThisHost) -> BTreeMap<String, PathBuf> {
    let pools = host.topology.stores_on(&host.name).filter_map(|store| {
        let pool = host.topology.pool_of_store(&store.name)?;
        (pool.stores.place_of(&store.name) == Some(Place::Backup)).then_some(pool)
    });
    pools.map(|pool| (pool.fqdn.clone(), host.share(pool))).collect()
}

/// Waits until something else stands than what was `seen`, but not for ever.
async fn news(share: &Path, seen: Option<Shipped>) -> Result<Option<Shipped>, Refusal> {
    let end = Instant::now() + NEWS;
    loop {
        let directory = share.to_owned();
        let read = tokio::task::spawn_blocking(move || read(&directory)).await;
        let read = read.map_err(|error| Refusal::new("internal", error.to_string(), "see the log"));
        let stands = read?.map_err(|error| {
            Refusal::new("share", error.to_string(), "look at the share and its receiver")
        })?;
        if stands != seen || end <= Instant::now() {
            return Ok(stands);
        }
        sleep(LOOK).await;
    }
}

fn read(share: &Path) -> Result<Option<Shipped>, ShippingError> {
    if !share.exists() {
        return Ok(None);
    }
    let Some(folder) = Share::open(share)?.folders()?.into_iter().next() else { return Ok(None) };
    let flushed = Flushed::read(&folder)?;
    let reign = folder.reign().0;
    Ok(flushed.map(|Flushed { timeline, lsn, .. }| Shipped { reign, timeline, lsn }))
}

/// What a pool's posts wait for at the other site: nothing, unless it wants zero loss and its
/// primary is at home. Nothing is shipped from the backup site.
pub(crate) fn follow(host: &ThisHost, pool: &Pool) -> OtherSite {
    let Some(backup) = pool.stores.backup.as_ref().filter(|_| pool.zero_loss) else {
        return OtherSite::default();
    };
    let primaries = [Place::Home, Place::HomeMirror].into_iter();
    let primaries = primaries.filter_map(|place| pool.stores.at(place)).map(str::to_owned);
    let (held_tx, held) = watch::channel(None);
    let receiver =
        host.topology.host_of_store(backup).expect("a checked topology gives a store its host");
    let follower = Follower {
        client: host.client.clone(),
        receiver: host.destination(&receiver.name),
        pool: pool.fqdn.clone(),
    };
    host.tasks.spawn(host.shutdown.clone().run_until_cancelled_owned(follower.run(held_tx)));
    OtherSite::awaited(primaries.collect(), held)
}

struct Follower {
    client: Client,
    receiver: Destination,
    pool: String,
}

impl Follower {
    async fn run(self, held: watch::Sender<Option<Held>>) {
        let mut asked = Question { pool: self.pool.clone(), seen: None };
        let mut away = false;
        loop {
            let answer =
                self.client.call_idempotent(&self.receiver, SHIPPED, &asked, NEWS + PATIENCE).await;
            match answer {
                Ok(shipped) => {
                    if std::mem::take(&mut away) {
                        info!(pool = self.pool, "the backup site is heard again");
                    }
                    asked.seen = shipped;
                    held.send_replace(shipped.map(held_of));
                }
                Err(error) => {
                    if !std::mem::replace(&mut away, true) {
                        warn!(pool = self.pool, %error, "posts wait for the backup site");
                    }
                    sleep(AWAY_PAUSE).await;
                }
            }
        }
    }
}

fn held_of(shipped: Shipped) -> Held {
    let place = db::Place { timeline: shipped.timeline, lsn: shipped.lsn.0 };
    let reign = i64::try_from(shipped.reign).expect("terms are raised one by one");
    Held { reign, place }
}
