//! A pool to hit: two sites with two chat servers each, and a room full of people.

use crate::people;
use control::{Client, Credentials, Destination};
use recovery::observed::Observed;
use recovery::record::PoolRecord;
use recovery::store::{Records, Remote};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use testkit::deployment::{Bootstrap, Deployment, Plans};
use testkit::dns::Service;
use testkit::eventually;
use testkit::host::Host;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, MutexGuard};

/// How long anything may take on a busy machine, a copy of an instance included.
pub(crate) const LONG: Duration = Duration::from_secs(90);

pub(crate) const POOL: &str = "pool.example.org";
pub(crate) const HOME: &str = "north";
pub(crate) const WITNESS: &str = "north-witness";
pub(crate) const SERVERS: [&str; 4] = ["north-chat1", "north-chat2", "south-chat1", "south-chat2"];
pub(crate) const BACKUP_HOST: &str = "south-db1";
pub(crate) const BACKUP: &str = "south-a";

/// Plain `cargo test` runs the tests of one binary side by side; each of these wants the machine.
static ALONE: Mutex<()> = Mutex::const_new(());

const TOPOLOGY: &str = r#"
domain = "example.org"
site = [
    { name = "north", witness = "north-witness" },
    { name = "south", witness = "south-witness" },
]
host = [
    { name = "north-db1", site = "north", address = "127.0.RANGE.1" },
    { name = "north-db2", site = "north", address = "127.0.RANGE.2" },
    { name = "north-witness", site = "north", address = "127.0.RANGE.3" },
    { name = "north-chat1", site = "north", address = "127.0.RANGE.4" },
    { name = "north-chat2", site = "north", address = "127.0.RANGE.5" },
    { name = "south-witness", site = "south", address = "127.0.RANGE.13" },
    { name = "south-chat1", site = "south", address = "127.0.RANGE.14" },
    { name = "south-chat2", site = "south", address = "127.0.RANGE.15" },
    BACKUP_HOST
]
store = [
    { name = "north-a", host = "north-db1" },
    { name = "north-b", host = "north-db2" },
    BACKUP_STORE
]

[[pool]]
fqdn = "pool.example.org"
servers = ["north-chat1", "north-chat2", "south-chat1", "south-chat2"]
stores = { home = "north-a", home_mirror = "north-b" BACKUP_PLACE }
BACKUP_SHARE
"#;

/// What the backup site has besides chat servers: replaced in the topology, in this order.
const BACKUP_PARTS: [(&str, &str); 4] = [
    ("BACKUP_HOST", r#"{ name = "south-db1", site = "south", address = "127.0.RANGE.11" },"#),
    ("BACKUP_STORE", r#"{ name = "south-a", host = "south-db1" },"#),
    ("BACKUP_PLACE", r#", backup = "south-a""#),
    ("BACKUP_SHARE", r#"share = { host = "south-db1", directory = "share" }"#),
];

/// Where the pool's posts are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Databases {
    /// Primary and mirror at home.
    HomePair,
    /// And a backup instance that WAL is shipped to.
    HomePairAndBackup,
}

/// The deployment, and a way to look at it over the control ports.
pub(crate) struct Ground {
    pub(crate) deployment: Deployment,
    pub(crate) databases: Databases,
    stores: Vec<(String, Records)>,
    client: Client,
    _alone: MutexGuard<'static, ()>,
}

impl Ground {
    /// Starts the deployment on addresses `127.N.range.*` and waits until it is protected and lets
    /// people in.
    pub(crate) async fn stand(range: u8, databases: Databases) -> Self {
        let alone = ALONE.lock().await;
        let text = BACKUP_PARTS.iter().fold(TOPOLOGY.to_owned(), |text, (place, part)| {
            let part = if databases == Databases::HomePair { "" } else { part };
            text.replace(place, part)
        });
        let text = text.replace("RANGE", &range.to_string());
        let bootstrap = Bootstrap::new(&people::everybody(), &people::ROOMS);
        let plans = Plans { bootstrap: Some(bootstrap.text()), ..Plans::private(&text).unwrap() };
        let deployment = Deployment::prepare(plans).await.unwrap();
        let bundle = deployment.directory().join("authority/hosts").join(SERVERS[0]);
        let client = Client::new(&Credentials::load(&bundle).unwrap());
        let stores = stores(&deployment, &client);
        let mut ground = Self { deployment, databases, stores, client, _alone: alone };
        ground.offer_all_servers();
        ground.deployment.start().await.unwrap();
        ground.is_protected("the new pool").await;
        for server in SERVERS {
            ground.server_listens(server).await;
        }
        ground
    }

    /// Service records that prefer no server, so that people are on all of them.
    fn offer_all_servers(&self) {
        let topology = self.deployment.topology();
        let (domain, pool) = (&topology.domain, topology.pool(POOL).unwrap());
        let chat = pool.chat().unwrap();
        for (service, port) in
            [("_xmpp-client._tcp", chat.client_port), ("_xmpps-client._tcp", chat.client_tls_port)]
        {
            let record = |server: &String| {
                let target = format!("{server}.{domain}");
                Service { priority: 10, weight: 0, target, port }
            };
            let records: Vec<Service> = pool.servers.iter().map(record).collect();
            self.deployment.dns().set_services(&format!("{service}.{domain}"), &records);
        }
    }

    pub(crate) fn host(&mut self, name: &str) -> &mut Host {
        self.deployment.host(name)
    }

    /// One look at everything.
    pub(crate) async fn look(&self) -> Observed {
        let topology = self.deployment.topology();
        let pool = topology.pool(POOL).unwrap();
        Observed::look(topology, pool, &self.stores, &self.client).await
    }

    /// The home site's record.
    pub(crate) async fn record(&self) -> PoolRecord {
        eventually(LONG, "the home site's record", async || {
            match self.stores[0].1.pool(POOL).await {
                Ok(Some(read)) => Ok(read.value),
                Ok(None) => Err("the store has no record".to_owned()),
                Err(error) => Err(error.to_string()),
            }
        })
        .await
    }

    /// Host and store of the primary, as the home site's record has it.
    pub(crate) async fn primary(&self) -> (String, String) {
        let record = self.record().await;
        let store = record.primary().expect("home has the primary").to_owned();
        (self.host_of(&store), store)
    }

    /// Host and store of the primary's mirror.
    pub(crate) async fn mirror(&self) -> (String, String) {
        let (_, primary) = self.primary().await;
        let store = self.deployment.topology().partner_of(&primary).unwrap().name.clone();
        (self.host_of(&store), store)
    }

    fn host_of(&self, store: &str) -> String {
        self.deployment.topology().host_of_store(store).unwrap().name.clone()
    }

    /// Kills the store's postmaster alone, and tells its number.
    pub(crate) fn kill_postmaster(&mut self, host: &str, store: &str) -> i32 {
        self.host(host).kill_postmaster(store).unwrap()
    }

    /// Where clients of a chat server connect with TLS from the first byte.
    pub(crate) fn client_address(&self, server: &str) -> SocketAddr {
        let topology = self.deployment.topology();
        let port = topology.pool(POOL).unwrap().chat().unwrap().client_tls_port;
        SocketAddr::new(topology.host(server).unwrap().address, port)
    }

    /// Waits until a chat server takes connections.
    pub(crate) async fn server_listens(&self, server: &str) {
        let address = self.client_address(server);
        eventually(LONG, &format!("{server} listens"), async || {
            TcpStream::connect(address).await.map(drop)
        })
        .await;
    }
}

fn stores(deployment: &Deployment, client: &Client) -> Vec<(String, Records)> {
    let topology = deployment.topology();
    let sites = topology.sites.iter().map(|site| {
        let address = topology.control_of(&site.witness).unwrap();
        let witness = Destination { host: site.witness.clone(), address };
        let store = Remote::new(&site.name, witness, client.clone());
        (site.name.clone(), Records::new(Arc::new(store)))
    });
    sites.collect()
}
