//! A small stretched pool to break: two instances and a witness at home, one and a witness away.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use control::{Client, Credentials, Destination};
use recovery::observed::Observed;
use recovery::record::{Gate, PoolRecord};
use recovery::store::{LeaseState, Records, Remote, Snapshot};
use testkit::deployment::{Deployment, Plans};
use testkit::host::Host;
use testkit::netns::Network;
use testkit::{Account, eventually};
use tokio::sync::{Mutex, MutexGuard};

/// How long anything may take on a busy machine, a copy of an instance included.
pub(crate) const LONG: Duration = Duration::from_mins(1);

pub(crate) const POOL: &str = "pool.example.org";
pub(crate) const WITNESS: &str = "north-witness";

/// The hosts that run; the chat server of the topology never does.
pub(crate) const HOSTS: [&str; 5] =
    [WITNESS, "south-witness", "north-db1", "north-db2", "south-db1"];
/// Those of the home site.
pub(crate) const AT_HOME: [&str; 3] = [WITNESS, "north-db1", "north-db2"];

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
    { name = "north-chat", site = "north", address = "127.0.RANGE.4" },
    { name = "south-db1", site = "south", address = "127.0.RANGE.11" },
    { name = "south-witness", site = "south", address = "127.0.RANGE.13" },
]
store = [
    { name = "north-a", host = "north-db1" },
    { name = "north-b", host = "north-db2" },
    { name = "south-a", host = "south-db1" },
]

[[pool]]
fqdn = "pool.example.org"
servers = ["north-chat"]
stores = { home = "north-a", home_mirror = "north-b", backup = "south-a" }
share = { host = "south-db1", directory = "share" }
"#;

/// The deployment and two ways to look at it: over the control ports, and into a database.
pub(crate) struct Ground {
    pub(crate) deployment: Deployment,
    stores: Vec<(String, Records)>,
    client: Client,
    credentials: Credentials,
    _alone: MutexGuard<'static, ()>,
}

impl Ground {
    /// Starts the deployment on addresses `127.N.range.*` and waits until all is well with it.
    pub(crate) async fn stand(range: u8) -> Self {
        Self::stand_by(range, Plans::private).await
    }

    /// As [`Ground::stand`], with a network namespace for each host: links can be cut.
    pub(crate) async fn stand_in_namespaces(range: u8) -> Self {
        Self::stand_by(range, Plans::in_namespaces).await
    }

    async fn stand_by(range: u8, plans: fn(&str) -> anyhow::Result<Plans>) -> Self {
        let alone = ALONE.lock().await;
        let text = TOPOLOGY.replace("RANGE", &range.to_string());
        let deployment = Deployment::prepare(plans(&text).unwrap()).await.unwrap();
        let bundle = deployment.directory().join("authority/hosts/north-chat");
        let credentials = Credentials::load(&bundle).unwrap();
        let client = Client::new(&credentials);
        let topology = deployment.topology();
        let sites = topology.sites.iter();
        let stores = sites.map(|site| {
            let address = topology.control_of(&site.witness).unwrap();
            let witness = Destination { host: site.witness.clone(), address };
            let store = Remote::new(&site.name, witness, client.clone());
            (site.name.clone(), Records::new(Arc::new(store)))
        });
        let stores = stores.collect();
        let mut ground = Self { deployment, stores, client, credentials, _alone: alone };
        ground.starts(&HOSTS).await;
        ground.is_well("the new pool").await;
        ground.sql("north-a", "mgc", SCHEMA).await;
        ground
    }

    /// Starts these hosts, and makes their directories readable again.
    pub(crate) async fn starts(&mut self, hosts: &[&str]) {
        for host in hosts {
            let host = self.host(host);
            if host.plan().directory.exists() {
                host.unlock_directories().unwrap();
            }
            host.start().await.unwrap();
        }
    }

    pub(crate) fn host(&mut self, name: &str) -> &mut Host {
        self.deployment.host(name)
    }

    /// The links of the hosts, where they have namespaces of their own.
    pub(crate) fn network(&self) -> &Network {
        self.deployment.network().unwrap()
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(crate) fn address(&self, store: &str) -> SocketAddr {
        self.deployment.topology().address_of_store(store).unwrap()
    }

    /// One look at everything.
    pub(crate) async fn look(&self) -> Observed {
        let topology = self.deployment.topology();
        let pool = topology.pool(POOL).unwrap();
        Observed::look(topology, pool, &self.stores, &self.client).await
    }

    /// All that the home site's management store holds; `None` while it does not answer.
    pub(crate) async fn snapshot(&self) -> Option<Snapshot> {
        self.stores[0].1.store().read().await.ok()
    }

    /// The home site's record.
    pub(crate) async fn record(&self) -> PoolRecord {
        eventually(LONG, "the home site's record", async || {
            let snapshot = self.snapshot().await.ok_or("the store does not answer")?;
            match Records::pool_in(&snapshot, POOL) {
                Ok(Some(read)) => Ok(read.value),
                _ => Err("the store has no record"),
            }
        })
        .await
    }

    /// Waits until the home site's record is as wanted.
    pub(crate) async fn recorded(
        &self,
        what: &str,
        wanted: impl Fn(&PoolRecord) -> bool,
    ) -> PoolRecord {
        eventually(LONG, what, async || {
            let record = self.record().await;
            if wanted(&record) { Ok(record) } else { Err(record) }
        })
        .await
    }

    /// Waits until a look shows what is wanted.
    pub(crate) async fn seen(&self, what: &str, wanted: impl Fn(&Observed) -> bool) -> Observed {
        eventually(LONG, what, async || {
            let observed = self.look().await;
            if wanted(&observed) { Ok(observed) } else { Err(observed) }
        })
        .await
    }

    /// Waits until primary and mirror are in sync with the gate open, and log shipping flows.
    pub(crate) async fn is_well(&self, when: &str) -> PoolRecord {
        let observed = self.seen(&format!("all is well: {when}"), is_well).await;
        observed.record("north").unwrap().clone()
    }

    /// Waits until the backup instance has every row that the quiet primary has.
    pub(crate) async fn backup_has_followed(&mut self) {
        let (_, primary) = self.primary().await;
        let rows = "select count(*), coalesce(sum(id), 0) from public.kept";
        let end = self.sql(&primary, "mgc", rows).await;
        eventually(LONG, "the backup instance follows to the end", async || {
            let replayed = self.try_sql("south-a", "mgc", rows).await;
            if replayed.as_ref() == Ok(&end) { Ok(()) } else { Err((replayed, end.clone())) }
        })
        .await;
    }

    /// Whether the store's instance is a standby, once it has started up and answers.
    pub(crate) async fn is_standby(&mut self, store: &str) -> bool {
        let question = "select pg_is_in_recovery()";
        let answers = async || self.try_sql(store, "postgres", question).await;
        eventually(LONG, "the instance answers", answers).await == "t"
    }

    /// How the primary's lease stands.
    pub(crate) async fn lease(&self) -> LeaseState {
        match self.snapshot().await {
            Some(snapshot) => snapshot.lease(&Records::primary_lease(POOL)),
            None => LeaseState::Unknown,
        }
    }

    /// Waits until the primary's lease is nobody's.
    pub(crate) async fn lease_is_over(&self) {
        eventually(LONG, "the lease ends", async || match self.lease().await {
            held @ (LeaseState::Held { .. } | LeaseState::Unknown) => Err(held),
            LeaseState::Ended { .. } | LeaseState::GivenUp { .. } | LeaseState::Free => Ok(()),
        })
        .await;
    }

    /// Waits until the store's keeper says what has `words` in it.
    pub(crate) async fn keeper_says(&self, store: &str, words: &str) {
        eventually(LONG, &format!("the keeper of {store} says {words:?}"), async || {
            let observed = self.look().await;
            let note = observed.report(store).map(|it| it.note.clone());
            if note.as_ref().is_some_and(|it| it.contains(words)) { Ok(()) } else { Err(note) }
        })
        .await;
    }

    /// Runs SQL as the superuser, by the private socket of the instance.
    pub(crate) async fn sql(&mut self, store: &str, database: &str, sql: &str) -> String {
        self.try_sql(store, database, sql).await.unwrap()
    }

    /// As [`Ground::sql`], where it may fail.
    pub(crate) async fn try_sql(
        &mut self,
        store: &str,
        database: &str,
        sql: &str,
    ) -> Result<String, String> {
        let host = self.deployment.topology().host_of_store(store).unwrap().name.clone();
        let socket = self.host(&host).plan().directory.join("run").join(store);
        let psql = testkit::postgres::bin_directory().unwrap().join("psql");
        let mut command = tokio::process::Command::from(Account::find().unwrap().command(psql));
        command.arg("-h").arg(socket).args(["-U", "standfast", "-d", database]);
        command.args(["-v", "ON_ERROR_STOP=1", "-Atqc", sql]).kill_on_drop(true);
        let ran = tokio::time::timeout(LONG, command.output()).await;
        let output = ran.map_err(|_| "psql hangs".to_owned())?.map_err(|it| it.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The host of the store that the home site's record calls primary, and the store's name.
    pub(crate) async fn primary(&self) -> (String, String) {
        let record = self.record().await;
        let store = record.primary().expect("home has the primary").to_owned();
        (self.host_of(&store), store)
    }

    /// The host of the other home store, and the store's name.
    pub(crate) async fn mirror(&self) -> (String, String) {
        let (_, primary) = self.primary().await;
        let store = self.deployment.topology().partner_of(&primary).unwrap().name.clone();
        (self.host_of(&store), store)
    }

    /// The process number of the store's postmaster.
    pub(crate) fn postmaster(&mut self, store: &str) -> i32 {
        let host = self.host_of(store);
        self.host(&host).postmaster(store).unwrap()
    }

    /// Kills the store's postmaster alone with SIGKILL.
    pub(crate) fn kill_postmaster(&mut self, store: &str) {
        let host = self.host_of(store);
        self.host(&host).kill_postmaster(store).unwrap();
    }

    fn host_of(&self, store: &str) -> String {
        self.deployment.topology().host_of_store(store).unwrap().name.clone()
    }
}

/// What writers write into: nothing but who was acknowledged.
const SCHEMA: &str = "create table public.kept (id bigint primary key); \
                      grant insert on public.kept to standfast_chat";

fn is_well(observed: &Observed) -> bool {
    let Some(record) = observed.record("north") else { return false };
    let mirror_streams = |store: &str| {
        let report = observed.report(store);
        Some(store) == record.primary() || report.is_some_and(|it| it.streaming)
    };
    let shipping = observed.report("south-a").and_then(|it| it.shipping.as_ref());
    record.is_synchronized()
        && record.gate == Gate::Open
        && ["north-a", "north-b"].into_iter().all(mirror_streams)
        && shipping.is_some_and(|it| it.receiving)
}
