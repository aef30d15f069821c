//! A host's file, and databases that it is copied into.

use std::path::Path;

use audit::{Audit, Entry, FILE, Phase, Trail};
use db::{Connections, Login, Primary, Tls};
use jiff::Timestamp;
use testkit::TempDir;
use testkit::postgres::Postgres;
use tokio::sync::watch;
use tokio_postgres::Client;
use uuid::Uuid;

pub(crate) const HOST: &str = "north-db1";

/// A line as a host writes it before anything is done.
pub(crate) fn entry(line: &str) -> Entry {
    Entry {
        id: Uuid::now_v7(),
        at: Timestamp::now(),
        host: HOST.to_owned(),
        who: "ada".to_owned(),
        role: "CsAdministrator".to_owned(),
        from: "127.0.0.1:5000".to_owned(),
        cmdlet: "Get-CsTopology".to_owned(),
        line: line.to_owned(),
        phase: Phase::Asked,
    }
}

/// The line that follows when it has ended.
pub(crate) fn ended(asked: &Entry, phase: Phase) -> Entry {
    Entry { at: Timestamp::now(), phase, ..asked.clone() }
}

/// A server with a database that has the trail's table, and the file of one host.
pub(crate) struct Stage {
    pub(crate) postgres: Postgres,
    pub(crate) directory: TempDir,
    pub(crate) database: String,
    pub(crate) told: watch::Sender<Option<Primary>>,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let postgres = testkit::postgres::start().await;
        let database = postgres.fresh_database().await;
        let client = postgres.connect(&database).await;
        let term = "create schema recovery;
                    create table recovery.term (reign bigint not null, turn bigint not null);
                    insert into recovery.term values (1, 1);";
        client.batch_execute(term).await.unwrap();
        db::migrate(&client, &[audit::migration(1)]).await.unwrap();
        audit::grant(&client).await.unwrap();
        let (told, _) = watch::channel(None);
        let stage = Self { postgres, directory: TempDir::new("audit").unwrap(), database, told };
        stage.serves(1);
        stage
    }

    /// Tells that the server is primary, in this reign.
    pub(crate) fn serves(&self, reign: i64) {
        let address = self.postgres.address();
        let primary = Primary { store: "north-a".to_owned(), address, reign, turn: 1 };
        self.told.send_replace(Some(primary));
    }

    /// The trail in the database, as hosts reach it.
    pub(crate) fn trail(&self) -> Trail {
        self.trail_in(&self.database)
    }

    pub(crate) fn trail_in(&self, database: &str) -> Trail {
        let login =
            Login { user: audit::ROLE.to_owned(), application: "audit".to_owned(), tls: Tls::Off };
        Trail {
            pool: "pool.example.org".to_owned(),
            database: database.to_owned(),
            connections: Connections::new(login, self.told.subscribe()),
        }
    }

    /// The host's file.
    pub(crate) fn audit(&self) -> Audit {
        Audit::open(self.directory.path(), HOST).unwrap()
    }

    /// Adds to the file what no crash leaves whole, and opens it again.
    pub(crate) fn torn(&self, rest: &[u8]) -> Audit {
        let path = self.directory.path().join(FILE);
        let whole = std::fs::read(&path).unwrap_or_default();
        std::fs::write(&path, [&whole[..], rest].concat()).unwrap();
        self.audit()
    }

    /// A file of so many lines, which were not synced one by one.
    pub(crate) fn long(&self, lines: usize) -> Audit {
        let texts = (0..lines).map(|n| serde_json::to_string(&entry(&n.to_string())).unwrap());
        let texts: Vec<String> = texts.collect();
        std::fs::write(self.directory.path().join(FILE), texts.join("\n") + "\n").unwrap();
        self.audit()
    }

    /// As the superuser.
    pub(crate) async fn sql(&self) -> Client {
        self.postgres.connect(&self.database).await
    }

    /// What stands in the database, in the order in which it came.
    pub(crate) async fn stands(&self) -> Vec<String> {
        stands(&self.sql().await).await
    }

    /// A copy of the database as it is now, and a reign of its own in it.
    pub(crate) async fn shipped(&self, reign: i64) -> String {
        let admin = self.postgres.connect("postgres").await;
        testkit::eventually(DEADLINE, "nobody is connected", async || {
            let sql = "select count(*) from pg_stat_activity where datname = $1";
            match admin.query_one(sql, &[&self.database]).await.unwrap().get::<_, i64>(0) {
                0 => Ok(()),
                some => Err(some),
            }
        })
        .await;
        let name = self.postgres.fresh_database_from(&self.database).await;
        let client = self.postgres.connect(&name).await;
        client.execute("update recovery.term set reign = $1", &[&reign]).await.unwrap();
        name
    }
}

pub(crate) const DEADLINE: std::time::Duration = std::time::Duration::from_secs(30);

/// What stands in a database, in the order in which it came.
pub(crate) async fn stands(client: &Client) -> Vec<String> {
    let sql = "select phase || ' ' || line from audit.line order by came";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Removes the file, as if the machine had burnt.
pub(crate) fn burn(directory: &Path) {
    std::fs::remove_file(directory.join(FILE)).unwrap();
}
