//! What makes application-level settings acceptable.

use super::{Complaint, Complaints, RINGBACK_GRACE, text};
use crate::model::ServiceSettings;

/// Whatever is wrong with the settings.
pub fn check_settings(settings: &ServiceSettings) -> Vec<Complaint> {
    let mut found = Complaints::default();
    let seconds = settings.agent_ringback_grace_period;
    if !RINGBACK_GRACE.contains(&seconds) {
        let what = format!("{seconds} seconds cannot be the time of grace");
        let (least, most) = (RINGBACK_GRACE.start(), RINGBACK_GRACE.end());
        found.add("AgentRingbackGracePeriod", what, format!("give from {least} to {most}"));
    }
    let music = settings.default_music_on_hold_file.as_ref();
    text::audio_ref(&mut found, "DefaultMusicOnHoldFile", music);
    found.0
}
