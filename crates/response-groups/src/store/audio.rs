//! Audio files: imported by themselves, then named by objects and settings.
//!
//! A file goes when nothing names it any more. One that was imported and not named yet is kept for
//! [`UNUSED_AUDIO_KEPT`], so that whoever imported it has the time to use it. Files that have the
//! same bytes share them; the bytes go with the last file, or received revision, that has them.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::change::Change;
use super::lease::Lease;
use super::{Hosting, RgsError, looked};
use crate::checks;
use crate::model::{AudioFile, AudioRef};

/// How long an audio file stays that nothing names.
pub const UNUSED_AUDIO_KEPT: Duration = Duration::from_hours(24);

impl Hosting {
    /// Imports an audio file, to be named by objects or settings soon.
    pub async fn add_audio(&self, file: &AudioFile) -> Result<AudioRef, RgsError> {
        let complaints = checks::check_audio(&file.original_file_name, &file.content);
        if !complaints.is_empty() {
            return Err(RgsError::Refused(complaints));
        }
        let mut change = self.change().await?;
        let added = add(&mut change, file).await;
        change.end(added).await
    }

    /// An audio file with its content.
    pub async fn audio(&self, id: Uuid) -> Result<AudioFile, RgsError> {
        let lease = self.look().await?;
        let sql = "select a.owner, a.original_file_name, c.content
                   from rgs.audio a join rgs.content c on c.sha256 = a.sha256 where a.id = $1";
        let row = lease.maybe_row(sql, &[&id]).await;
        let row = looked(lease, row).await?;
        let missing = || RgsError::Missing { what: format!("audio file {id}") };
        let row = row.ok_or_else(missing)?;
        let (owner, original_file_name, content) = (row.get(0), row.get(1), row.get(2));
        Ok(AudioFile { id, owner, original_file_name, content })
    }
}

async fn add(change: &mut Change, file: &AudioFile) -> Result<AudioRef, RgsError> {
    let AudioFile { id, owner, original_file_name, content } = file;
    // Its owner's revision stays: nothing that is copied has changed yet.
    if !change.standing(owner).await?.edits {
        let (owner, pool) = (owner.clone(), change.pool().to_owned());
        return Err(RgsError::NotEditor { owner, pool });
    }
    let sha256 = digest(content);
    add_content(change, &[&sha256], &[content]).await?;
    let sql = "insert into rgs.audio (id, owner, original_file_name, sha256)
               values ($1, $2, $3, $4) on conflict do nothing";
    let added = change.execute(sql, &[id, owner, original_file_name, &sha256]).await?;
    if added == 0 {
        return Err(RgsError::Exists { what: format!("the audio file {id}") });
    }
    sweep(change).await?;
    Ok(AudioRef { id: *id, original_file_name: original_file_name.clone() })
}

/// The digest by which content is known.
pub(super) fn digest(content: &[u8]) -> Vec<u8> {
    Sha256::digest(content).to_vec()
}

/// Stores the bytes of files, if they are not there yet.
pub(super) async fn add_content(
    lease: &Lease,
    digests: &[&[u8]],
    contents: &[&[u8]],
) -> Result<(), RgsError> {
    let sql = "insert into rgs.content (sha256, content)
               select * from unnest($1::bytea[], $2::bytea[]) on conflict do nothing";
    lease.execute(sql, &[&digests, &contents]).await?;
    Ok(())
}

/// Removes the audio files that nothing names, and the bytes that no file has.
pub(super) async fn sweep(change: &Change) -> Result<(), RgsError> {
    let sql = "delete from rgs.audio a
               where a.imported_at < now() - make_interval(secs => $1)
                 and not exists (select from rgs.audio_use u where u.audio = a.id)";
    change.execute(sql, &[&UNUSED_AUDIO_KEPT.as_secs_f64()]).await?;
    sweep_content(change).await
}

/// Removes the bytes that no file and no received revision has.
pub(super) async fn sweep_content(lease: &Lease) -> Result<(), RgsError> {
    let sql = "delete from rgs.content c
               where not exists (select from rgs.audio a where a.sha256 = c.sha256)
                 and not exists (select from rgs.received_audio r where r.sha256 = c.sha256)";
    lease.execute(sql, &[]).await?;
    Ok(())
}
