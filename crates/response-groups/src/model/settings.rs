//! Application-level settings: one set per owner.

use serde::{Deserialize, Serialize};

use super::AudioRef;

/// The settings of a pool's Response Groups as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceSettings {
    /// After an agent declines: how long before the same call may return to them, in seconds.
    pub agent_ringback_grace_period: u16,
    /// Played to those who wait where a workflow has no music of its own; else what is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_music_on_hold_file: Option<AudioRef>,
    /// Agents do not see how long a caller has waited and what was answered.
    #[serde(default)]
    pub disable_call_context: bool,
}

impl ServiceSettings {
    /// How long a declined call stays away from an agent unless told otherwise, in seconds.
    pub const AGENT_RINGBACK_GRACE_PERIOD: u16 = 60;
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self {
            agent_ringback_grace_period: Self::AGENT_RINGBACK_GRACE_PERIOD,
            default_music_on_hold_file: None,
            disable_call_context: false,
        }
    }
}
