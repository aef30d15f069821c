//! The two that are compared: Standfast's chat server, and the bare room.

use super::process::Process;
use crate::stage::Stage;
use anyhow::{Context as _, ensure};
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;
use testkit::client::Login;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::entry::{self, Stream};

/// How long a server may take to come or to go.
const PATIENCE: Duration = Duration::from_secs(30);

const PAUSE: Duration = Duration::from_millis(20);

/// A room that can be entered and measured.
pub(super) trait Server {
    fn address(&self) -> SocketAddr;
    fn process(&self) -> Process;
    /// From a secured connection to a client that is known.
    async fn introduce(&self, stream: &mut Stream, login: &Login) -> anyhow::Result<()>;
    /// From there into the room.
    async fn enter(&self, stream: &mut Stream, room: &str, nick: &str) -> anyhow::Result<()>;
}

/// A chat server of the deployment.
pub(super) struct Product {
    address: SocketAddr,
    process: Process,
}

impl Product {
    pub(super) const NAME: &str = "standfast";

    /// Starts the chat server's host anew.
    pub(super) async fn start(stage: &mut Stage) -> anyhow::Result<Self> {
        let topology = stage.deployment.topology();
        let pool = topology.chat_pools().next().context("the topology has a chat pool")?;
        let port = pool.chat().context("it is a chat pool")?.client_tls_port;
        let name = pool.servers.first().context("the pool has a server")?.clone();
        let host = topology.host(&name).context("the server is a host")?;
        let address = SocketAddr::new(host.address, port);
        let host = stage.deployment.host(&name);
        host.terminate(PATIENCE).await?;
        host.start().await?;
        let process = host.main().await?.context("the chat server runs")?;
        listens(address).await?;
        Ok(Self { address, process: Process::new(process) })
    }
}

impl Server for Product {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn process(&self) -> Process {
        self.process
    }

    async fn introduce(&self, stream: &mut Stream, login: &Login) -> anyhow::Result<()> {
        entry::log_in(stream, login).await
    }

    async fn enter(&self, stream: &mut Stream, room: &str, nick: &str) -> anyhow::Result<()> {
        entry::join(stream, room, nick).await
    }
}

/// The bare loop, in a process of its own.
pub(super) struct BareRoom {
    address: SocketAddr,
    process: Process,
    _child: Child,
}

impl BareRoom {
    pub(super) const NAME: &str = "bare";

    /// Starts the bare room on the same database.
    pub(super) async fn start(stage: &Stage) -> anyhow::Result<Self> {
        let primary = stage.view.primary().context("a primary is known")?;
        let mut command = Command::new(std::env::current_exe().context("find this program")?);
        command.arg("bare-room").arg("--bundle").arg(stage.view.bundle());
        command.args(["--postgres", &primary.address.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("start the bare room")?;
        let process = child.id().context("the bare room runs")?;
        let stdout = child.stdout.take().context("hear the bare room")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await??;
        let address = line.context("the bare room ended")?.parse()?;
        let process = Process::new(i32::try_from(process)?);
        Ok(Self { address, process, _child: child })
    }
}

impl Server for BareRoom {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn process(&self) -> Process {
        self.process
    }

    async fn introduce(&self, _: &mut Stream, _: &Login) -> anyhow::Result<()> {
        Ok(())
    }

    async fn enter(&self, stream: &mut Stream, room: &str, nick: &str) -> anyhow::Result<()> {
        entry::say(stream, &format!("<presence to='{room}/{nick}'></message>")).await?;
        entry::hear(stream, b"<in/>").await.map(drop)
    }
}

/// Waits until somebody listens there.
async fn listens(address: SocketAddr) -> anyhow::Result<()> {
    let end = tokio::time::Instant::now() + PATIENCE;
    while TcpStream::connect(address).await.is_err() {
        ensure!(tokio::time::Instant::now() < end, "nobody listens on {address}");
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
