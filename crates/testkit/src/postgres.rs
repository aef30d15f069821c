//! A throw-away `PostgreSQL` server for one test.
//!
//! `initdb` runs once per version, into a seed below `target/testkit`; each server is a copy of it.
//! A server dies with the process that started it, however that process ends.

mod guard;
mod seed;

use crate::{Account, TempDir};
use anyhow::{Context as _, bail};
use guard::Guard;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};
use tokio_util::task::TaskTracker;

pub use seed::bin_directory;
pub(crate) use seed::prepare_seed_directory;

/// The superuser of every server here, as in the product.
pub const SUPERUSER: &str = "standfast";

/// How often to try another port when somebody took the one we chose.
const PORT_ATTEMPTS: u32 = 5;

/// From start to the first answer, on a busy machine.
const START_DEADLINE: Duration = Duration::from_mins(1);

/// Between two attempts to connect while a server starts.
const START_PAUSE: Duration = Duration::from_millis(20);

/// What a server gets beyond the usual.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Lines for the settings file, such as `wal_level = 'logical'`.
    pub settings: Vec<String>,
    /// Lines for `pg_hba.conf`, before ours.
    pub hba: Vec<String>,
    /// Lines for `pg_ident.conf`.
    pub ident: Vec<String>,
    /// Turns TLS on; the files are copied, so that the server may read them.
    pub tls: Option<Tls>,
}

/// Certificate files of a server.
#[derive(Clone, Debug)]
pub struct Tls {
    pub ca: PathBuf,
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// A running (or stopped) throw-away server.
///
/// It listens on a private Unix socket, where everybody who can reach it is [`SUPERUSER`], and on
/// a loopback port, where everybody is believed unless [`Options::hba`] says otherwise.
#[derive(Debug)]
pub struct Postgres {
    // First the server, then its directory.
    guard: Option<Guard>,
    account: Account,
    port: u16,
    connections: TaskTracker,
    databases: AtomicU32,
    directory: TempDir,
}

/// Starts a server with nothing but the usual.
pub async fn start() -> Postgres {
    start_with(Options::default()).await
}

/// Starts a server with `options`. Panics, with the server's own words, when it does not start.
pub async fn start_with(options: Options) -> Postgres {
    let made = tokio::task::spawn_blocking(move || Postgres::make(&options)).await;
    let mut postgres = made.expect("the maker of data directories panicked").expect("PostgreSQL");
    for attempt in 1.. {
        postgres.port = free_port().expect("choose a free port");
        match postgres.launch().await {
            Ok(()) => break,
            Err(error) if attempt == PORT_ATTEMPTS => panic!("{error:#}"),
            Err(_) => postgres.guard = None,
        }
    }
    postgres
}

impl Postgres {
    fn make(options: &Options) -> anyhow::Result<Self> {
        let account = Account::find()?;
        let directory = TempDir::new("pg")?;
        let data = directory.path().join("data");
        seed::copy_to(account, &data)?;
        let mut settings = vec![
            "fsync = off".to_owned(),
            "full_page_writes = off".to_owned(),
            "dynamic_shared_memory_type = mmap".to_owned(),
            "shared_buffers = 32MB".to_owned(),
            "min_wal_size = 32MB".to_owned(),
            "max_connections = 100".to_owned(),
            "timezone = 'UTC'".to_owned(),
            "log_timezone = 'UTC'".to_owned(),
        ];
        if let Some(tls) = &options.tls {
            for (from, to) in [(&tls.ca, "ca.pem"), (&tls.cert, "cert.pem"), (&tls.key, "key.pem")]
            {
                install(account, from, &data.join(to))?;
            }
            settings.extend([
                "ssl = on".to_owned(),
                "ssl_ca_file = 'ca.pem'".to_owned(),
                "ssl_cert_file = 'cert.pem'".to_owned(),
                "ssl_key_file = 'key.pem'".to_owned(),
            ]);
        }
        settings.extend(options.settings.iter().cloned());
        let mut hba = options.hba.clone();
        hba.push("local all all trust".to_owned());
        hba.push("local replication all trust".to_owned());
        hba.push("host all all 127.0.0.0/8 trust".to_owned());
        hba.push("host replication all 127.0.0.0/8 trust".to_owned());
        write(account, &data.join("postgresql.conf"), &settings)?;
        write(account, &data.join("pg_hba.conf"), &hba)?;
        write(account, &data.join("pg_ident.conf"), &options.ident)?;
        Ok(Self {
            guard: None,
            account,
            port: 0,
            connections: TaskTracker::new(),
            databases: AtomicU32::new(0),
            directory,
        })
    }

    async fn launch(&mut self) -> anyhow::Result<()> {
        let program = bin_directory()?.join("postgres");
        let arguments = [
            "-D".to_owned(),
            self.data_directory().display().to_string(),
            "-k".to_owned(),
            self.socket_directory().display().to_string(),
            "-p".to_owned(),
            self.port.to_string(),
            "-h".to_owned(),
            Ipv4Addr::LOCALHOST.to_string(),
        ];
        let command = self.account.command("/bin/sh");
        self.guard = Some(Guard::start(command, &program, &arguments, &self.log_file())?);
        let end = Instant::now() + START_DEADLINE;
        loop {
            let error = match self.config("postgres").connect(NoTls).await {
                Ok((_client, _connection)) => return Ok(()),
                Err(error) => error,
            };
            let alive = self.guard.as_ref().is_some_and(Guard::is_alive);
            if !alive || Instant::now() >= end {
                bail!("PostgreSQL did not start: {error}; it says:\n{}", self.log());
            }
            tokio::time::sleep(START_PAUSE).await;
        }
    }

    /// How to reach a database as [`SUPERUSER`] over the private socket.
    pub fn config(&self, database: &str) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.host_path(self.socket_directory()).port(self.port);
        config.user(SUPERUSER).dbname(database).connect_timeout(START_DEADLINE);
        config
    }

    /// Connects to a database as [`SUPERUSER`].
    pub async fn connect(&self, database: &str) -> Client {
        let (client, connection) =
            self.config(database).connect(NoTls).await.unwrap_or_else(|error| {
                panic!("cannot connect to {database}: {error}; PostgreSQL says:\n{}", self.log())
            });
        self.connections.spawn(async move {
            // The client's own calls report why a connection ended.
            connection.await.ok();
        });
        client
    }

    /// Makes an empty database and tells its name.
    pub async fn fresh_database(&self) -> String {
        self.fresh_database_from("template1").await
    }

    /// Makes a copy of the database `template` (to which nobody may be connected).
    pub async fn fresh_database_from(&self, template: &str) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let client = self.connect("postgres").await;
        let statement = format!("create database {name} template {template}");
        client.batch_execute(&statement).await.expect("create a database for a test");
        name
    }

    /// Ends the server without a checkpoint (SIGQUIT), and waits until it is gone.
    pub async fn stop_immediately(&mut self) {
        self.end(Guard::stop).await;
    }

    /// Kills the server and every process of it (SIGKILL), and waits until they are gone.
    pub async fn kill(&mut self) {
        self.end(Guard::kill).await;
    }

    async fn end(&mut self, how: fn(&mut Guard)) {
        let Some(mut guard) = self.guard.take() else { return };
        let ended = tokio::task::spawn_blocking(move || how(&mut guard)).await;
        ended.expect("end the PostgreSQL server");
    }

    /// Starts a stopped or killed server again, on the same port.
    pub async fn start_again(&mut self) {
        assert!(self.guard.is_none(), "the server has not been stopped");
        self.launch().await.expect("start PostgreSQL again");
    }

    /// The loopback address it listens on.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its Unix socket is (`.s.PGSQL.PORT`).
    pub fn socket_directory(&self) -> &Path {
        self.directory.path()
    }

    pub fn data_directory(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The postmaster's process number, while it runs.
    pub fn pid(&self) -> Option<i32> {
        self.guard.as_ref().map(Guard::pid)
    }

    /// What the server has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_else(|error| error.to_string())
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.guard = None;
        crate::leftovers::release(&self.data_directory());
        if std::thread::panicking() {
            eprintln!("PostgreSQL said:\n{}", self.log());
        }
    }
}

/// A loopback port that is free now. Somebody else may take it before we do.
pub(crate) fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn install(account: Account, from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::copy(from, to).with_context(|| format!("copy {}", from.display()))?;
    std::fs::set_permissions(to, PermissionsExt::from_mode(0o600))
        .with_context(|| format!("close {} to others", to.display()))?;
    account.own(to)
}

fn write(account: Account, path: &Path, lines: &[String]) -> anyhow::Result<()> {
    let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    std::fs::write(path, text).with_context(|| format!("write {}", path.display()))?;
    account.own(path)
}

#[cfg(test)]
mod tests;
