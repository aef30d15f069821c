//! Front-end pools: each lives in one site, with a mirror or without, and the other site is not
//! asked for anything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use control::{Client, Credentials, Destination};
use recovery::record::{Gate, Mirror, PoolRecord};
use recovery::store::{Records, Remote};
use testkit::deployment::{Deployment, Plans};
use testkit::eventually;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long anything may take on a busy machine, a copy of an instance included.
const LONG: Duration = Duration::from_mins(1);
/// How long a row may take, connecting included.
const PATIENCE: Duration = Duration::from_secs(3);

const NORTH: [&str; 3] = ["north-witness", "north-db1", "north-db2"];
const SOUTH: [&str; 2] = ["south-witness", "south-db1"];

/// With a mirror, in the north; and its pair without one, in the south.
const MIRRORED: &str = "primary.example.org";
const ALONE: &str = "backup.example.org";

const TOPOLOGY: &str = r#"
domain = "example.org"
site = [
    { name = "north", witness = "north-witness" },
    { name = "south", witness = "south-witness" },
]
host = [
    { name = "north-db1", site = "north", address = "127.0.61.1" },
    { name = "north-db2", site = "north", address = "127.0.61.2" },
    { name = "north-witness", site = "north", address = "127.0.61.3" },
    { name = "south-db1", site = "south", address = "127.0.61.11" },
    { name = "south-witness", site = "south", address = "127.0.61.13" },
]
store = [
    { name = "north-rgs", host = "north-db1" },
    { name = "north-rgs-mirror", host = "north-db2" },
    { name = "south-rgs", host = "south-db1" },
]

[[front_end_pool]]
fqdn = "primary.example.org"
backup_pool = "backup.example.org"
stores = { home = "north-rgs", home_mirror = "north-rgs-mirror" }

[[front_end_pool]]
fqdn = "backup.example.org"
stores = { home = "south-rgs" }
"#;

#[tokio::test]
async fn a_front_end_pool_serves_and_comes_back_whatever_the_other_site_does() {
    let mut pair = Pair::prepare().await;

    pair.start(&NORTH).await;
    pair.is_in_sync("a new pool, and the other site was never there").await;
    pair.begins(MIRRORED).await;
    pair.start(&SOUTH).await;
    pair.begins(ALONE).await;
    let record = pair.record(ALONE).await;
    assert!(matches!(record.mirror, Mirror::NotDeclared { .. }), "{record:?}");
    assert_eq!(record.gate, Gate::Open, "{record:?}");
    pair.takes(MIRRORED, 1).await;
    pair.takes(ALONE, 1).await;
    pair.status_tells_both().await;

    let before = pair.is_in_sync("before the loss").await;
    pair.deployment.host("north-db1").kill_host().await.unwrap();
    pair.takes(MIRRORED, 2).await;
    pair.has(MIRRORED, &[1, 2]).await;
    let after = pair.record(MIRRORED).await;
    assert_eq!(after.primary(), Some("north-rgs-mirror"));
    assert!(before.term < after.term, "{after:?}");
    pair.start(&["north-db1"]).await;
    pair.is_in_sync("the former primary is the mirror").await;

    pair.kill(&NORTH).await;
    pair.kill(&SOUTH).await;
    pair.start(&NORTH).await;
    pair.takes(MIRRORED, 3).await;
    pair.has(MIRRORED, &[1, 2, 3]).await;
    pair.is_in_sync("the whole site was down, and the other one still is").await;

    pair.kill(&NORTH).await;
    pair.start(&SOUTH).await;
    pair.takes(ALONE, 2).await;
    pair.has(ALONE, &[1, 2]).await;
    pair.status_tells_what_is_known().await;
}

/// The deployment, and how a host of it looks at it.
struct Pair {
    deployment: Deployment,
    /// Each site's management store.
    stores: BTreeMap<String, Records>,
    credentials: Credentials,
}

impl Pair {
    async fn prepare() -> Self {
        let deployment = Deployment::prepare(Plans::private(TOPOLOGY).unwrap()).await.unwrap();
        let bundle = deployment.directory().join("authority/hosts/north-witness");
        let credentials = Credentials::load(&bundle).unwrap();
        let client = Client::new(&credentials);
        let topology = deployment.topology();
        let stores = topology.sites.iter().map(|site| {
            let address = topology.control_of(&site.witness).unwrap();
            let witness = Destination { host: site.witness.clone(), address };
            let store = Remote::new(&site.name, witness, client.clone());
            (site.name.clone(), Records::new(Arc::new(store)))
        });
        let stores = stores.collect();
        Self { deployment, stores, credentials }
    }

    async fn start(&mut self, hosts: &[&str]) {
        for host in hosts {
            self.deployment.host(host).start().await.unwrap();
        }
    }

    async fn kill(&mut self, hosts: &[&str]) {
        for host in hosts {
            self.deployment.host(host).kill_host().await.unwrap();
        }
    }

    /// The record of the pool, in its own site's store.
    async fn record(&self, pool: &str) -> PoolRecord {
        self.recorded(pool, "the pool has a record", |_| true).await
    }

    async fn recorded(
        &self,
        pool: &str,
        what: &str,
        wanted: impl Fn(&PoolRecord) -> bool,
    ) -> PoolRecord {
        let topology = self.deployment.topology();
        let site = topology.home_site(topology.pool(pool).unwrap()).unwrap();
        eventually(LONG, what, async || match self.stores[&site.name].pool(pool).await {
            Ok(Some(read)) if wanted(&read.value) => Ok(read.value),
            other => Err(other.map_err(|error| error.to_string())),
        })
        .await
    }

    /// Waits until the pool with a mirror has it.
    async fn is_in_sync(&self, when: &str) -> PoolRecord {
        self.recorded(MIRRORED, when, |it| it.is_synchronized() && it.gate == Gate::Open).await
    }

    /// Finds the tables of Response Groups, and makes one more as the pool's servers would, with a
    /// host's certificate.
    async fn begins(&self, pool: &str) {
        let sql = "select table_name from information_schema.tables where table_schema = 'rgs'";
        let tables = self.eventually(pool, "the pool is served", sql).await;
        assert!(!tables.is_empty(), "{pool} has the tables before anybody is let in");
        let sql = "create table if not exists kept (id bigint primary key)";
        self.eventually(pool, "the pool is served", sql).await;
    }

    /// Waits until a row is acknowledged. One whose outcome was not known is written once.
    async fn takes(&self, pool: &str, id: i64) {
        let sql = format!("insert into kept values ({id}) on conflict do nothing");
        self.eventually(pool, &format!("{pool} takes row {id}"), &sql).await;
    }

    async fn has(&self, pool: &str, ids: &[i64]) {
        let sql = "select id from kept order by id";
        let found = self.eventually(pool, "the rows are read", sql).await;
        let wanted: Vec<_> = ids.iter().map(ToString::to_string).collect();
        assert_eq!(found, wanted, "{pool}");
    }

    /// Runs SQL on the pool's primary, in the role of its servers; gives the first columns.
    async fn eventually(&self, pool: &str, what: &str, sql: &str) -> Vec<String> {
        eventually(LONG, what, async || {
            let Some(primary) = self.record(pool).await.primary().map(str::to_owned) else {
                return Err("nobody is primary".to_owned());
            };
            let ran = timeout(PATIENCE, self.run(&primary, sql)).await;
            ran.map_err(|_| format!("{primary} takes too long"))?
        })
        .await
    }

    async fn run(&self, store: &str, sql: &str) -> Result<Vec<String>, String> {
        let address = self.deployment.topology().address_of_store(store).unwrap();
        let mut config = Config::new();
        config.host(address.ip().to_string()).port(address.port()).ssl_mode(SslMode::Require);
        config.user("standfast_rgs").dbname("rgs").application_name("a front-end server");
        let tls = MakeRustlsConnect::new(self.credentials.postgres_client_config());
        let (client, connection) = config.connect(tls).await.map_err(|error| told(&error))?;
        let mut connections = JoinSet::new();
        connections.spawn(connection);
        let messages = client.simple_query(sql).await.map_err(|error| told(&error))?;
        let first = |message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        Ok(messages.into_iter().filter_map(first).collect())
    }

    /// One screen that says nothing of log shipping, nor of the site in which a pool has nothing.
    async fn status_tells_both(&self) {
        let said = self.deployment.administer(&["status"]).await.unwrap();
        println!("{said}");
        let (mirrored, alone) = said.split_once(&format!("front-end pool {ALONE}")).unwrap();
        assert!(mirrored.contains(&format!("front-end pool {MIRRORED}  Normal, term 1.0")));
        assert!(mirrored.contains(&format!("backup pool    {ALONE}")));
        assert!(mirrored.contains("in sync") && !mirrored.contains("site south"));
        assert!(alone.contains("none is declared") && !alone.contains("site north"));
        assert!(!said.contains("log shipping") && !said.contains("unknown"), "{said}");
    }

    /// One of the two is away: the screen says so, and the command succeeds.
    async fn status_tells_what_is_known(&self) {
        let said = self.deployment.administer(&["status"]).await.unwrap();
        println!("{said}");
        let (mirrored, alone) = said.split_once(&format!("front-end pool {ALONE}")).unwrap();
        assert!(mirrored.contains(&format!("front-end pool {MIRRORED}  away")), "{said}");
        assert!(mirrored.contains("mirror         unknown"), "{said}");
        assert!(alone.starts_with("  Normal, term 1."), "{said}");
    }
}

fn told(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
}
