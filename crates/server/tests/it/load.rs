//! Eight writers who go on whatever happens, and what they were told.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::ground::{Ground, LONG};
use control::Credentials;
use testkit::eventually;
use tokio::task::JoinSet;
use tokio_postgres::config::SslMode;
use tokio_postgres::{AsyncMessage, Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::sync::CancellationToken;

const WRITERS: usize = 8;
/// Between two rows of one writer: enough to keep everybody busy, and the machine usable.
const PACE: Duration = Duration::from_millis(25);
/// After this a row counts as unknown, and its writer tries the other instance.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_millis(400);
/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(30);
/// Loads of one process number their rows apart.
static LOADS: AtomicI64 = AtomicI64::new(0);
/// More rows than any load writes.
const ROWS: i64 = 1_000_000_000;
/// The server's words when a commit stopped waiting for the mirror.
const UNACKNOWLEDGED: &str = "wait for synchronous replication";

/// Writers, and what they were told.
pub(crate) struct Load {
    told: Arc<Told>,
    first: i64,
    stop: CancellationToken,
    writers: JoinSet<()>,
}

#[derive(Default)]
struct Told {
    next: AtomicI64,
    sent: Mutex<BTreeSet<i64>>,
    acknowledged: Mutex<BTreeMap<i64, Acknowledged>>,
    count: AtomicU64,
}

/// When a row was begun and acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) begun: Instant,
    pub(crate) at: Instant,
}

impl Load {
    /// Writes to whichever home instance takes rows.
    pub(crate) fn begin(ground: &Ground) -> Self {
        Self::on(ground, &["north-a", "north-b"])
    }

    /// Writes to these instances only.
    pub(crate) fn on(ground: &Ground, stores: &[&str]) -> Self {
        let addresses: Vec<_> = stores.iter().map(|it| ground.address(it)).collect();
        let (told, stop) = (Arc::new(Told::default()), CancellationToken::new());
        let first = LOADS.fetch_add(1, Ordering::Relaxed) * ROWS;
        told.next.store(first, Ordering::Relaxed);
        let mut writers = JoinSet::new();
        for number in 0..WRITERS {
            let writer = Writer {
                addresses: addresses.clone(),
                turn: number,
                told: Arc::clone(&told),
                credentials: ground.credentials().clone(),
            };
            let stop = stop.clone();
            writers.spawn(async move {
                stop.run_until_cancelled(writer.run()).await;
            });
        }
        Self { told, first, stop, writers }
    }

    /// How many rows were acknowledged.
    pub(crate) fn count(&self) -> u64 {
        self.told.count.load(Ordering::Acquire)
    }

    /// Waits until another hundred rows were begun and acknowledged from now on.
    pub(crate) async fn goes_on(&self, when: &str) {
        let now = Instant::now();
        eventually(LONG, &format!("rows are acknowledged: {when}"), async || {
            let count = self.since(now).len();
            if count >= 100 { Ok(()) } else { Err(count) }
        })
        .await;
    }

    /// The rows that were begun and acknowledged after `moment`, the first acknowledged first.
    pub(crate) fn since(&self, moment: Instant) -> Vec<Acknowledged> {
        let all = self.told.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<_> = all.values().filter(|it| moment <= it.begun).copied().collect();
        drop(all);
        rows.sort_by_key(|it| it.at);
        rows
    }

    /// The first row that was begun and acknowledged after `moment`.
    pub(crate) async fn first_since(&self, moment: Instant) -> Acknowledged {
        eventually(LONG, "a row is acknowledged", async || {
            self.since(moment).first().copied().ok_or("none yet")
        })
        .await
    }

    /// The longest time without an acknowledgement since `moment`.
    pub(crate) fn outage_since(&self, moment: Instant) -> Duration {
        let all = self.told.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        let mut times: Vec<_> = all.values().map(|it| it.at).filter(|it| moment <= *it).collect();
        drop(all);
        times.push(moment);
        times.sort();
        times.windows(2).map(|it| it[1] - it[0]).max().unwrap_or_default()
    }

    /// Ends the writers, and compares what they were told with what stands in the primary:
    /// every acknowledged row is there, and none that was never sent.
    pub(crate) async fn ends_whole(mut self, ground: &mut Ground) {
        self.stop.cancel();
        while self.writers.join_next().await.is_some() {}
        let (_, primary) = ground.primary().await;
        let text = ground.sql(&primary, "mgc", "select id from public.kept").await;
        let present: BTreeSet<i64> = text.lines().map(|it| it.parse().unwrap()).collect();
        let all = self.told.acknowledged.lock().unwrap();
        let sent = self.told.sent.lock().unwrap();
        let lost: Vec<_> = all.iter().filter(|(id, _)| !present.contains(id)).collect();
        let own = present.range(self.first..self.first + ROWS);
        let strangers: Vec<_> = own.filter(|id| !sent.contains(id)).collect();
        println!("{} rows acknowledged, {} lost", all.len(), lost.len());
        assert!(
            lost.is_empty(),
            "{} of {} acknowledged rows are lost: {lost:?}",
            lost.len(),
            all.len()
        );
        assert!(strangers.is_empty(), "never sent: {strangers:?}");
    }
}

struct Writer {
    addresses: Vec<SocketAddr>,
    turn: usize,
    told: Arc<Told>,
    credentials: Credentials,
}

impl Writer {
    async fn run(mut self) {
        loop {
            let address = self.addresses[self.turn % self.addresses.len()];
            self.turn += 1;
            let mut connections = JoinSet::new();
            let poisoned = Arc::new(AtomicBool::new(false));
            let connecting = connect(address, &self.credentials, &poisoned, &mut connections);
            if let Ok(Some(client)) = tokio::time::timeout(CONNECT, connecting).await {
                self.write(&client, &poisoned).await;
            }
            // On purpose: the load's own pace.
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Writes until something goes wrong.
    async fn write(&self, client: &Client, poisoned: &AtomicBool) {
        let mut pace = tokio::time::interval(PACE);
        loop {
            pace.tick().await;
            let id = self.told.next.fetch_add(1, Ordering::Relaxed);
            self.told.sent.lock().unwrap().insert(id);
            let begun = Instant::now();
            let sql = "insert into public.kept (id) values ($1)";
            let written = tokio::time::timeout(PATIENCE, client.execute(sql, &[&id])).await;
            if !matches!(written, Ok(Ok(1))) || poisoned.load(Ordering::Acquire) {
                return;
            }
            let acknowledged = Acknowledged { begun, at: Instant::now() };
            self.told.acknowledged.lock().unwrap().insert(id, acknowledged);
            self.told.count.fetch_add(1, Ordering::Release);
        }
    }
}

/// Connects as a chat server does; its connection ends with `connections`.
async fn connect(
    address: SocketAddr,
    credentials: &Credentials,
    poisoned: &Arc<AtomicBool>,
    connections: &mut JoinSet<()>,
) -> Option<Client> {
    let mut config = Config::new();
    config.host(address.ip().to_string()).port(address.port()).ssl_mode(SslMode::Require);
    config.user("standfast_chat").dbname("mgc").application_name("a writer");
    let tls = MakeRustlsConnect::new(credentials.postgres_client_config());
    let (client, mut connection) = config.connect(tls).await.ok()?;
    let poisoned = Arc::clone(poisoned);
    connections.spawn(async move {
        while let Some(Ok(message)) = poll_fn(|it| connection.poll_message(it)).await {
            if let AsyncMessage::Notice(notice) = message
                && notice.message().contains(UNACKNOWLEDGED)
            {
                poisoned.store(true, Ordering::Release);
            }
        }
    });
    Some(client)
}
