//! The least that a failover to a mirror can take here: no Standfast, nothing to decide.
//!
//! Two servers, the second made by `pg_basebackup` and synchronous. Eight writers insert. The
//! primary and all its processes are killed; a warm connection to it tells by its end; a warm
//! connection to the mirror promotes, again and again, until an insert is acknowledged.

use super::WRITERS;
use anyhow::{Context as _, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use testkit::Account;
use testkit::postgres::{self, Options, Postgres, SUPERUSER, bin_directory};
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

/// Between two attempts to promote.
const PROMOTE_AGAIN: Duration = Duration::from_millis(50);

/// Between two attempts to insert.
const INSERT_AGAIN: Duration = Duration::from_millis(1);

/// Between two looks at what is not measured.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// So many inserts are acknowledged before the kill.
const WARM: u64 = 400;

/// For everything that is not measured.
const PATIENCE: Duration = Duration::from_mins(1);

/// The name by which the primary knows the mirror.
const MIRROR: &str = "mirror";

/// How many bytes each writer inserts.
const BODY_BYTES: usize = 600;

const INSERT: &str = "insert into post (body) values ($1)";

/// A pair of servers, the second a synchronous standby of the first.
struct Pair {
    primary: Postgres,
    mirror: Postgres,
}

/// A connection, and whoever moves its bytes until it ends.
struct Warm {
    client: Client,
    driver: JoinSet<()>,
}

/// Makes a pair, kills its primary, and tells the time to the next acknowledged insert.
pub(super) async fn outage() -> anyhow::Result<Duration> {
    let mut pair = Pair::make().await?;
    let mut detector = Warm::connect(&pair.primary).await?;
    let warm = Warm::connect(&pair.mirror).await?;
    let acknowledged = Arc::new(AtomicU64::new(0));
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let Warm { client, driver } = Warm::connect(&pair.primary).await?;
        let acknowledged = Arc::clone(&acknowledged);
        writers.spawn(async move {
            let _driver = driver;
            while client.execute(INSERT, &[&body()]).await.is_ok() {
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    until("writers at work", async || Ok(WARM <= acknowledged.load(Ordering::Relaxed))).await?;

    let take_over = async {
        detector.driver.join_next().await;
        warm.take_over().await
    };
    let killed_at = Instant::now();
    let ((), taken_over) = tokio::join!(pair.primary.kill(), take_over);
    let outage = taken_over? - killed_at;
    writers.shutdown().await;
    pair.mirror.stop_immediately().await;
    Ok(outage)
}

impl Pair {
    async fn make() -> anyhow::Result<Self> {
        let settings = [
            "fsync = on",
            "full_page_writes = on",
            "shared_buffers = 128MB",
            "wal_keep_size = 256MB",
            "wal_retrieve_retry_interval = 50ms",
            "synchronous_standby_names = ''",
        ];
        let settings = settings.map(str::to_owned).to_vec();
        let primary = postgres::start_with(Options { settings, ..Options::default() }).await;
        let mirror = postgres::start().await;
        let pair = Self { primary, mirror };
        let warm = Warm::connect(&pair.primary).await?;
        let owner = &warm.client;
        let table = "create table post (
            id bigint generated always as identity primary key, body text not null)";
        owner.batch_execute(table).await.context("make the table")?;
        let pair = pair.copied().await?;
        let wait = format!("alter system set synchronous_standby_names = '{MIRROR}'");
        owner.batch_execute(&wait).await.context("name the mirror")?;
        owner.batch_execute("select pg_reload_conf()").await.context("reload")?;
        let sql = "select sync_state from pg_stat_replication where application_name = $1";
        until("the mirror in sync", async || {
            let row = owner.query_opt(sql, &[&MIRROR]).await.context("ask for the mirror")?;
            Ok(row.is_some_and(|row| row.get::<_, &str>(0) == "sync"))
        })
        .await?;
        Ok(pair)
    }

    /// Replaces the mirror's data by a copy of the primary's, and starts it as a standby.
    async fn copied(mut self) -> anyhow::Result<Self> {
        self.mirror.stop_immediately().await;
        let data = self.mirror.data_directory();
        let account = Account::find()?;
        let removed = account.command("/bin/rm").arg("-rf").arg(&data).status();
        ensure!(removed.context("run rm")?.success(), "{} was not removed", data.display());
        let source = format!(
            "host=127.0.0.1 port={} user={SUPERUSER} application_name={MIRROR}",
            self.primary.port()
        );
        let mut copy = Command::from(account.command(bin_directory()?.join("pg_basebackup")));
        copy.args(["-d", &source, "-c", "fast", "-X", "stream", "-R", "-C", "-S", MIRROR, "-D"]);
        let copied = copy.arg(&data).output().await.context("run pg_basebackup")?;
        let said = String::from_utf8_lossy(&copied.stderr);
        ensure!(copied.status.success(), "the mirror was not copied: {said}");
        self.mirror.start_again().await;
        Ok(self)
    }
}

impl Warm {
    async fn connect(server: &Postgres) -> anyhow::Result<Self> {
        let mut config = tokio_postgres::Config::new();
        config.host(server.address().ip().to_string()).port(server.port());
        config.user(SUPERUSER).dbname("postgres");
        let (client, connection) = config.connect(NoTls).await.context("connect to the pair")?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // That it ends is the news; how, is told to whoever waits for an answer.
            connection.await.unwrap_or_default();
        });
        Ok(Self { client, driver })
    }

    /// Promotes and inserts until an insert is acknowledged, and tells when that was.
    async fn take_over(&self) -> anyhow::Result<Instant> {
        let promote = async {
            loop {
                // It fails once the server is primary; then there is nothing to do any more.
                if self.client.execute("select pg_promote(false)", &[]).await.is_err() {
                    return std::future::pending::<()>().await;
                }
                tokio::time::sleep(PROMOTE_AGAIN).await;
            }
        };
        let insert = async {
            while self.client.execute(INSERT, &[&body()]).await.is_err() {
                tokio::time::sleep(INSERT_AGAIN).await;
            }
            Instant::now()
        };
        let taken_over = async {
            tokio::select! {
                () = promote => unreachable!("it goes on for ever"),
                at = insert => at,
            }
        };
        tokio::time::timeout(PATIENCE, taken_over).await.context("nothing takes over")
    }
}

/// Looks again and again until it is so.
async fn until(
    what: &str,
    mut look: impl AsyncFnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let looking = async {
        while !look().await? {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        anyhow::Ok(())
    };
    let looked = tokio::time::timeout(PATIENCE, looking).await;
    looked.with_context(|| format!("{what}: not within {PATIENCE:?}"))?
}

fn body() -> String {
    "x".repeat(BODY_BYTES)
}
