//! One hosting pool: a real PostgreSQL, used with the rights that servers have.

use anyhow::Context as _;
use db::{Connections, Login, Primary, Tls};
use response_groups::schema::{self, DATABASE, ROLE};
use response_groups::store::Hosting;
use testkit::postgres::{self, Options, Postgres};
use tokio::sync::watch;
use tokio_postgres::Client;

/// The pool that hosts and owns everything.
pub(super) const POOL: &str = "primary.contoso.com";

/// As a pool's own instances have it, not as tests do.
const SETTINGS: [&str; 3] = ["fsync = on", "full_page_writes = on", "shared_buffers = 128MB"];

/// What a keeper makes in the database before a server may change anything.
const TERM: &str = "
    create schema recovery;
    create table recovery.term (reign bigint not null, turn bigint not null);
    insert into recovery.term values (1, 1);";

/// Forgets everything.
const EMPTY: &str = "
    truncate rgs.owner, rgs.content, rgs.received, rgs.change cascade;
    drop schema if exists plain cascade;";

/// The server ends with it.
pub(super) struct Pool {
    pub(super) hosting: Hosting,
    /// The database's owner.
    pub(super) owner: Client,
    _primary: watch::Sender<Option<Primary>>,
    _postgres: Postgres,
}

impl Pool {
    pub(super) async fn open() -> anyhow::Result<Self> {
        let settings = SETTINGS.map(str::to_owned).to_vec();
        let postgres = postgres::start_with(Options { settings, ..Options::default() }).await;
        let client = postgres.connect("postgres").await;
        client
            .batch_execute(&format!("create role {ROLE} login"))
            .await
            .context("make the role")?;
        let make = format!("create database {DATABASE}");
        client.batch_execute(&make).await.context("make the database")?;
        let owner = postgres.connect(DATABASE).await;
        owner.batch_execute(TERM).await.context("make the term")?;
        schema::prepare(&owner).await.context("make the schema")?;
        let (store, address) = ("home".to_owned(), postgres.address());
        let primary = watch::Sender::new(Some(Primary { store, address, reign: 1, turn: 1 }));
        let (user, application) = (ROLE.to_owned(), "standfast-bench".to_owned());
        let login = Login { user, application, tls: Tls::Off };
        let hosting = Hosting::new(POOL, Connections::new(login, primary.subscribe()));
        Ok(Self { hosting, owner, _primary: primary, _postgres: postgres })
    }

    /// As it was when it was opened.
    pub(super) async fn empty(&self) -> anyhow::Result<()> {
        self.owner.batch_execute(EMPTY).await.context("empty the database")
    }
}
