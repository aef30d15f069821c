//! From what was observed to the world that procedures decide by.

use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use topology::Place;

use super::Stretched;
use crate::keeper::report::Report;
use crate::keeper::{COPY, CopySeen, DRAINED, Drained};
use crate::observed::{Observed, SiteSeen, StoreSeen};
use crate::record::{Gate, Mirror, PoolRecord, PoolState, Serving, Shipping, TO_OTHER_SITE};
use crate::store::Records;
use crate::world::{
    Active, Copies, Known, Measured, MirrorSeen, MissingLog, Reach, ShippingSeen, Site, Standing,
    Switched, World,
};

/// How long the share may take to be judged.
const DRAIN_PATIENCE: Duration = Duration::from_mins(1);
/// How long a keeper may take to look at its old copy.
const COPY_PATIENCE: Duration = Duration::from_secs(3);
/// A follower that is nearer than this has caught up, in bytes.
const CAUGHT_UP_BYTES: u64 = 1024 * 1024;

/// Kept in the backup site's store: the share of that reign is closed to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The reign of the site that shipped.
    pub reign: u64,
}

/// The key under which the backup site's store keeps what was salvaged.
pub const SALVAGED: &str = "salvaged";

/// One site as observed, before it is judged.
struct Side<'a> {
    name: &'a str,
    record: Option<&'a PoolRecord>,
    lead: Option<&'a Report>,
    mirror: Option<&'a Report>,
    mirror_declared: bool,
    /// An administrator does not wait for a mirror that takes long.
    without_mirror: bool,
}

impl Stretched {
    pub(super) async fn world_of(&self, observed: &Observed) -> Result<(World, Measured), String> {
        let (home_name, backup_name) = (self.home_site(), self.backup_site()?);
        let home = self.side(observed, &home_name, [Place::Home, Place::HomeMirror]);
        let backup = self.side(observed, &backup_name, [Place::Backup, Place::BackupMirror]);
        let settled = self.settled(observed, &backup_name).await;
        let lost_reign = home.record.map(|record| record.term.reign);
        // What was itself a primary last holds the end of its reign: nothing is shipped to it.
        let ended = ended_own_reign(&backup);
        let drained = if ended {
            Drained { replayed: true, ..Drained::default() }
        } else {
            self.drained(&backup, settled).await
        };
        let mut measured = measure(observed, &home, &backup, &drained);
        measured.pool.clone_from(&self.pool.fqdn);
        measured.said = self.said.of_home();
        let lock = self.lock_in(observed).await;
        measured.other_run = lock.other;
        let mut world = World {
            home: judge(&home, &backup),
            backup: judge(&backup, &home),
            state: highest(observed).map_or(PoolState::Normal, |record| record.state),
            active: self.active(observed, &backup_name),
            lock: lock.lock,
            attested: self.said.attested,
            consented: self.said.accepted,
            salvaged: self.salvaged(&backup_name, lost_reign).await,
            missing_log: self.missing_log(&drained),
            copies: Copies::Readable,
            backup_owes: false,
            switched: self.switched(observed),
        };
        if world.home_serves()
            && let Some(reign) = backup.record.and_then(may_owe)
        {
            world.backup_owes = !self.salvaged(&home_name, Some(reign)).await;
        }
        if world.backup_serves() && world.home_is_fenced() && !world.salvaged {
            world.copies = self.look_at_copies(&mut measured).await;
        }
        world.backup.closed = settled.is_some() || ended;
        world.backup.replayed = drained.replayed;
        if ended && !world.backup_serves() {
            // The figures that are kept are those of an earlier reign.
            (measured.behind_bytes, measured.behind_ms, measured.heard_at) = (None, None, None);
        }
        measured.zero_loss = self.pool.zero_loss;
        world.home.replayed = home_has_replayed(&home, &backup);
        if world.home.standing == Standing::Unknown && !world.backup_serves() {
            world.home.reigns = true;
        }
        Ok((world, measured))
    }

    fn side<'a>(&'a self, observed: &'a Observed, name: &'a str, places: [Place; 2]) -> Side<'a> {
        let record = observed.record(name);
        let named = record.and_then(|record| record.primary());
        let [lead, mirror] = places.map(|place| self.pool.stores.at(place));
        // After a switchover the roles of the two are the other way round.
        let (lead, mirror) =
            if named.is_some() && named == mirror { (mirror, lead) } else { (lead, mirror) };
        Side {
            name,
            record,
            lead: lead.and_then(|store| observed.report(store)),
            mirror: mirror.and_then(|store| observed.report(store)),
            mirror_declared: mirror.is_some(),
            without_mirror: self.said.without_mirror,
        }
    }

    /// Whether the share of the reign that shipped last has been closed.
    async fn settled(&self, observed: &Observed, backup: &str) -> Option<u64> {
        let record = observed.record(backup)?;
        if record.shipping != Shipping::Removed {
            return None;
        }
        let snapshot = self.records(backup).ok()?.store().read().await.ok()?;
        let read = Records::value_in::<Settled>(&snapshot, &self.settled_key()).ok()??;
        let serving = record.primary().is_some();
        let reign = if serving { record.term.reign.checked_sub(1)? } else { record.term.reign };
        (reign <= read.value.reign).then_some(read.value.reign)
    }

    pub(super) fn settled_key(&self) -> String {
        format!("settled/{}", self.pool.fqdn)
    }

    pub(super) fn salvaged_key(&self) -> String {
        format!("{SALVAGED}/{}", self.pool.fqdn)
    }

    /// Whether the store of the site that serves says that the other one's reign was salvaged.
    async fn salvaged(&self, serving: &str, lost_reign: Option<u64>) -> bool {
        let Ok(records) = self.records(serving) else { return false };
        let Ok(snapshot) = records.store().read().await else { return false };
        let read = Records::value_in::<Settled>(&snapshot, &self.salvaged_key());
        matches!((read, lost_reign), (Ok(Some(read)), Some(reign)) if read.value.reign == reign)
    }

    /// Asks the backup instance's keeper to judge the share, once nothing is received any more.
    async fn drained(&self, backup: &Side<'_>, settled: Option<u64>) -> Drained {
        let (Some(_), Some(lead)) = (settled, backup.lead) else { return Drained::default() };
        if lead.writable {
            return Drained { replayed: true, ..Drained::default() };
        }
        match self.grounds().ask_keeper(&lead.store, DRAINED, DRAIN_PATIENCE).await {
            Ok(drained) => drained,
            Err(why) => Drained { unknown: Some(why), ..Drained::default() },
        }
    }

    /// Whether the home copies can be read, as far as is seen without opening them.
    async fn look_at_copies(&self, measured: &mut Measured) -> Copies {
        let lost = |store: &String| self.said.lost_copies.contains(store);
        let looks = self.home_stores().into_iter().map(async |store| {
            let seen = self.copy_of(&store).await;
            (store, seen)
        });
        for (store, seen) in join_all(looks).await {
            match seen {
                CopySeen::There if lost(&store) => measured.in_vain.push(store),
                // Opening it may succeed this time; what cannot be read is said then.
                CopySeen::There | CopySeen::NotOpened { .. } => {}
                CopySeen::Lost { why } => measured.unreadable.push((store, why)),
            }
        }
        if !measured.in_vain.is_empty() {
            return Copies::AttestedInVain;
        }
        if measured.unreadable.iter().any(|(store, _)| !lost(store)) {
            return Copies::Unreadable;
        }
        if measured.unreadable.is_empty() { Copies::Readable } else { Copies::AttestedLost }
    }

    /// Whether what is missing from the share is given up: this range, and no other.
    fn missing_log(&self, drained: &Drained) -> MissingLog {
        match (&drained.range, &self.said.missing_log) {
            (None, _) => MissingLog::Nothing,
            (Some(range), Some(said)) if range == said => MissingLog::GivenUp,
            (Some(_), _) => MissingLog::Missing,
        }
    }

    /// What becomes of a store's copy.
    pub(super) async fn copy_of(&self, store: &str) -> CopySeen {
        let seen = self.grounds().ask_keeper::<CopySeen>(store, COPY, COPY_PATIENCE).await;
        seen.unwrap_or_else(|why| CopySeen::Lost { why })
    }

    /// The stores whose copies a salvage reads when home was lost.
    pub(super) fn home_stores(&self) -> Vec<String> {
        let stores = &self.pool.stores;
        [Some(stores.home.clone()), stores.home_mirror.clone()].into_iter().flatten().collect()
    }

    /// Those when the backup site was.
    pub(super) fn backup_stores(&self) -> Vec<String> {
        let stores = &self.pool.stores;
        [stores.backup.clone(), stores.backup_mirror.clone()].into_iter().flatten().collect()
    }

    fn active(&self, observed: &Observed, backup: &str) -> Active {
        let servers = highest(observed).map_or(&[][..], |record| &record.active_servers);
        let at_backup = |host: &String| {
            self.grounds().topology.site_of_host(host).is_some_and(|site| site.name == backup)
        };
        if servers.is_empty() {
            Active::Nobody
        } else if servers.iter().all(at_backup) {
            Active::Backup
        } else {
            Active::Home
        }
    }

    fn switched(&self, observed: &Observed) -> Switched {
        let serving = observed.serving();
        let primary = serving.and_then(|(_, record)| record.primary());
        if self.said.target.is_none() || primary != self.said.target.as_deref() {
            return Switched::NotYet;
        }
        let in_sync = serving.is_some_and(|(_, record)| record.is_synchronized());
        if in_sync { Switched::AndMirrored } else { Switched::Over }
    }
}

/// The record of the highest term, whether its site has the primary or not.
fn highest(observed: &Observed) -> Option<&PoolRecord> {
    observed.serving().map(|(_, record)| record).or_else(|| {
        let records = observed.sites.keys().filter_map(|site| observed.record(site));
        records.max_by_key(|record| record.term)
    })
}

fn reach(side: &Side<'_>) -> Reach {
    if side.record.is_some() && side.lead.is_some() { Reach::Up } else { Reach::Unknown }
}

fn judge(side: &Side<'_>, other: &Side<'_>) -> Site {
    let standing = standing(side);
    let mine = side.record.map(|record| record.term.reign);
    let theirs = other.record.filter(|record| record.primary().is_some()).map(|it| it.term.reign);
    let has_primary = matches!(standing, Standing::Primary | Standing::Stopped);
    let writable = match (side.lead, side.mirror) {
        (Some(lead), mirror) => {
            let any = lead.writable || mirror.is_some_and(|mirror| mirror.writable);
            if any { Known::Yes } else { Known::No }
        }
        (None, Some(mirror)) if mirror.writable => Known::Yes,
        (None, _) => Known::Unknown,
    };
    Site {
        reach: reach(side),
        standing,
        reigns: has_primary && theirs.is_none_or(|theirs| Some(theirs) < mine),
        writable,
        gate: gate(side),
        mirror: mirror(side),
        shipping: shipping(side),
        closed: false,
        replayed: false,
    }
}

fn standing(side: &Side<'_>) -> Standing {
    let Some(record) = side.record else { return Standing::Unknown };
    match &record.serving {
        Serving::Here { .. } => {
            let stopped = side.lead.is_some_and(|lead| lead.shut_down_at.is_some() && !lead.runs);
            let to_move = record.hand_over.as_deref() == Some(TO_OTHER_SITE);
            if stopped && to_move { Standing::Stopped } else { Standing::Primary }
        }
        Serving::Elsewhere => Standing::StandsBy,
        Serving::Following { .. } => Standing::Follows,
        Serving::Quarantine { .. } => Standing::Fenced,
    }
}

/// The reign in which a fenced backup site had the pool, if it was not stopped in order to move it.
fn may_owe(backup: &PoolRecord) -> Option<u64> {
    let fenced = matches!(backup.serving, Serving::Quarantine { .. });
    let moved = backup.hand_over.as_deref() == Some(TO_OTHER_SITE);
    (fenced && !moved).then_some(backup.term.reign)
}

/// Whether this site's primary was stopped for a move, or fenced, and stands there as it ended.
fn ended_own_reign(side: &Side<'_>) -> bool {
    let was_primary = |report: Option<&Report>| report.is_some_and(|report| report.was_primary);
    matches!(standing(side), Standing::Stopped | Standing::Fenced)
        && (was_primary(side.lead) || was_primary(side.mirror))
}

fn gate(side: &Side<'_>) -> Known {
    match (side.record.map(|record| record.gate), side.lead) {
        (Some(Gate::Open), Some(lead)) if lead.gate_open => Known::Yes,
        (Some(Gate::Shut | Gate::Opening), Some(lead)) if !lead.gate_open => Known::No,
        _ => Known::Unknown,
    }
}

/// Whether posts may stand on one machine the pool itself says: then *Suspended* is recorded.
fn mirror(side: &Side<'_>) -> MirrorSeen {
    match side.record {
        Some(record) if record.primary().is_some() && record.is_synchronized() => {
            MirrorSeen::InSync
        }
        Some(PoolRecord { mirror: Mirror::Suspended { .. }, .. }) if side.without_mirror => {
            MirrorSeen::Away
        }
        _ if side.mirror_declared && side.mirror.is_some() => MirrorSeen::Building,
        _ => MirrorSeen::Away,
    }
}

fn shipping(side: &Side<'_>) -> ShippingSeen {
    let report = side.lead.and_then(|lead| lead.shipping.as_ref());
    let receiving = report.is_some_and(|it| it.receiving);
    // A receiver that has lost its source still has the share, and tries again.
    let held = report.is_some_and(|it| it.held);
    match side.record.map(|record| record.shipping) {
        Some(Shipping::Removed) if !held => ShippingSeen::Removed,
        Some(Shipping::Continuous) if receiving && side.lead.is_some_and(|lead| lead.runs) => {
            ShippingSeen::Flowing
        }
        _ => ShippingSeen::Starting,
    }
}

/// While the backup site's primary runs: caught up. Once it is stopped: past its last checkpoint.
fn home_has_replayed(home: &Side<'_>, backup: &Side<'_>) -> bool {
    let (Some(home), Some(backup)) = (home.lead, backup.lead) else { return false };
    let Some(replayed) = home.position else { return false };
    match (backup.shut_down_at, backup.position) {
        (Some(end), _) => end < replayed,
        (None, Some(position)) => {
            home.streaming && position.bytes_since(replayed) < CAUGHT_UP_BYTES
        }
        (None, None) => false,
    }
}

/// What can be done while a mirror is not in sync yet.
fn of_late_mirror(record: &PoolRecord) -> String {
    let waits = "the mirror is not in sync yet: running it again waits on";
    match record.mirror {
        Mirror::Suspended { .. } | Mirror::NotDeclared { .. } => {
            format!("{waits}, and -WithoutMirror goes on with posts on one machine")
        }
        Mirror::Awaited | Mirror::Synchronized { .. } => {
            format!("{waits}; the pool does not allow posts on one machine")
        }
    }
}

fn measure(observed: &Observed, home: &Side<'_>, backup: &Side<'_>, drained: &Drained) -> Measured {
    let shipping = backup.lead.and_then(|lead| lead.shipping.as_ref());
    // What is known comes first: of a site that is lost, nobody says anything.
    let mut notes: Vec<String> = drained.lost.iter().chain(&drained.unknown).cloned().collect();
    let mut unknown = Vec::new();
    for (site, seen) in &observed.sites {
        if let SiteSeen::Unknown { why } = seen {
            unknown.push(format!("the management store of {site}: {why}"));
        }
    }
    for (store, seen) in &observed.stores {
        match seen {
            StoreSeen::Unknown { why } => unknown.push(format!("{store}: {why}")),
            StoreSeen::Reports { report } if !report.note.is_empty() => {
                notes.push(format!("{store}: {}", report.note));
            }
            StoreSeen::Reports { .. } => {}
        }
    }
    for side in [home, backup] {
        if let Some(Serving::Quarantine { why }) = side.record.map(|record| &record.serving) {
            notes.push(format!("{}: {why}", side.name));
        }
        if mirror(side) == MirrorSeen::Building {
            notes.extend(side.record.filter(|it| it.primary().is_some()).map(of_late_mirror));
        }
    }
    notes.extend(unknown);
    Measured {
        behind_bytes: shipping.and_then(|it| it.behind_bytes),
        behind_ms: shipping.and_then(|it| it.behind_ms),
        heard_at: shipping.and_then(|it| it.heard_at.clone()),
        lost: drained.lost.clone(),
        missing_range: drained.range.clone(),
        replayed: backup.lead.and_then(|it| it.position),
        notes,
        not_heard: [home, backup]
            .iter()
            .filter(|it| reach(it) != Reach::Up)
            .map(|it| it.name.to_owned())
            .collect(),
        ..Measured::default()
    }
}

#[cfg(test)]
mod tests {
    use topology::Place;

    use super::{Side, ended_own_reign};
    use crate::keeper::report::Report;
    use crate::record::{PoolRecord, Serving, TO_OTHER_SITE};

    /// A failover out of a failback that home did not survive has nothing to wait for in the share.
    #[test]
    fn a_backup_site_that_was_primary_has_nothing_to_replay() {
        let mut record = PoolRecord::at_backup(Vec::new());
        let mut lead = Report::new("south-a", Place::Backup);
        let mut ended = |serving: Serving, hand_over: Option<&str>, was_primary| {
            record.serving = serving;
            record.hand_over = hand_over.map(str::to_owned);
            lead.was_primary = was_primary;
            lead.shut_down_at = Some(instance::Lsn(1));
            ended_own_reign(&Side {
                name: "south",
                record: Some(&record),
                lead: Some(&lead),
                mirror: None,
                mirror_declared: true,
                without_mirror: false,
            })
        };
        let here = || Serving::Here { primary: "south-a".to_owned() };
        let fenced = || Serving::Quarantine { why: String::new() };
        assert!(ended(here(), Some(TO_OTHER_SITE), true));
        assert!(ended(fenced(), None, true));
        assert!(!ended(fenced(), None, false), "a copy that was fenced");
        assert!(!ended(Serving::Elsewhere, None, true), "it is to be copied anew");
    }
}
