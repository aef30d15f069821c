//! Hitting what the plan says, and starting again what does not come back by itself.

use crate::ground::{BACKUP_HOST, Ground, LONG, SERVERS, WITNESS};
use crate::people::People;
use faults::chance::Chance;
use faults::plan::Kind;
use nix::sys::signal::Signal;
use testkit::eventually;

/// How the child that receives WAL is called.
const RECEIVER: &str = "pg_receivewal";

/// What was hit.
#[derive(Debug)]
pub(crate) struct Hit {
    /// The host, and the store or process on it.
    pub(crate) what: String,
    /// The host whose process has to be started again.
    down: Option<String>,
}

/// Kills one of a kind with SIGKILL.
pub(crate) async fn hit(
    ground: &mut Ground,
    people: &People,
    kind: Kind,
    chance: &mut Chance,
) -> Hit {
    match kind {
        Kind::PrimaryPostmaster => postmaster(ground.primary().await, ground),
        Kind::MirrorPostmaster => postmaster(ground.mirror().await, ground),
        Kind::PrimaryKeeper => process(ground.primary().await.0, ground).await,
        Kind::MirrorKeeper => process(ground.mirror().await.0, ground).await,
        Kind::PrimaryHost => host(ground.primary().await.0, ground).await,
        Kind::MirrorHost => host(ground.mirror().await.0, ground).await,
        Kind::Witness => host(WITNESS.to_owned(), ground).await,
        Kind::BackupHost => host(BACKUP_HOST.to_owned(), ground).await,
        Kind::Receiver => {
            // What it receives from may have been hit a moment ago: then it is starting again.
            let killed = eventually(LONG, "the receiver is there", async || {
                ground.host(BACKUP_HOST).signal(RECEIVER, Signal::SIGKILL)
            });
            let pids: Vec<i32> = killed.await.iter().map(|it| it.pid).collect();
            Hit { what: format!("{BACKUP_HOST} process {pids:?}"), down: None }
        }
        Kind::ChatServer => {
            // One that people are on, while there are such.
            let places = people.places(ground);
            let peopled: Vec<&str> =
                SERVERS.into_iter().filter(|it| places.values().any(|at| at == it)).collect();
            let server = *chance.choose(&peopled);
            host(server.to_owned(), ground).await
        }
    }
}

impl Hit {
    /// Starts again what a service manager would start again.
    pub(crate) async fn start_again(&self, ground: &mut Ground) {
        if let Some(host) = &self.down {
            ground.host(host).start().await.unwrap();
        }
    }

    /// Waits until a chat server that was hit takes clients again.
    pub(crate) async fn is_back(&self, ground: &Ground) {
        let server = SERVERS.into_iter().find(|it| Some(*it) == self.down.as_deref());
        if let Some(server) = server {
            ground.server_listens(server).await;
        }
    }
}

fn postmaster((host, store): (String, String), ground: &mut Ground) -> Hit {
    let pid = ground.kill_postmaster(&host, &store);
    Hit { what: format!("{host} {store} process {pid}"), down: None }
}

async fn process(host: String, ground: &mut Ground) -> Hit {
    ground.host(&host).kill_process().await.unwrap();
    Hit { what: host.clone(), down: Some(host) }
}

async fn host(host: String, ground: &mut Ground) -> Hit {
    let count = ground.host(&host).kill_host().await.unwrap();
    Hit { what: format!("{host} with {count} processes"), down: Some(host) }
}
