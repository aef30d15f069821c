//! Many objects in, all or nothing: planned upon what is there, and written in the transaction in
//! which that was read.

use std::collections::{BTreeSet, HashSet};

use uuid::Uuid;

use super::change::Change;
use super::lease::Lease;
use super::{Hosting, RgsError, audio, looked, read, received, reign, settings, sign_ins, write};
use crate::checks::{self, Complaint};
use crate::configuration::AudioEntry;
use crate::import::{AudioSource, Elsewhere, Existing, Named, Plan, Report};

/// How many bytes of audio are held at a time, one file more or less.
const AUDIO_BATCH_BYTES: usize = 8 * 1024 * 1024;

/// How many audio files go in one statement.
const AUDIO_BATCH: usize = 200;

/// What holds what an import is planned upon.
const PLANNED_UPON: &str = "rgs.owner, rgs.settings, rgs.agent_group, rgs.queue, \
                            rgs.hours_of_business, rgs.holiday_set, rgs.workflow, \
                            rgs.queue_agent_group, rgs.workflow_hours, rgs.workflow_holiday_set, \
                            rgs.transfer";

/// Why an import did not happen. Nothing was changed then, unless the store says that it does not
/// know.
#[derive(Debug, thiserror::Error)]
pub enum ImportError<E: std::error::Error + 'static> {
    /// There is no plan.
    #[error(transparent)]
    Plan(E),
    /// The plan was not carried out.
    #[error(transparent)]
    Store(#[from] RgsError),
}

/// For an import whose audio is here already.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAudio;

impl AudioSource for NoAudio {
    fn content(&mut self, _: Uuid) -> Result<Vec<u8>, String> {
        Err("its content is not here".to_owned())
    }
}

impl Hosting {
    /// Imports what `make` plans upon what is here and, as far as the caller knows, elsewhere.
    /// `audio` is asked only for content that is not here yet.
    pub async fn import<E: std::error::Error + Send + 'static>(
        &self,
        elsewhere: Vec<Elsewhere>,
        make: impl FnOnce(&Existing) -> Result<Plan, E> + Send,
        audio: &mut (dyn AudioSource + Send),
    ) -> Result<Report, ImportError<E>> {
        let mut change = self.change().await?;
        let existing = match existing(&change, self.parent(), elsewhere).await {
            Ok(existing) => existing,
            Err(error) => {
                change.undo().await;
                return Err(error.into());
            }
        };
        let mut plan = match make(&existing) {
            Ok(plan) => plan,
            Err(error) => {
                change.undo().await;
                return Err(ImportError::Plan(error));
            }
        };
        // Large, and awaited by those who await much else.
        let applied = Box::pin(carry_out(&mut change, &existing, &plan, audio)).await;
        for kept in change.end(applied).await? {
            *plan.report.removed.entry(kept.kind).or_insert(1) -= 1;
            plan.report.left_behind.push(format!(
                "the {} {:?} was removed at the other pool, and stays here: something that it \
                 never had refers to it",
                kept.kind, kept.name
            ));
        }
        Ok(plan.report)
    }

    /// What `make` plans upon what is here now, and an import would carry out. Changes nothing.
    pub async fn rehearse<E: std::error::Error + 'static>(
        &self,
        elsewhere: Vec<Elsewhere>,
        make: impl FnOnce(&Existing) -> Result<Plan, E> + Send,
    ) -> Result<Plan, ImportError<E>> {
        let lease = self.look().await?;
        let existing = existing(&lease, self.parent(), elsewhere).await;
        let existing = looked(lease, existing).await?;
        make(&existing).map_err(ImportError::Plan)
    }
}

async fn existing(
    lease: &Lease,
    parent: &str,
    elsewhere: Vec<Elsewhere>,
) -> Result<Existing, RgsError> {
    Ok(Existing {
        parent: parent.to_owned(),
        objects: read::names(lease).await?,
        references: read::references(lease).await?,
        private: read::private_hours(lease).await?,
        elsewhere,
        owners: reign::all(lease, parent).await?,
        received: received::reigns(lease).await?,
        settings: settings::all(lease, None).await?.into_keys().collect(),
    })
}

/// Carries a plan out, if what it was made upon still stands, and sees that it came to what was
/// planned.
async fn carry_out(
    change: &mut Change,
    planned_upon: &Existing,
    plan: &Plan,
    source: &mut (dyn AudioSource + Send),
) -> Result<Vec<Named>, RgsError> {
    // Changes of ours wait for each other; nobody else may write from here on, either.
    change.batch(&format!("lock table {PLANNED_UPON} in share row exclusive mode")).await?;
    let elsewhere = planned_upon.elsewhere.clone();
    if existing(change, change.pool(), elsewhere).await? != *planned_upon {
        return Err(RgsError::Overtaken { pool: change.pool().to_owned() });
    }
    let kept = apply(change, plan, source).await?;
    let mut expected = plan.outcome(planned_upon);
    expected.extend(kept.iter().cloned());
    let found: BTreeSet<Named> = read::names(change).await?.into_iter().collect();
    if found != expected {
        let what = found.symmetric_difference(&expected);
        let what = what.map(|it| format!("the {} {:?} of {}", it.kind, it.name, it.owner));
        return Err(RgsError::Unplanned { pool: change.pool().to_owned(), what: what.collect() });
    }
    Ok(kept)
}

async fn apply(
    change: &mut Change,
    plan: &Plan,
    source: &mut (dyn AudioSource + Send),
) -> Result<Vec<Named>, RgsError> {
    write::check_all(&plan.write)?;
    for (owner, it) in &plan.settings {
        let of_owner = |it: Complaint| {
            let what = format!("the settings of {owner}: {}", it.what);
            Complaint { what, ..it }
        };
        let complaints: Vec<_> = checks::check_settings(it).into_iter().map(of_owner).collect();
        if !complaints.is_empty() {
            return Err(RgsError::Refused(complaints));
        }
    }
    for (owner, reign) in &plan.claim {
        reign::claim(change, owner, *reign).await?;
    }
    add_contents(change, &plan.audio, source).await?;
    add_files(change, &plan.audio).await?;
    for (owner, it) in &plan.settings {
        settings::put(change, owner, it).await?;
    }
    write::put(change, &plan.write).await?;
    let kept = write::remove_unused(change, plan.remove.clone()).await?;
    if let Some(owner) = &plan.sign_out_of {
        sign_ins::keep_only(change, owner, &plan.sign_ins).await?;
    }
    sign_ins::put(change, &plan.sign_ins).await?;
    if let Some(base) = &plan.base {
        received::keep(change, &base.owner, base.place, &base.configuration).await?;
    }
    audio::sweep(change).await?;
    Ok(kept)
}

/// Stores the content of audio files that is not here yet, a few files at a time.
pub(super) async fn add_contents(
    lease: &Lease,
    entries: &[AudioEntry],
    source: &mut (dyn AudioSource + Send),
) -> Result<(), RgsError> {
    let mut missing = missing_digests(lease, entries).await?;
    let mut batch: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for entry in entries {
        // Each content once.
        if !missing.remove(&entry.sha256) {
            continue;
        }
        batch.push(content(entry, source)?);
        let bytes: usize = batch.iter().map(|(_, content)| content.len()).sum();
        if bytes >= AUDIO_BATCH_BYTES || batch.len() == AUDIO_BATCH {
            add_batch(lease, &batch).await?;
            batch.clear();
        }
    }
    add_batch(lease, &batch).await
}

async fn add_batch(lease: &Lease, batch: &[(Vec<u8>, Vec<u8>)]) -> Result<(), RgsError> {
    let (digests, contents): (Vec<&[u8]>, Vec<&[u8]>) =
        batch.iter().map(|(digest, content)| (digest.as_slice(), content.as_slice())).unzip();
    audio::add_content(lease, &digests, &contents).await
}

/// The digest and the content of a file, as its entry says, and acceptable.
fn content(
    entry: &AudioEntry,
    source: &mut (dyn AudioSource + Send),
) -> Result<(Vec<u8>, Vec<u8>), RgsError> {
    let refused =
        |why: String| RgsError::Audio { id: entry.id, name: entry.original_file_name.clone(), why };
    let content = source.content(entry.id).map_err(refused)?;
    let complaints = checks::check_audio(&entry.original_file_name, &content);
    if let Some(complaint) = complaints.first() {
        return Err(refused(complaint.what.clone()));
    }
    let digest = audio::digest(&content);
    if hex(&digest) != entry.sha256 {
        return Err(refused("its checksum does not fit".to_owned()));
    }
    Ok((digest, content))
}

fn hex(digest: &[u8]) -> String {
    use std::fmt::Write as _;
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

/// The checksums of audio files whose content is not here yet.
pub(super) async fn missing_digests(
    lease: &Lease,
    entries: &[AudioEntry],
) -> Result<HashSet<String>, RgsError> {
    if let Some(entry) = entries.iter().find(|it| !is_digest(&it.sha256)) {
        let why = "its checksum is not 64 hexadecimal digits in lower case".to_owned();
        let name = entry.original_file_name.clone();
        return Err(RgsError::Audio { id: entry.id, name, why });
    }
    let digests: Vec<&str> = entries.iter().map(|it| it.sha256.as_str()).collect();
    let sql = "select it from unnest($1::text[]) as d (it)
               where not exists (select from rgs.content c where c.sha256 = decode(it, 'hex'))";
    let rows = lease.rows(sql, &[&digests]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn is_digest(text: &str) -> bool {
    let digit = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
    text.len() == 64 && text.bytes().all(digit)
}

/// Makes the audio files whose contents are here, or gives them other owners.
async fn add_files(change: &Change, entries: &[AudioEntry]) -> Result<(), RgsError> {
    let owners: BTreeSet<&str> = entries.iter().map(|it| it.owner.as_str()).collect();
    for owner in owners {
        change.standing(owner).await?;
    }
    let ids: Vec<Uuid> = entries.iter().map(|it| it.id).collect();
    let owners: Vec<&str> = entries.iter().map(|it| it.owner.as_str()).collect();
    let names: Vec<&str> = entries.iter().map(|it| it.original_file_name.as_str()).collect();
    let digests: Vec<&str> = entries.iter().map(|it| it.sha256.as_str()).collect();
    let sql = "insert into rgs.audio (id, owner, original_file_name, sha256)
               select id, owner, name, decode(digest, 'hex')
               from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
                 as f (id, owner, name, digest)
               on conflict (id) do update set owner = excluded.owner
               where rgs.audio.sha256 = excluded.sha256";
    let written = change.execute(sql, &[&ids, &owners, &names, &digests]).await?;
    if written == u64::try_from(entries.len()).unwrap_or(u64::MAX) {
        return Ok(());
    }
    let sql = "select a.id, a.original_file_name from rgs.audio a
               join unnest($1::uuid[], $2::text[]) as f (id, digest) on f.id = a.id
               where a.sha256 <> decode(f.digest, 'hex') limit 1";
    let row = change.row(sql, &[&ids, &digests]).await?;
    let why = "there is one of this identity with other content".to_owned();
    Err(RgsError::Audio { id: row.get(0), name: row.get(1), why })
}
