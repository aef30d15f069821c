//! The parts of a host, one function each, in the order of the start-up list.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::hash::{Hash as _, Hasher as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use chat::provision::{self, Bootstrap};
use control::Router;
use instance::{Binaries, Instance, Spec, Tls};
use recovery::keeper::{self, Handle, PrimaryHook, Setup};
use recovery::store::{Embedded, Records, Remote, Snapshots, Store};
use recovery::{store, witness};
use tokio::net::TcpListener;
use topology::{Pool, Service, Topology};
use tracing::info;

use super::host::ThisHost;

/// The management stores of all sites, by the site's name, as this host reaches them.
#[derive(Debug)]
pub(crate) struct Stores {
    by_site: BTreeMap<String, Reached>,
    own_site: String,
}

/// One site's store, and what it said last.
#[derive(Debug)]
struct Reached {
    records: Records,
    /// The same for whoever does not wait for a witness that is silent.
    hurried: Records,
    snapshots: Snapshots,
}

impl Stores {
    /// This site's store.
    pub(crate) fn own(&self) -> &Records {
        &self.by_site[&self.own_site].records
    }

    /// The other site's, in a deployment of two.
    pub(crate) fn other(&self) -> Option<&Records> {
        self.of_other().map(|it| &it.records)
    }

    /// The other site's, not waited for while its witness is silent.
    pub(crate) fn other_hurried(&self) -> Option<&Records> {
        self.of_other().map(|it| &it.hurried)
    }

    fn of_other(&self) -> Option<&Reached> {
        self.by_site.iter().find(|(site, _)| **site != self.own_site).map(|(_, it)| it)
    }

    /// Every site's, not waited for while its witness is silent.
    pub(crate) fn all_hurried(&self) -> Vec<(String, Records)> {
        self.by_site.iter().map(|(site, it)| (site.clone(), it.hurried.clone())).collect()
    }

    /// What the stores say of the sites in which `pool` has stores: nobody else's knows it.
    pub(crate) fn snapshots_of(
        &self,
        topology: &Topology,
        pool: &Pool,
    ) -> Vec<(String, Snapshots)> {
        let its = topology.sites_of(pool);
        its.map(|site| (site.name.clone(), self.by_site[&site.name].snapshots.clone())).collect()
    }

    /// What every site's store says.
    pub(crate) fn snapshots(&self) -> Vec<(String, Snapshots)> {
        self.by_site.iter().map(|(site, it)| (site.clone(), it.snapshots.clone())).collect()
    }
}

/// Opens or reaches every site's management store; the witness host serves its site's.
pub(crate) fn management_store(
    host: &ThisHost,
    mut router: Router,
) -> anyhow::Result<(Router, Stores)> {
    let mut by_site = BTreeMap::new();
    for site in &host.topology.sites {
        let (store, hurried): (Arc<dyn Store>, Arc<dyn Store>) = if site.witness == host.name {
            let embedded = Arc::new(Embedded::open(&host.directory("store"), keeper::LEASE)?);
            info!(site = site.name, "this host is the witness");
            (Arc::clone(&embedded) as _, embedded)
        } else {
            let witness = host.destination(&site.witness);
            let remote = Remote::new(&site.name, witness, host.client.clone());
            (Arc::new(remote.clone()), Arc::new(remote.hurried()))
        };
        if site.witness == host.name {
            router = store::install_routes(router, &store);
        }
        let snapshots = store::follow(&site.name, &store, &host.tasks, &host.shutdown);
        let (records, hurried) = (Records::new(store), Records::new(hurried));
        by_site.insert(site.name.clone(), Reached { records, hurried, snapshots });
    }
    let stores = Stores { by_site, own_site: host.site().name.clone() };
    if host.site().witness == host.name {
        router = witness::install_routes(router, stores.own());
        hear_other_site(host, &stores);
    }
    Ok((router, stores))
}

/// For each stretched pool, the witness listens to the other site.
fn hear_other_site(host: &ThisHost, stores: &Stores) {
    let Some(other) = stores.other() else { return };
    for pool in host.topology.pools.iter().filter(|pool| pool.stores.backup.is_some()) {
        host.tasks.spawn(witness::hear_other_site(
            pool.fqdn.clone(),
            stores.own().clone(),
            other.clone(),
            host.shutdown.clone(),
        ));
    }
}

/// Starts a keeper for each instance of this host.
pub(crate) async fn keepers(
    host: &ThisHost,
    stores: &Stores,
    router: Router,
) -> anyhow::Result<(Router, Vec<Handle>)> {
    let mut keepers = Vec::new();
    for declared in host.topology.stores_on(&host.name) {
        let Some(pool) = host.topology.pool_of_store(&declared.name) else { continue };
        let directory = host.directory("instances");
        let spec = Spec {
            name: declared.name.clone(),
            data: directory.join(&declared.name),
            socket_dir: socket_directory(host, &declared.name)?,
            address: host.control_address().ip(),
            port: declared.port,
            tls: Tls {
                ca: host.credentials.ca(),
                cert: host.credentials.cert(),
                key: host.credentials.key(),
            },
            binaries: Binaries::find().await?,
        };
        let instance = Instance::new(spec);
        let setup = Setup {
            pool: pool.clone(),
            topology: Arc::clone(&host.topology),
            store: declared.name.clone(),
            instance,
            own: stores.own().clone(),
            snapshots: stores.by_site[&stores.own_site].snapshots.clone(),
            other: pool.stores.backup.as_ref().and(stores.other_hurried()).cloned(),
            client: host.client.clone(),
            hook: primary_hook(host, pool)?,
            directory: host.directory("keepers").join(&declared.name),
            share: host.share(pool),
            program: std::env::current_exe().context("find this program")?,
        };
        keepers.push(keeper::start(setup, &host.tasks, &host.shutdown)?);
    }
    Ok((keeper::install_routes(router, &keepers), keepers))
}

/// A short directory for an instance's private socket: a socket's path may have 107 bytes only.
fn socket_directory(host: &ThisHost, store: &str) -> anyhow::Result<PathBuf> {
    let near = host.directory("run").join(store);
    let longest = near.join(".s.PGSQL.65535").as_os_str().len();
    if longest <= 100 {
        return Ok(near);
    }
    let user = nix::unistd::geteuid();
    let mut hash = std::hash::DefaultHasher::new();
    near.hash(&mut hash);
    let far = std::env::temp_dir().join(format!("standfast-{user}-{:016x}", hash.finish()));
    DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(&far)
        .with_context(|| format!("make the socket's directory {}", far.display()))?;
    Ok(far)
}

/// What a fresh primary's content needs before anybody is let in.
fn primary_hook(host: &ThisHost, pool: &Pool) -> anyhow::Result<PrimaryHook> {
    match &pool.service {
        Service::PersistentChat(_) => chat_hook(host),
        Service::ResponseGroups(_) => Ok(response_groups_hook()),
    }
}

/// The schema, and what front-end pools may do with it.
fn response_groups_hook() -> PrimaryHook {
    Arc::new(|connection| {
        Box::pin(async move {
            let prepared = response_groups::schema::prepare(&connection).await;
            prepared.map_err(|error| error.to_string())
        })
    })
}

/// The schema, what chat servers may do with it, and in a new pool its first accounts and rooms.
fn chat_hook(host: &ThisHost) -> anyhow::Result<PrimaryHook> {
    let bootstrap = host.bootstrap.as_ref().map(|path| {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("read the bootstrap file {}", path.display()))?;
        Bootstrap::parse(&text).with_context(|| format!("understand {}", path.display()))
    });
    let bootstrap = Arc::new(bootstrap.transpose()?);
    Ok(Arc::new(move |connection| {
        let bootstrap = Arc::clone(&bootstrap);
        Box::pin(async move {
            let failed = |error: &dyn std::error::Error| error.to_string();
            provision::prepare(&connection).await.map_err(|error| failed(&error))?;
            let Some(bootstrap) = bootstrap.as_ref() else { return Ok(()) };
            if !provision::has_rooms(&connection).await.map_err(|error| failed(&error))? {
                let made = bootstrap.apply(&connection).await.map_err(|error| failed(&error))?;
                info!(accounts = made.accounts, rooms = made.rooms, "made what was asked for");
            }
            Ok(())
        })
    }))
}

/// Opens this host's control port. From here on others can reach it.
pub(crate) async fn control_port(host: &ThisHost, router: Router) -> anyhow::Result<()> {
    let address = host.control_address();
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("listen on the control port {address}; is another host there?"))?;
    control::serve(
        listener,
        host.credentials.clone(),
        router,
        host.topology.hosts.iter().map(|host| host.address).collect(),
        host.tasks.clone(),
        host.shutdown.clone(),
    );
    Ok(())
}
