//! Application-level settings: one set per owner, so that none is ever lost.

use std::collections::BTreeMap;

use tokio_postgres::types::Json;

use super::change::Change;
use super::lease::Lease;
use super::references::References;
use super::{Hosting, RgsError, audio, looked};
use crate::checks;
use crate::model::{AudioRef, ServiceSettings};

impl Hosting {
    /// The settings of an owner; the original's defaults if none were made.
    pub async fn settings(&self, owner: &str) -> Result<ServiceSettings, RgsError> {
        let lease = self.look().await?;
        let settings = all(&lease, Some(owner)).await;
        let mut settings = looked(lease, settings).await?;
        Ok(settings.remove(owner).unwrap_or_default())
    }

    /// The settings of every owner that has some here.
    pub async fn all_settings(&self) -> Result<BTreeMap<String, ServiceSettings>, RgsError> {
        let lease = self.look().await?;
        let settings = all(&lease, None).await;
        looked(lease, settings).await
    }

    /// Sets them.
    pub async fn set_settings(
        &self,
        owner: &str,
        settings: &ServiceSettings,
    ) -> Result<(), RgsError> {
        let complaints = checks::check_settings(settings);
        if !complaints.is_empty() {
            return Err(RgsError::Refused(complaints));
        }
        let mut change = self.change().await?;
        let set = set(&mut change, owner, settings).await;
        change.end(set).await
    }
}

async fn set(change: &mut Change, owner: &str, settings: &ServiceSettings) -> Result<(), RgsError> {
    change.edit(owner).await?;
    put(change, owner, settings).await?;
    audio::sweep(change).await
}

/// Writes the settings of an owner, with the audio file that they name.
pub(super) async fn put(
    change: &mut Change,
    owner: &str,
    settings: &ServiceSettings,
) -> Result<(), RgsError> {
    let version = change.touch(owner).await?.revision;
    let seconds = i16::try_from(settings.agent_ringback_grace_period).unwrap_or(i16::MAX);
    let music = settings.default_music_on_hold_file.as_ref().map(Json);
    let sql = "insert into rgs.settings (owner, version, agent_ringback_grace_period,
                 default_music_on_hold_file, disable_call_context)
               values ($1, $2, $3, $4, $5)
               on conflict (owner) do update set version = excluded.version,
                 agent_ringback_grace_period = excluded.agent_ringback_grace_period,
                 default_music_on_hold_file = excluded.default_music_on_hold_file,
                 disable_call_context = excluded.disable_call_context";
    let values: super::lease::Values<'_> =
        &[&owner, &version, &seconds, &music, &settings.disable_call_context];
    change.execute(sql, values).await?;
    change.execute("delete from rgs.audio_use where settings = $1", &[&owner]).await?;
    References::of_settings(owner, settings).keep(change).await
}

/// The settings of one owner, or of all.
pub(super) async fn all(
    lease: &Lease,
    owner: Option<&str>,
) -> Result<BTreeMap<String, ServiceSettings>, RgsError> {
    let sql = "select owner, agent_ringback_grace_period, default_music_on_hold_file,
                 disable_call_context
               from rgs.settings where $1::text is null or owner = $1";
    let rows = lease.rows(sql, &[&owner]).await?;
    let settings = |row: &tokio_postgres::Row| {
        let garbled = |why: String| {
            let what = format!("the settings of {}", row.get::<_, &str>(0));
            RgsError::Garbled { what, why }
        };
        let seconds: i16 = row.get(1);
        let music = row.try_get::<_, Option<Json<AudioRef>>>(2);
        let music = music.map_err(|error| garbled(error.to_string()))?;
        let settings = ServiceSettings {
            agent_ringback_grace_period: u16::try_from(seconds).unwrap_or_default(),
            default_music_on_hold_file: music.map(|Json(it)| it),
            disable_call_context: row.get(3),
        };
        Ok((row.get(0), settings))
    };
    rows.iter().map(settings).collect()
}
