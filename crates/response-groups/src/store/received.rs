//! The newest revision of each owner that its pool has sent.
//!
//! It is kept as it came: no listing shows it, no name check counts it, nothing refers to it. An
//! import makes objects of it, exactly as of a file.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::change::Change;
use super::import::{add_contents, missing_digests};
use super::lease::Lease;
use super::{Hosting, RgsError, audio, looked};
use crate::configuration::Configuration;
use crate::import::{AudioSource, RAISED_MAX};

/// What was received of an owner, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The reign under which its pool could edit it.
    pub reign: i64,
    /// The owner's revision there.
    pub revision: i64,
    /// When it was received here.
    pub received_at: Timestamp,
    /// What it holds. The content of its audio files is here, too.
    pub configuration: Configuration,
}

/// Which revision of an owner was received, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedRevision {
    /// The pool that it belongs to.
    pub owner: String,
    /// The reign under which its pool could edit it.
    pub reign: i64,
    /// The owner's revision there.
    pub revision: i64,
    /// When it was received here.
    pub received_at: Timestamp,
    /// How many objects it holds.
    pub objects: usize,
}

impl Hosting {
    /// What was received of each owner, without what it holds.
    pub async fn received_revisions(&self) -> Result<Vec<ReceivedRevision>, RgsError> {
        let lease = self.look().await?;
        let sql = "select owner, reign, revision, received_at,
                     jsonb_array_length(configuration -> 'objects')
                   from rgs.received order by owner";
        let rows = lease.rows(sql, &[]).await;
        let received = |row: &Row| {
            let owner: String = row.get(0);
            let received_at = timestamp(&owner, row.get(3))?;
            let (reign, revision) = (row.get(1), row.get(2));
            let objects = usize::try_from(row.get::<_, i32>(4)).unwrap_or_default();
            Ok(ReceivedRevision { owner, reign, revision, received_at, objects })
        };
        looked(lease, rows).await?.iter().map(received).collect()
    }

    /// The audio files of a configuration whose content is not here yet and would have to be sent.
    pub async fn wanted_audio(&self, configuration: &Configuration) -> Result<Vec<Uuid>, RgsError> {
        let lease = self.look().await?;
        let missing = missing_digests(&lease, &configuration.audio).await;
        let missing = looked(lease, missing).await?;
        let wanted = configuration.audio.iter().filter(|it| missing.contains(&it.sha256));
        Ok(wanted.map(|it| it.id).collect())
    }

    /// Keeps a revision in the place of an older one; `audio` is asked only for content that is not
    /// here yet. The same revision again changes nothing; an older one is refused.
    pub async fn receive(
        &self,
        owner: &str,
        reign: i64,
        revision: i64,
        configuration: &Configuration,
        audio: &mut (dyn AudioSource + Send),
    ) -> Result<(), RgsError> {
        let mut change = self.change().await?;
        let place = (reign, revision);
        let received = receive(&mut change, owner, place, configuration, audio).await;
        change.end(received).await
    }

    /// What was received of an owner, if anything.
    pub async fn received(&self, owner: &str) -> Result<Option<Received>, RgsError> {
        let lease = self.look().await?;
        let sql = "select reign, revision, received_at, configuration
                   from rgs.received where owner = $1";
        let row = lease.maybe_row(sql, &[&owner]).await;
        let Some(row) = looked(lease, row).await? else { return Ok(None) };
        let received_at = timestamp(owner, row.get(2))?;
        let configuration = row.try_get::<_, Json<Configuration>>(3);
        let Json(configuration) = configuration.map_err(|error| garbled(owner, &error))?;
        let (reign, revision) = (row.get(0), row.get(1));
        Ok(Some(Received { reign, revision, received_at, configuration }))
    }

    /// The bytes of an audio file of what was received, by their checksum.
    pub async fn received_content(&self, sha256: &str) -> Result<Vec<u8>, RgsError> {
        let lease = self.look().await?;
        let sql = "select content from rgs.content where sha256 = decode($1, 'hex')";
        let row = lease.maybe_row(sql, &[&sha256]).await;
        let missing = || RgsError::Missing { what: format!("audio content {sha256}") };
        Ok(looked(lease, row).await?.ok_or_else(missing)?.get(0))
    }

    /// Throws away what was received of an owner.
    pub async fn forget_received(&self, owner: &str) -> Result<(), RgsError> {
        let change = self.change().await?;
        let forgotten = forget(&change, owner).await;
        change.end(forgotten).await
    }
}

/// The reign and the revision of what was received of an owner.
pub(super) async fn place(lease: &Lease, owner: &str) -> Result<Option<(i64, i64)>, RgsError> {
    let sql = "select reign, revision from rgs.received where owner = $1";
    let row = lease.maybe_row(sql, &[&owner]).await?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

/// The reign of what was received of each owner.
pub(super) async fn reigns(lease: &Lease) -> Result<BTreeMap<String, i64>, RgsError> {
    let rows = lease.rows("select owner, reign from rgs.received", &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn timestamp(owner: &str, time: SystemTime) -> Result<Timestamp, RgsError> {
    Timestamp::try_from(time).map_err(|error| garbled(owner, &error))
}

fn garbled(owner: &str, error: &dyn std::error::Error) -> RgsError {
    RgsError::Garbled { what: format!("what was received of {owner}"), why: error.to_string() }
}

async fn receive(
    change: &mut Change,
    owner: &str,
    place: (i64, i64),
    configuration: &Configuration,
    source: &mut (dyn AudioSource + Send),
) -> Result<(), RgsError> {
    if !(0..=RAISED_MAX).contains(&place.0) {
        return Err(RgsError::OutOfBounds { owner: owner.to_owned(), reign: place.0 });
    }
    // Whoever came back does not know yet that another stood in for it; what stood in is needed
    // when that comes home.
    let sql = "select exists (select from rgs.owner where name = $1 and reign > $2)";
    let is_late: bool = change.row(sql, &[&owner, &place.0]).await?.get(0);
    let here = self::place(change, owner).await?;
    if here == Some(place) {
        return Ok(());
    }
    if is_late || here.is_some_and(|here| here > place) {
        let what = format!("the revision {} of reign {}", place.1, place.0);
        return Err(RgsError::Older { what, owner: owner.to_owned() });
    }
    add_contents(change, &configuration.audio, source).await?;
    keep(change, owner, place, configuration).await?;
    audio::sweep(change).await
}

/// Keeps what came of an owner in the place of what came before. The content of its audio is here.
pub(super) async fn keep(
    change: &Change,
    owner: &str,
    place: (i64, i64),
    configuration: &Configuration,
) -> Result<(), RgsError> {
    let sql = "insert into rgs.received (owner, reign, revision, configuration)
               values ($1, $2, $3, $4)
               on conflict (owner) do update set reign = excluded.reign,
                 revision = excluded.revision, configuration = excluded.configuration,
                 received_at = now()";
    change.execute(sql, &[&owner, &place.0, &place.1, &Json(configuration)]).await?;
    let digests: BTreeSet<&str> = configuration.audio.iter().map(|it| it.sha256.as_str()).collect();
    let digests: Vec<&str> = digests.into_iter().collect();
    change.execute("delete from rgs.received_audio where owner = $1", &[&owner]).await?;
    let sql = "insert into rgs.received_audio (owner, sha256)
               select $1, decode(it, 'hex') from unnest($2::text[]) as d (it)";
    change.execute(sql, &[&owner, &digests]).await?;
    Ok(())
}

async fn forget(lease: &Lease, owner: &str) -> Result<(), RgsError> {
    lease.execute("delete from rgs.received where owner = $1", &[&owner]).await?;
    audio::sweep_content(lease).await
}
