//! Workflows: what a caller dials, and what happens then.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ActionKind, AudioRef, CallAction};

/// The languages that a workflow may speak.
pub const LANGUAGES: [&str; 26] = [
    "ca-ES", "da-DK", "de-DE", "en-AU", "en-CA", "en-GB", "en-IN", "en-US", "es-ES", "es-MX",
    "fi-FI", "fr-CA", "fr-FR", "it-IT", "ja-JP", "ko-KR", "nb-NO", "nl-NL", "pl-PL", "pt-BR",
    "pt-PT", "ru-RU", "sv-SE", "zh-CN", "zh-HK", "zh-TW",
];

/// What a caller dials, and what happens then: a hunt group or an interactive one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(clippy::struct_excessive_bools, reason = "they are the original's fields")]
pub struct Workflow {
    /// Made once; the same in every copy.
    #[serde(rename = "ID")]
    pub id: Uuid,
    /// The pool that it belongs to.
    pub owner: String,
    /// Unique among workflows.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The SIP address, unique in the deployment.
    pub primary_uri: String,
    /// The telephone number: `tel:+` and digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_uri: Option<String>,
    /// The number as people write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_number: Option<String>,
    /// Whether it takes calls.
    #[serde(default)]
    pub active: bool,
    /// Whether agents stay unnamed.
    #[serde(default)]
    pub anonymous: bool,
    /// Whether managers may change it.
    #[serde(default)]
    pub managed: bool,
    /// The managers' SIP addresses.
    #[serde(rename = "ManagersByUri", default, skip_serializing_if = "Vec::is_empty")]
    pub managers_by_uri: Vec<String>,
    /// Whether federated users may call it.
    #[serde(default)]
    pub enabled_for_federation: bool,
    /// One of [`LANGUAGES`].
    pub language: String,
    /// The name of a time zone as Windows has it; that of the pool if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// When it is open; always if none.
    #[serde(rename = "BusinessHoursID", default, skip_serializing_if = "Option::is_none")]
    pub business_hours: Option<Uuid>,
    /// When it is closed on top of that.
    #[serde(rename = "HolidaySetIDList", default, skip_serializing_if = "Vec::is_empty")]
    pub holiday_sets: Vec<Uuid>,
    /// What is done with a call while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_action: Option<CallAction>,
    /// What is done outside its hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_business_hours_action: Option<CallAction>,
    /// What is done on a holiday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holiday_action: Option<CallAction>,
    /// Played to those who wait; the pool's default if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_music_on_hold_file: Option<AudioRef>,
}

impl Workflow {
    /// A workflow with the original's defaults: not active, open always, with nothing to do.
    pub fn new(
        id: Uuid,
        owner: impl Into<String>,
        name: impl Into<String>,
        primary_uri: impl Into<String>,
        language: impl Into<String>,
    ) -> Self {
        Self {
            id,
            owner: owner.into(),
            name: name.into(),
            description: None,
            primary_uri: primary_uri.into(),
            line_uri: None,
            display_number: None,
            active: false,
            anonymous: false,
            managed: false,
            managers_by_uri: Vec::new(),
            enabled_for_federation: false,
            language: language.into(),
            time_zone: None,
            business_hours: None,
            holiday_sets: Vec::new(),
            default_action: None,
            non_business_hours_action: None,
            holiday_action: None,
            custom_music_on_hold_file: None,
        }
    }

    /// The actions of the workflow that are there.
    pub fn actions(&self) -> impl Iterator<Item = &CallAction> {
        let all = [&self.default_action, &self.non_business_hours_action, &self.holiday_action];
        all.into_iter().flatten()
    }

    /// Whether callers are asked questions, rather than put into a queue.
    pub fn is_interactive(&self) -> bool {
        let action = self.default_action.as_ref().map(|it| it.action);
        action == Some(ActionKind::TransferToQuestion)
    }
}
