//! Holidays, in sets that workflows share.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Holidays that workflows share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HolidaySet {
    /// Made once; the same in every copy.
    #[serde(rename = "ID")]
    pub id: Uuid,
    /// The pool that it belongs to.
    pub owner: String,
    /// Unique among holiday sets.
    pub name: String,
    /// At least one.
    pub holiday_list: Vec<Holiday>,
}

/// A time in which nobody works, in the time zone of the workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Holiday {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its first moment.
    pub start_date: DateTime,
    /// Its end.
    pub end_date: DateTime,
}

impl HolidaySet {
    /// A set that has no holiday yet.
    pub fn new(id: Uuid, owner: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id, owner: owner.into(), name: name.into(), holiday_list: Vec::new() }
    }
}
