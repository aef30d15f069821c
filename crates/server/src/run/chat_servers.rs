//! The chat servers of this host: one per pool that the topology gives it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use chat::Chat;
use chat::activity::Activity;
use chat::settings::{self, Config};
use chat::stream::{Entry, Limits, Settings, Streams};
use control::Router;
use recovery::presence;
use recovery::whereabouts::Known;
use tokio::net::TcpListener;
use tokio::sync::{OnceCell, watch};
use topology::{PersistentChat, Pool, Topology};
use tracing::info;

use super::descriptors;
use super::host::ThisHost;
use super::parts::Stores;
use super::peers::{self, Chats, ControlPeers};
use super::primaries::Primaries;
use super::shipped;

/// Starts every chat server of this host.
pub(crate) async fn start(
    host: &ThisHost,
    stores: &Stores,
    primaries: &Primaries,
    router: Router,
) -> anyhow::Result<Router> {
    let pools: Vec<Pool> = host.topology.pools_served_by(&host.name).cloned().collect();
    let chats: Chats =
        Arc::new(pools.iter().map(|pool| (pool.fqdn.clone(), OnceCell::new())).collect());
    for pool in &pools {
        let chat = start_one(host, stores, primaries, pool).await?;
        chats[&pool.fqdn].set(chat).context("a pool has one chat server on a host")?;
    }
    Ok(peers::install(router, &chats))
}

async fn start_one(
    host: &ThisHost,
    stores: &Stores,
    primaries: &Primaries,
    pool: &Pool,
) -> anyhow::Result<Chat> {
    let declared = pool.chat().context("only a chat pool has chat servers")?;
    let (tasks, shutdown) = (&host.tasks, &host.shutdown);
    let living = presence::follow(&pool.fqdn, stores.snapshots(), tasks, shutdown);
    tasks.spawn(presence::hold(
        pool.fqdn.clone(),
        host.name.clone(),
        stores.own().clone(),
        shutdown.clone(),
    ));
    let application = format!("chat {}", host.name);
    let connections = primaries.connections(host, pool, chat::provision::ROLE, application);
    let others = pool.servers.iter().filter(|server| **server != host.name);
    let others = others.map(|server| host.destination(server)).collect();
    let peers = ControlPeers::new(
        &pool.fqdn,
        &host.name,
        others,
        living.clone(),
        &host.client,
        (tasks, shutdown),
    );
    let config = Config {
        other_site: shipped::follow(host, pool),
        limits: settings::Limits::new(&declared.limits),
        ..Config::new(&host.topology.domain, &declared.rooms)
    };
    let chat = Chat::start(config.clone(), connections, Arc::new(peers), tasks, shutdown);
    follow_activity(host, declared, primaries.known(pool), chat.clone());
    forget_the_gone(host, living, chat.clone());
    open_listeners(host, declared, config, &chat).await?;
    Ok(chat)
}

/// Tells the chat server whether it is on the active list, and where its clients go if not.
fn follow_activity(
    host: &ThisHost,
    declared: &PersistentChat,
    mut known: watch::Receiver<Known>,
    chat: Chat,
) {
    let (topology, me) = (Arc::clone(&host.topology), host.name.clone());
    let port = declared.client_port;
    let follow = async move {
        loop {
            let activity =
                activity(&topology, port, &me, known.borrow_and_update().active_servers());
            chat.set_activity(activity);
            if known.changed().await.is_err() {
                return;
            }
        }
    };
    host.tasks.spawn(host.shutdown.clone().run_until_cancelled_owned(follow));
}

fn activity(topology: &Topology, port: u16, me: &str, active: &[String]) -> Activity {
    if active.iter().any(|server| server == me) {
        return Activity::Active;
    }
    let addresses: Vec<SocketAddr> = active
        .iter()
        .filter_map(|server| topology.host(server))
        .map(|host| SocketAddr::new(host.address, port))
        .collect();
    if addresses.is_empty() {
        return Activity::NoneActive;
    }
    // Servers that are off the list send their clients to different places.
    let place = me.bytes().map(usize::from).sum::<usize>() % addresses.len();
    Activity::Inactive { move_to: addresses[place].to_string() }
}

/// When a server's lease has ended, its occupants leave everywhere.
fn forget_the_gone(host: &ThisHost, mut living: watch::Receiver<BTreeSet<String>>, chat: Chat) {
    let follow = async move {
        let mut before = BTreeSet::new();
        while living.changed().await.is_ok() {
            let now = living.borrow_and_update().clone();
            for gone in before.difference(&now) {
                info!(server = gone, "a chat server is gone: its occupants leave");
                chat.server_gone(gone);
            }
            before = now;
        }
    };
    host.tasks.spawn(host.shutdown.clone().run_until_cancelled_owned(follow));
}

async fn open_listeners(
    host: &ThisHost,
    declared: &PersistentChat,
    config: Config,
    chat: &Chat,
) -> anyhow::Result<()> {
    descriptors::suffice_for(declared.limits.connections);
    let settings = Settings {
        config,
        tls: host.credentials.public_server_config(),
        limits: Limits::new(&declared.limits),
        secret: secret(&host.directory("secret"))?,
    };
    let streams = Streams::new(settings, chat, host.tasks.clone(), host.shutdown.clone());
    let ports = BTreeMap::from([
        (declared.client_port, Entry::StartTls),
        (declared.client_tls_port, Entry::DirectTls),
    ]);
    for (port, entry) in ports {
        let address = SocketAddr::new(host.control_address().ip(), port);
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("listen for clients on {address}; does another server have the port?")
        })?;
        let streams = streams.clone();
        host.tasks.spawn(async move { streams.serve(listener, entry).await });
    }
    Ok(())
}

/// The secret of this server, made once: names that do not exist get their salt from it.
fn secret(path: &Path) -> anyhow::Result<[u8; 32]> {
    match std::fs::read(path) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            anyhow::anyhow!("{} has not 32 bytes: remove it, and a new one is made", path.display())
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut secret = [0; 32];
            rustls::crypto::ring::default_provider()
                .secure_random
                .fill(&mut secret)
                .map_err(|_| anyhow::anyhow!("the system has no randomness"))?;
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
                .with_context(|| format!("make {}", path.display()))?;
            file.write_all(&secret).and_then(|()| file.sync_all()).context("keep the secret")?;
            Ok(secret)
        }
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}
