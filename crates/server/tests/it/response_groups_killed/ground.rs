//! Two paired pools to strike, and looks at what each of them hosts, past every cmdlet.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use audit::{Entry, FILE};
use control::{Client, Credentials, Destination};
use db::{Connections, Login, Primary, Tls};
use recovery::journal::{Journal, What};
use recovery::store::{Records, Remote};
use response_groups::configuration::Configuration;
use response_groups::store::{Hosting, OwnerFilter, ReceivedRevision, RgsError};
use testkit::deployment::{Deployment, Ended, Plans, Running};
use testkit::{Account, eventually};
use tokio::sync::watch;

use super::made::sorted;

/// How long anything may take on a busy machine.
pub(super) const LONG: Duration = Duration::from_mins(1);

/// The pool whose Response Groups this is about, its host, and its store.
pub(super) const PRIMARY: &str = "primary.contoso.com";
pub(super) const NORTH: &str = "north-db";
pub(super) const NORTH_STORE: &str = "north-rgs";

/// The pool that it is paired with.
pub(super) const BACKUP: &str = "backup.contoso.com";
pub(super) const SOUTH: &str = "south-db";
pub(super) const SOUTH_STORE: &str = "south-rgs";

/// A host that looks on: nobody strikes it.
const ONLOOKER: &str = "north-witness";

const TOPOLOGY: &str = r#"
domain = "contoso.com"
site = [
    { name = "north", witness = "north-witness" },
    { name = "south", witness = "south-witness" },
]
host = [
    { name = "north-db", site = "north", address = "127.0.63.1" },
    { name = "north-witness", site = "north", address = "127.0.63.2" },
    { name = "south-db", site = "south", address = "127.0.63.11" },
    { name = "south-witness", site = "south", address = "127.0.63.12" },
]
store = [
    { name = "north-rgs", host = "north-db" },
    { name = "south-rgs", host = "south-db" },
]

[[front_end_pool]]
fqdn = "primary.contoso.com"
backup_pool = "backup.contoso.com"
stores = { home = "north-rgs" }

[[front_end_pool]]
fqdn = "backup.contoso.com"
stores = { home = "south-rgs" }
"#;

pub(super) struct Ground {
    pub(super) deployment: Deployment,
    /// Each site's management store.
    stores: BTreeMap<String, Records>,
    credentials: Credentials,
}

impl Ground {
    pub(super) async fn stand() -> Self {
        let mut deployment = Deployment::prepare(Plans::private(TOPOLOGY).unwrap()).await.unwrap();
        deployment.start().await.unwrap();
        let bundle = deployment.directory().join("authority/hosts").join(ONLOOKER);
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
        let ground = Self { deployment, stores, credentials };
        std::fs::create_dir(ground.exchange()).unwrap();
        Account::find().unwrap().own(&ground.exchange()).unwrap();
        ground.answers(NORTH, &[PRIMARY, BACKUP]).await;
        ground.answers(SOUTH, &[PRIMARY, BACKUP]).await;
        ground
    }

    /// The folder that the administrator's machine has for files.
    pub(super) fn exchange(&self) -> PathBuf {
        self.deployment.directory().join("exchange")
    }

    /// Begins a line at the host that is named.
    pub(super) fn begin(&self, via: &str, line: &str) -> Running {
        let exchange = self.exchange();
        let exchange = exchange.to_str().unwrap();
        let arguments = ["shell", "--via", via, "--exchange", exchange, "-c", line];
        self.deployment.begin(&arguments).unwrap()
    }

    /// Runs a line at the host that is named, and tells how long it took.
    pub(super) async fn run(&self, via: &str, line: &str) -> (String, Duration) {
        let begun = Instant::now();
        let said = self.begin(via, line).end().await.unwrap().into_good();
        (said.unwrap_or_else(|error| panic!("{error:#}")), begun.elapsed())
    }

    /// Waits until the host that is named reaches these pools.
    pub(super) async fn answers(&self, via: &str, pools: &[&str]) {
        let ask = |pool: &&str| format!("Get-CsRgsConfiguration -Identity {pool}");
        let line = pools.iter().map(ask).collect::<Vec<_>>().join("; ");
        eventually(LONG, &format!("{via} reaches {pools:?}"), async || {
            let ended = self.begin(via, &line).end().await;
            ended.and_then(Ended::into_good).map_err(|it| format!("{it:#}"))
        })
        .await;
    }

    /// Waits until the backup pool has received all that the primary pool has.
    pub(super) async fn received(&self) {
        eventually(LONG, "all is received", async || {
            let text = |error: RgsError| error.to_string();
            let has = self.hosting(PRIMARY).await?.standing(PRIMARY).await.map_err(text)?;
            let received = self.hosting(BACKUP).await?.received_revisions().await;
            let is_it = |it: &ReceivedRevision| {
                it.owner == PRIMARY && (it.reign, it.revision) == (has.reign, has.revision)
            };
            let received = received.map_err(text)?;
            if received.iter().any(is_it) { Ok(()) } else { Err(format!("{received:?}")) }
        })
        .await;
    }

    /// What the pool hosts of what belongs to the primary pool.
    pub(super) async fn hosted(&self, pool: &str) -> Configuration {
        let what = format!("{pool} is looked at");
        let hosted = eventually(LONG, &what, async || {
            let hosting = self.hosting(pool).await?;
            let of = OwnerFilter::Of(PRIMARY.to_owned());
            let export = hosting.export(&of).await.map_err(|error| error.to_string())?;
            Ok::<_, String>(export.end().await.0)
        });
        sorted(hosted.await)
    }

    /// Lets nobody change the primary pool's own there, as the first rows of a failover do.
    pub(super) async fn close_primary(&self) {
        let hosting = self.hosting(PRIMARY).await.unwrap();
        let reign = hosting.standing(PRIMARY).await.unwrap().reign;
        hosting.yield_to(PRIMARY, reign + 1).await.unwrap();
    }

    async fn hosting(&self, pool: &str) -> Result<Hosting, String> {
        let topology = self.deployment.topology();
        let site = topology.home_site(topology.pool(pool).unwrap()).unwrap();
        let record = self.stores[&site.name].pool(pool).await.map_err(|it| it.to_string())?;
        let record = record.ok_or("the pool has no record")?.value;
        let store = record.primary().ok_or("nobody is primary")?.to_owned();
        let address = topology.address_of_store(&store).unwrap();
        let (reign, turn) = (record.term.reign, record.term.turn);
        let (reign, turn) = (i64::try_from(reign).unwrap(), i64::try_from(turn).unwrap());
        let told = watch::Sender::new(Some(Primary { store, address, reign, turn }));
        let login = Login {
            user: "standfast_rgs".to_owned(),
            application: "an onlooker".to_owned(),
            tls: Tls::Required(Arc::new(self.credentials.postgres_client_config())),
        };
        Ok(Hosting::new(pool, Connections::new(login, told.subscribe())))
    }

    /// The audit of a host. What a kill has cut off is left out.
    pub(super) fn audit(&mut self, host: &str) -> Vec<Entry> {
        let file = self.deployment.host(host).plan().directory.join("audit").join(FILE);
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The newest row in a host's journals of the primary pool, with what became of it.
    pub(super) fn newest_row(&mut self, host: &str) -> Option<String> {
        let directory = self.deployment.host(host).plan().directory.join("journal");
        let newest = Journal::open(&directory).unwrap().newest(PRIMARY).unwrap();
        newest.iter().rev().find_map(|entry| {
            let What::Row(line) = &entry.what else { return None };
            Some(format!("row {} {:?}", line.number, line.mark))
        })
    }
}
