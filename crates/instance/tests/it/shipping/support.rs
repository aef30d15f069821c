//! A source, a share and a backup instance to test with. All of it goes away with the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use instance::shipping::drain::{Drained, drained_end, settle};
use instance::shipping::{
    Feed, Manifest, ManifestLine, Position, Receiver, ReceiverSettings, Reign, Share, Standing,
};
use instance::{Binaries, Lsn};
use testkit::postgres::{Options, Postgres, bin_directory, start_with};
use testkit::{TempDir, eventually};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) const DEADLINE: Duration = Duration::from_secs(40);
pub(crate) const REIGN: Reign = Reign(1);

/// Runs a test of this wing as an ordinary user.
pub(crate) fn run(test: impl Future<Output = ()>) {
    if testkit::rerun_as_postgres() {
        return;
    }
    tokio::runtime::Runtime::new().unwrap().block_on(test);
}

/// A primary with a table, a backup instance made from it (not started), and their share.
pub(crate) struct World {
    pub(crate) source: Postgres,
    pub(crate) client: Client,
    pub(crate) backup: Postgres,
    pub(crate) begin: Position,
    pub(crate) share: PathBuf,
    /// While this file exists the backup instance gets nothing.
    pub(crate) hold: PathBuf,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
    pub(crate) directory: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let directory = TempDir::new("ship").unwrap();
        let share = directory.path().join("share");
        Self::with_share(directory, share).await
    }

    pub(crate) async fn with_share(directory: TempDir, share: PathBuf) -> Self {
        let settings = vec![
            "wal_keep_size = '1GB'".to_owned(),
            "max_wal_size = '1GB'".to_owned(),
            "autovacuum = off".to_owned(),
            "wal_retrieve_retry_interval = '500ms'".to_owned(),
        ];
        let source = start_with(Options { settings, ..Options::default() }).await;
        let client = source.connect("postgres").await;
        let table = "create table posts (id bigserial primary key, body text)";
        client.batch_execute(table).await.unwrap();
        let hold = directory.path().join("hold");
        let (backup, begin) = copy_of(&source).await;
        let command = super::entry::restore_command(&share, &hold).replace('\'', "''");
        let data = backup.data_directory();
        append(&data.join("postgresql.conf"), &format!("restore_command = '{command}'\n"));
        fs::write(data.join("standby.signal"), "").unwrap();
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        Self { source, client, backup, begin, share, hold, tasks, shutdown, directory }
    }

    pub(crate) fn feed(&self) -> Feed {
        feed(&self.source, "home")
    }

    pub(crate) async fn settings(&self, reign: Reign) -> ReceiverSettings {
        ReceiverSettings {
            share: self.share.clone(),
            reign,
            binaries: Binaries::find().await.unwrap(),
            begin: Some(self.begin),
            histories: None,
        }
    }

    /// Starts a receiver that is fed by the source.
    pub(crate) async fn receive(&self) -> Receiver {
        let settings = self.settings(REIGN).await;
        let receiver = Receiver::start(settings, &self.tasks, &self.shutdown).unwrap();
        receiver.feed_from(Some(self.feed()));
        receiver
    }

    pub(crate) fn opened(&self) -> Share {
        Share::open(&self.share).unwrap()
    }

    pub(crate) fn lines(&self) -> Vec<ManifestLine> {
        let path = self.opened().folder(REIGN).path().join("manifest.jsonl");
        Manifest::read(&path).unwrap().lines().to_vec()
    }

    /// Writes `rows` rows and ends the segment.
    pub(crate) async fn fill_segment(&self, rows: i64) {
        insert(&self.client, rows).await;
        self.client.query_one("select pg_switch_wal()", &[]).await.unwrap();
    }

    /// Waits until the share holds all that the source has written.
    pub(crate) async fn shipped(&self, receiver: &Receiver) -> Lsn {
        shipped(&self.client, receiver).await
    }

    /// Waits until all complete segments are closed.
    pub(crate) async fn all_closed(&self, up_to: Lsn) {
        eventually(DEADLINE, "every complete segment is closed", async || {
            let end = self.lines().iter().map(|it| it.end).max();
            let last = up_to.segment_start();
            if end.is_some_and(|end| end >= last) { Ok(()) } else { Err(end) }
        })
        .await;
    }

    /// Waits until the backup instance has replayed all that was shipped, and promotes it.
    pub(crate) async fn drain_and_promote(&self) -> Client {
        settle(&self.opened()).unwrap();
        let client = self.backup.connect("postgres").await;
        let end = eventually(DEADLINE, "the backup instance is drained", async || {
            let replayed = replayed(&client).await;
            let end = drained_end(&self.opened(), replayed).unwrap();
            match end.is_drained(replayed, None) {
                Drained::Yes => Ok(end.end.unwrap()),
                other => Err(other),
            }
        })
        .await;
        // Our reading of the WAL and `PostgreSQL`'s end at the same byte.
        assert_eq!(replayed(&client).await, end);
        promote(&client).await;
        client
    }
}

/// A stopped copy of a running server, and where its WAL begins.
pub(crate) async fn copy_of(source: &Postgres) -> (Postgres, Position) {
    let mut copy = start_with(Options::default()).await;
    copy.stop_immediately().await;
    let data = copy.data_directory();
    fs::remove_dir_all(&data).unwrap();
    let mut command = Command::new(bin_directory().unwrap().join("pg_basebackup"));
    command.arg("-D").arg(&data).args(["-d", &conninfo(source), "-c", "fast", "-X", "stream"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let label = fs::read_to_string(data.join("backup_label")).unwrap();
    let value = |key: &str| {
        let line = label.lines().find_map(|it| it.strip_prefix(key)).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    let lsn = value("START WAL LOCATION:").parse().unwrap();
    (copy, Position { timeline: value("START TIMELINE:").parse().unwrap(), lsn })
}

pub(crate) fn conninfo(server: &Postgres) -> String {
    format!("host=127.0.0.1 port={} user=standfast", server.port())
}

pub(crate) fn feed(server: &Postgres, name: &str) -> Feed {
    Feed { name: name.to_owned(), conninfo: conninfo(server), slot: Some("shipping".to_owned()) }
}

pub(crate) fn append(path: &Path, text: &str) {
    let before = fs::read_to_string(path).unwrap();
    fs::write(path, before + text).unwrap();
}

pub(crate) async fn insert(client: &Client, rows: i64) {
    let sql = "insert into posts (body)
               select repeat(md5(i::text), 8) from generate_series(1, $1::bigint) i";
    client.execute(sql, &[&rows]).await.unwrap();
}

pub(crate) async fn count(client: &Client) -> i64 {
    client.query_one("select count(*) from posts", &[]).await.unwrap().get(0)
}

pub(crate) async fn flushed_at_source(client: &Client) -> Lsn {
    let sql = "select pg_current_wal_flush_lsn()::text";
    client.query_one(sql, &[]).await.unwrap().get::<_, String>(0).parse().unwrap()
}

pub(crate) async fn replayed(client: &Client) -> Lsn {
    let sql = "select pg_last_wal_replay_lsn()::text";
    client.query_one(sql, &[]).await.unwrap().get::<_, String>(0).parse().unwrap()
}

pub(crate) async fn shipped(client: &Client, receiver: &Receiver) -> Lsn {
    let wanted = flushed_at_source(client).await;
    let flushed = receiver.flushed();
    let standing = receiver.standing();
    eventually(DEADLINE, "the share holds what the source wrote", async || {
        let at = *flushed.borrow();
        if at.is_some_and(|at| at.lsn >= wanted) {
            return Ok(());
        }
        Err((at, wanted, standing.borrow().clone()))
    })
    .await;
    wanted
}

pub(crate) async fn promote(client: &Client) {
    eventually(DEADLINE, "the server is promoted", async || {
        client.query_one("select pg_promote(false)", &[]).await.ok();
        let row = client.query_one("select pg_is_in_recovery()", &[]).await.unwrap();
        if row.get(0) { Err("in recovery") } else { Ok(()) }
    })
    .await;
}

pub(crate) async fn stands(receiver: &Receiver, wanted: impl Fn(&Standing) -> bool) -> Standing {
    let mut standing = receiver.standing();
    let seen = tokio::time::timeout(DEADLINE, standing.wait_for(wanted)).await;
    let Ok(seen) = seen else {
        panic!("not within {DEADLINE:?}; seen last: {:?}", receiver.standing().borrow());
    };
    seen.unwrap().clone()
}

/// Why a receiver stopped.
pub(crate) async fn alarm(receiver: &Receiver) -> String {
    match stands(receiver, |it| matches!(it, Standing::Stopped { .. })).await {
        Standing::Stopped { why: Some(why) } => format!("{why:?}"),
        other => panic!("it stopped without a reason: {other:?}"),
    }
}
