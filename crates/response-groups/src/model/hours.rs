//! Hours of business: when a workflow is open.

use jiff::civil::{Time, Weekday};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// When a workflow is open, in its time zone. A day without a range is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HoursOfBusiness {
    /// Made once; the same in every copy.
    #[serde(rename = "ID")]
    pub id: Uuid,
    /// The pool that it belongs to.
    pub owner: String,
    /// Unique among hours of business.
    pub name: String,
    /// For one workflow only.
    #[serde(default)]
    pub custom: bool,
    /// Monday to Sunday.
    pub days: [DayHours; 7],
}

/// The two ranges of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DayHours {
    /// The first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours1: Option<TimeRange>,
    /// The second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours2: Option<TimeRange>,
}

/// A range of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TimeRange {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Open from.
    pub open_time: Time,
    /// Open until.
    pub close_time: Time,
}

impl HoursOfBusiness {
    /// The days in the order of [`Self::days`].
    pub const WEEK: [Weekday; 7] = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];

    /// Shared hours in which every day is closed.
    pub fn new(id: Uuid, owner: impl Into<String>, name: impl Into<String>) -> Self {
        let days = Default::default();
        Self { id, owner: owner.into(), name: name.into(), custom: false, days }
    }
}
