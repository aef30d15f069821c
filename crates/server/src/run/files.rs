//! Files that travel, on the control port: a shell sends them, fetches them, and says that one is
//! safe. What follows then is audited as the cmdlet that made the file is.

use admin::files::{Arrived, Part, Spool, Wanted, limits};
use admin::{Fault, FaultKind, Role, Told, Watch};
use audit::{Audit, Entry, Phase};
use control::{Peer, Progress, Refusal, Router};
use jiff::Timestamp;
use shell::{Bytes, Value};
use tracing::error;
use uuid::Uuid;

use super::host::ThisHost;

/// Where a shell sends a file, part by part.
pub(crate) const UPLOAD: &str = "files/upload";

/// Where a shell fetches a file, part by part.
pub(crate) const DOWNLOAD: &str = "files/download";

/// Where a shell says that a file is complete and durable on its machine.
pub(crate) const DELIVERED: &str = "files/delivered";

/// What the audit calls the word that a file is safe.
const AUDIT_NAME: &str = "Delivered";

/// Serves the files in `spool`, and removes those that nobody asks for.
pub(super) fn install(host: &ThisHost, spool: &Spool, audit: &Audit, router: Router) -> Router {
    sweep(host, spool.clone());
    serve(spool, audit, router)
}

/// Serves the files in `spool`.
pub(crate) fn serve(spool: &Spool, audit: &Audit, router: Router) -> Router {
    let (receiving, fetching, following) = (spool.clone(), spool.clone(), spool.clone());
    let audit = audit.clone();
    router
        .on(UPLOAD, move |peer: Peer, part: Part| {
            let spool = receiving.clone();
            async move { Ok(receive(&spool, peer, part).await) }
        })
        .on(DOWNLOAD, move |peer: Peer, wanted: Wanted| {
            let spool = fetching.clone();
            async move { Ok(fetch(&spool, peer, wanted).await) }
        })
        .on_stream(DELIVERED, move |peer: Peer, arrived: Arrived, progress: Progress| {
            let (spool, audit) = (following.clone(), audit.clone());
            async move { Ok::<_, Refusal>(follow(&spool, &audit, peer, &arrived, &progress).await) }
        })
}

fn sweep(host: &ThisHost, spool: Spool) {
    let stop = host.shutdown.clone();
    host.tasks.spawn(async move {
        let mut turn = tokio::time::interval(limits::SWEEP_EVERY);
        while stop.run_until_cancelled(turn.tick()).await.is_some() {
            spool.sweep();
        }
    });
}

async fn receive(spool: &Spool, peer: Peer, part: Part) -> Result<u64, Fault> {
    spool.receive(&administrator(peer)?.0, part).await
}

async fn fetch(spool: &Spool, peer: Peer, wanted: Wanted) -> Result<Bytes, Fault> {
    spool.fetch(&administrator(peer)?.0, wanted).await
}

/// Does what was to follow. A line of the audit stands before it, and one after it.
async fn follow(
    spool: &Spool,
    audit: &Audit,
    peer: Peer,
    arrived: &Arrived,
    progress: &Progress,
) -> Result<Vec<Value>, Fault> {
    let (who, role) = administrator(peer)?;
    let name = spool.name_of(&who, arrived.token)?;
    let mut entry = Entry {
        id: Uuid::now_v7(),
        at: Timestamp::now(),
        host: audit.host().to_owned(),
        who: who.clone(),
        role: role.name().to_owned(),
        from: progress.from().to_string(),
        cmdlet: AUDIT_NAME.to_owned(),
        line: format!("{name} is safe on the shell's machine, SHA-256 {}", arrived.sha256),
        phase: Phase::Asked,
    };
    if let Err(error) = audit.append(entry.clone()).await {
        error!(%error, "cannot write the audit");
        let message = "nothing followed: this host's audit cannot be written";
        let hint = "make room on its disk, then run the cmdlet again";
        return Err(Fault::new(FaultKind::Unavailable, "no-audit", message, hint));
    }
    let (watch, told) = Watch::new();
    let act = async {
        let result = spool.arrived(&who, arrived, &watch).await;
        drop(watch);
        result
    };
    let (result, ()) = tokio::join!(act, tell(told, progress));
    entry.at = Timestamp::now();
    entry.phase = match &result {
        Ok(objects) => Phase::Done { objects: objects.len() },
        Err(fault) => Phase::Failed { code: fault.code.clone(), message: fault.message.clone() },
    };
    if let Err(error) = audit.append(entry).await {
        error!(%error, "cannot write how a delivery ended into the audit");
    }
    result
}

async fn tell(mut told: tokio::sync::mpsc::Receiver<Told>, progress: &Progress) {
    while let Some(told) = told.recv().await {
        progress.say(&told).await;
    }
}

/// Name and role of an administrator; a host sends no files.
fn administrator(peer: Peer) -> Result<(String, Role), Fault> {
    let hint = "use an administrator's credential";
    let forbidden = |who: String| {
        let message = format!("{who} has no role; files are for administrators");
        Fault::new(FaultKind::Forbidden, "forbidden", message, hint)
    };
    match peer {
        Peer::Administrator { name, role } => match Role::read(&role) {
            Some(role) => Ok((name, role)),
            None => Err(forbidden(name)),
        },
        Peer::Host(name) => Err(forbidden(format!("host {name}"))),
    }
}
