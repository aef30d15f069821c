//! Salvage: reads the posts of a lost site's copies, where they are, and puts them back, here.
//!
//! Chat knows what a post is, recovery knows where the old copies are; here the two meet. Lines of
//! the audit trail come along.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat::salvage::{Cursor, Forks, PageOfPosts, Report, Salvaged};
use control::{CallError, Client, Destination, Peer, Refusal, Router};
use recovery::grounds::{LostCopy, Salvager};
use recovery::keeper::Handle;
use recovery::keeper::old_copy::OldCopy;
use serde::{Deserialize, Serialize};
use topology::Topology;
use tracing::{info, warn};

use super::host::ThisHost;

const OPEN: &str = "salvage/open";
const PAGE: &str = "salvage/page";
const AUDIT_PAGE: &str = "salvage/audit-page";
const CLOSE: &str = "salvage/close";
const FORKS: &str = "salvage/forks";
const RESTORE: &str = "salvage/restore";
const AUDIT_RESTORE: &str = "salvage/audit-restore";
/// How long an old copy may take to be opened, and a page to be read or put back.
const PATIENCE: Duration = Duration::from_mins(10);

/// The old copies of this host that are open for reading, by the store's name.
type Open = Arc<Mutex<BTreeMap<String, Arc<OldCopy>>>>;

/// Asks for one page of what nobody else has.
#[derive(Debug, Serialize, Deserialize)]
struct PageRequest {
    store: String,
    forks: Forks,
    after: Option<Cursor>,
}

/// Puts back what was read.
#[derive(Debug, Serialize, Deserialize)]
struct RestoreRequest {
    store: String,
    posts: Vec<Salvaged>,
}

/// Asks for one page of the audit trail.
#[derive(Debug, Serialize, Deserialize)]
struct AuditPageRequest {
    store: String,
    after: Option<audit::salvage::Cursor>,
}

/// Adds lines of the audit trail that are not there.
#[derive(Debug, Serialize, Deserialize)]
struct AuditRestoreRequest {
    store: String,
    lines: Vec<audit::Entry>,
}

/// What became of one old copy.
#[derive(Debug, Default)]
struct Moved {
    report: Report,
    /// Lines of the audit trail that were put back.
    audited: u64,
    /// Why it could not be read to its end.
    broken: Option<String>,
}

/// Serves the reading of this host's old copies, and the putting back into its primary.
pub(crate) fn install(router: Router, keepers: &[Handle]) -> Router {
    let keepers: Arc<[Handle]> = keepers.to_vec().into();
    let open = Open::default();
    let [opening, forking, restoring] = [(); 3].map(|()| Arc::clone(&keepers));
    let [opened, paging, closing] = [(); 3].map(|()| Arc::clone(&open));
    install_audit(router, &keepers, &open)
        .on(OPEN, move |peer: Peer, store: String| {
            let (keepers, open) = (Arc::clone(&opening), Arc::clone(&opened));
            async move { open_copy(find(&keepers, &peer, &store)?, &open).await.map_err(refuse) }
        })
        .on(PAGE, move |peer: Peer, asked: PageRequest| {
            let open = Arc::clone(&paging);
            async move { page(&peer, &open, asked).await.map_err(refuse) }
        })
        .on(CLOSE, move |peer: Peer, store: String| {
            let open = Arc::clone(&closing);
            async move { close(&peer, &open, &store).await.map_err(refuse) }
        })
        .on(FORKS, move |peer: Peer, store: String| {
            let keepers = Arc::clone(&forking);
            async move {
                let keeper = find(&keepers, &peer, &store)?;
                let client = keeper.connect_primary().await.map_err(refuse)?;
                chat::salvage::forks(&client).await.map_err(|error| refuse(error.to_string()))
            }
        })
        .on(RESTORE, move |peer: Peer, asked: RestoreRequest| {
            let keepers = Arc::clone(&restoring);
            async move {
                let keeper = find(&keepers, &peer, &asked.store)?;
                let client = keeper.connect_primary().await.map_err(refuse)?;
                let report = chat::salvage::restore(&client, &asked.posts).await;
                report.map_err(|error| refuse(error.to_string()))
            }
        })
}

/// The same for lines of the audit trail.
fn install_audit(router: Router, keepers: &Arc<[Handle]>, open: &Open) -> Router {
    let (keepers, open) = (Arc::clone(keepers), Arc::clone(open));
    router
        .on(AUDIT_PAGE, move |peer: Peer, asked: AuditPageRequest| {
            let open = Arc::clone(&open);
            async move { audit_page(&peer, &open, asked).await.map_err(refuse) }
        })
        .on(AUDIT_RESTORE, move |peer: Peer, asked: AuditRestoreRequest| {
            let keepers = Arc::clone(&keepers);
            async move {
                let keeper = find(&keepers, &peer, &asked.store)?;
                let client = keeper.connect_primary().await.map_err(refuse)?;
                let added = audit::salvage::restore(&client, &asked.lines).await;
                added.map_err(|error| refuse(chain(&error)))
            }
        })
}

/// Opens the copy, or finds it open: whoever opened it before may have died. False if the machine
/// was built anew and has none.
async fn open_copy(keeper: &Handle, open: &Open) -> Result<bool, String> {
    if locked(open).contains_key(&keeper.store) {
        return Ok(true);
    }
    if keeper.has_nothing().await? {
        return Ok(false);
    }
    let copy = keeper.open_old_copy().await?;
    locked(open).insert(keeper.store.clone(), Arc::new(copy));
    Ok(true)
}

async fn page(peer: &Peer, open: &Open, asked: PageRequest) -> Result<PageOfPosts, String> {
    let copy = opened(peer, open, &asked.store)?;
    let page = chat::salvage::unshipped_page(&copy.connection, &asked.forks, asked.after).await;
    page.map_err(|error| breaks_off(&copy, &error))
}

async fn audit_page(
    peer: &Peer,
    open: &Open,
    asked: AuditPageRequest,
) -> Result<audit::salvage::Page, String> {
    let copy = opened(peer, open, &asked.store)?;
    let page = audit::salvage::page(&copy.connection, asked.after.as_ref()).await;
    page.map_err(|error| breaks_off(&copy, &error))
}

/// The copy, which has been opened before.
fn opened(peer: &Peer, open: &Open, store: &str) -> Result<Arc<OldCopy>, String> {
    hosts_only(peer)?;
    let copy = locked(open).get(store).cloned();
    copy.ok_or_else(|| format!("the old copy of {store} is not open"))
}

/// Notes that the rest of the copy cannot be read; tells why.
fn breaks_off(copy: &OldCopy, error: &dyn std::error::Error) -> String {
    let why = chain(error);
    copy.breaks_off(&why);
    why
}

async fn close(peer: &Peer, open: &Open, store: &str) -> Result<(), String> {
    hosts_only(peer)?;
    let Some(copy) = locked(open).remove(store) else { return Ok(()) };
    match Arc::try_unwrap(copy) {
        Ok(copy) => copy.close().await,
        Err(copy) => {
            locked(open).insert(store.to_owned(), copy);
            Err(format!("the old copy of {store} is still being read"))
        }
    }
}

/// An error with its causes: what PostgreSQL said of a damaged copy stands below.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        words = format!("{words}: {cause}");
        below = cause.source();
    }
    words
}

fn locked(open: &Open) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<OldCopy>>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the procedure's salvage row calls.
pub(crate) fn salvager(host: &ThisHost) -> Salvager {
    let (topology, client) = (Arc::clone(&host.topology), host.client.clone());
    Arc::new(move |lost, primary| {
        let (topology, client) = (Arc::clone(&topology), client.clone());
        Box::pin(async move { salvage(&topology, &client, lost, &primary).await })
    })
}

/// Reads both home copies, since either may be the longer, and puts the union back.
async fn salvage(
    topology: &Topology,
    client: &Client,
    lost: Vec<LostCopy>,
    primary: &str,
) -> Result<String, String> {
    let target = destination(topology, primary)?;
    let forks: Forks = client
        .call_idempotent(&target, FORKS, primary, PATIENCE)
        .await
        .map_err(|error| format!("{primary}: {error}"))?;
    let mut said = Vec::new();
    let mut missing = Report::default();
    for copy in lost {
        let store = copy.store;
        let moved = read(topology, client, &store, (&target, primary), &forks).await?;
        info!(store, ?moved, "salvaged an old copy");
        let Moved { report, audited, broken } = moved;
        let mut words = format!(
            "{store}: {} posts put back, {} were here, {} had been repeated",
            report.restored, report.already_there, report.repeated_by_sender
        );
        if audited > 0 {
            words = format!("{words}; {audited} lines of the audit put back");
        }
        if let Some(why) = broken {
            if !copy.attested_lost {
                return Err(cannot_be_read(&store, &why));
            }
            warn!(store, why, "attested to be lost: nothing more is salvaged from it");
            words = format!("{words}; attested to be lost ({why})");
        }
        said.push(words);
        missing.add(report);
    }
    posts_without_rooms(&missing).map_or_else(|| Ok(said.join("; ")), Err)
}

/// Why the salvage stops, and how it goes on.
fn cannot_be_read(store: &str, why: &str) -> String {
    format!(
        "the old copy of {store} cannot be read ({why}); mend it, or, if it is lost for good, \
         repeat the command with -AttestCopyIsLost {store}: what can still be read of it is read"
    )
}

/// Puts back what one old copy has.
async fn read(
    topology: &Topology,
    client: &Client,
    store: &str,
    target: (&Destination, &str),
    forks: &Forks,
) -> Result<Moved, String> {
    let from = destination(topology, store)?;
    let unread = |why| Moved { broken: Some(why), ..Moved::default() };
    let opened: Result<bool, CallError> = client.call(&from, OPEN, &store, PATIENCE).await;
    match opened {
        Ok(true) => {}
        Ok(false) => return Ok(unread("there is no data directory".to_owned())),
        Err(error) => return Ok(unread(error.to_string())),
    }
    let posts = pages(client, (&from, store), target, forks).await;
    let lines = audit_pages(client, (&from, store), target).await;
    let closed: Result<(), CallError> = client.call(&from, CLOSE, &store, PATIENCE).await;
    let ((report, posts_broken), (audited, lines_broken)) = (posts?, lines?);
    let not_closed = closed.err().map(|error| format!("it was not closed: {error}"));
    Ok(Moved { report, audited, broken: posts_broken.or(lines_broken).or(not_closed) })
}

/// What must be made before the rest can be put back: until then nothing may be released.
fn posts_without_rooms(report: &Report) -> Option<String> {
    let rooms: Vec<_> = report
        .rooms_missing
        .iter()
        .map(|room| format!("room {} with {} posts: {}", room.name, room.posts, room.command))
        .collect();
    (!rooms.is_empty()).then(|| {
        format!(
            "all else was put back, but posts wait for rooms that only the old copies have; make \
             them and run it again: {}",
            rooms.join("; ")
        )
    })
}

/// Moves what nobody else has, page by page, to the end or to where it cannot be read further.
async fn pages(
    client: &Client,
    (from, store): (&Destination, &str),
    (target, primary): (&Destination, &str),
    forks: &Forks,
) -> Result<(Report, Option<String>), String> {
    let mut report = Report::default();
    let mut after = None;
    loop {
        let asked = PageRequest { store: store.to_owned(), forks: forks.clone(), after };
        let page = client.call_idempotent::<_, PageOfPosts>(from, PAGE, &asked, PATIENCE).await;
        let page = match page {
            Ok(page) => page,
            Err(error) => return Ok((report, Some(error.to_string()))),
        };
        let request = RestoreRequest { store: primary.to_owned(), posts: page.posts };
        let put_back: Report = client
            .call_idempotent(target, RESTORE, &request, PATIENCE)
            .await
            .map_err(|error| format!("putting back into {primary}: {error}"))?;
        report.add(put_back);
        after = page.next;
        if after.is_none() {
            return Ok((report, None));
        }
    }
}

/// Moves the lines of the audit trail that nobody else has, in the same way.
async fn audit_pages(
    client: &Client,
    (from, store): (&Destination, &str),
    (target, primary): (&Destination, &str),
) -> Result<(u64, Option<String>), String> {
    let (mut audited, mut after) = (0, None);
    loop {
        let asked = AuditPageRequest { store: store.to_owned(), after };
        let page = client.call_idempotent(from, AUDIT_PAGE, &asked, PATIENCE).await;
        let page: audit::salvage::Page = match page {
            Ok(page) => page,
            Err(error) => return Ok((audited, Some(error.to_string()))),
        };
        let request = AuditRestoreRequest { store: primary.to_owned(), lines: page.lines };
        let added: u64 = client
            .call_idempotent(target, AUDIT_RESTORE, &request, PATIENCE)
            .await
            .map_err(|error| format!("putting the audit back into {primary}: {error}"))?;
        audited += added;
        after = page.next;
        if after.is_none() {
            return Ok((audited, None));
        }
    }
}

fn destination(topology: &Topology, store: &str) -> Result<Destination, String> {
    let host = topology
        .host_of_store(store)
        .ok_or_else(|| format!("{store} has no host in the topology"))?;
    Ok(Destination { host: host.name.clone(), address: host.control() })
}

fn find<'a>(keepers: &'a [Handle], peer: &Peer, store: &str) -> Result<&'a Handle, Refusal> {
    hosts_only(peer).map_err(refuse)?;
    keepers
        .iter()
        .find(|keeper| keeper.store == store)
        .ok_or_else(|| refuse(format!("no instance of the name {store} is kept on this host")))
}

fn hosts_only(peer: &Peer) -> Result<(), String> {
    match peer {
        Peer::Host(_) => Ok(()),
        Peer::Administrator { .. } => Err("only hosts may read or restore old copies".to_owned()),
    }
}

fn refuse(why: String) -> Refusal {
    Refusal::new("salvage", why, "nothing was changed in the old copy; run it again")
}

#[cfg(test)]
mod tests {
    use chat::salvage::{MissingRoom, Report};

    use super::posts_without_rooms;

    #[test]
    fn salvage_is_not_over_while_posts_wait_for_their_room() {
        assert_eq!(posts_without_rooms(&Report { restored: 5, ..Report::default() }), None);
        let command = "New-CsPersistentChatRoom -Name late".to_owned();
        let room = MissingRoom { name: "late".to_owned(), posts: 3, command: command.clone() };
        let report = Report { rooms_missing: vec![room], ..Report::default() };
        let said = posts_without_rooms(&report).unwrap();
        assert!(said.contains("room late with 3 posts") && said.contains(&command), "{said}");
    }
}
