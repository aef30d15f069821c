//! What makes a workflow acceptable. One that is not active may be unfinished; what is there must
//! be well-formed.

use super::action::{self, Place};
use super::{Complaints, DISPLAY_NUMBER_MAX, HOLIDAY_SETS_MAX, MANAGERS_MAX, text};
use crate::model::{LANGUAGES, Workflow};
use crate::time_zones;

/// Names that the service itself has taken.
pub(super) const RESERVED: [&str; 2] = ["RGS Presence Watcher", "Announcement Service"];

pub(super) fn check(found: &mut Complaints, it: &Workflow) {
    if RESERVED.iter().any(|reserved| reserved.to_lowercase() == it.name.to_lowercase()) {
        let what = format!("{:?} is reserved for the service itself", it.name);
        found.add("Name", what, "choose another name");
    }
    text::description(found, it.description.as_deref());
    text::sip(found, "PrimaryUri", &it.primary_uri);
    if let Some(uri) = &it.line_uri
        && !text::is_tel(uri)
    {
        let what = format!("{} is not a telephone number", text::shown(uri));
        found.add("LineUri", what, "write it as tel:+ and digits only");
    }
    if let Some(number) = &it.display_number {
        text::line(found, "DisplayNumber", number, DISPLAY_NUMBER_MAX);
    }
    check_language(found, &it.language);
    if let Some(zone) = &it.time_zone {
        check_time_zone(found, zone);
    }
    text::sip_list(found, "ManagersByUri", &it.managers_by_uri, MANAGERS_MAX);
    if it.managed && it.managers_by_uri.is_empty() {
        let what = "a managed workflow has nobody who may change it";
        found.add("ManagersByUri", what, "name at least one, or set Managed to $false");
    }
    if text::count(found, "HolidaySetIDList", it.holiday_sets.len(), HOLIDAY_SETS_MAX) {
        text::once(found, "HolidaySetIDList", it.holiday_sets.iter());
    }
    let actions = [
        ("DefaultAction", Place::Default, &it.default_action),
        ("NonBusinessHoursAction", Place::Closed, &it.non_business_hours_action),
        ("HolidayAction", Place::Closed, &it.holiday_action),
    ];
    for (field, place, action) in actions {
        action::check(found, place, field, action.as_ref());
    }
    text::audio_ref(found, "CustomMusicOnHoldFile", it.custom_music_on_hold_file.as_ref());
    if it.active {
        check_active(found, it);
    }
}

fn check_active(found: &mut Complaints, it: &Workflow) {
    if it.default_action.is_none() {
        let remedy = "give -DefaultAction, or set Active to $false until there is one";
        found.add("DefaultAction", "an active workflow has nothing to do with a call", remedy);
    }
    action::check_complete(found, "DefaultAction", it.default_action.as_ref());
}

pub(super) fn check_new(found: &mut Complaints, it: &Workflow) {
    if it.managed && !it.active {
        let what = "a managed workflow is active when it is made";
        found.add("Active", what, "set Active to $true; its managers may change that later");
    }
}

fn check_language(found: &mut Complaints, language: &str) {
    if LANGUAGES.contains(&language) {
        return;
    }
    let spelled = LANGUAGES.iter().find(|it| it.eq_ignore_ascii_case(language));
    let remedy = match spelled {
        Some(spelled) => format!("write {spelled}"),
        None => format!("use one of {}", LANGUAGES.join(", ")),
    };
    let what = format!("{} is not a language that a workflow speaks", text::shown(language));
    found.add("Language", what, remedy);
}

fn check_time_zone(found: &mut Complaints, zone: &str) {
    let remedy = match time_zones::spelled(zone) {
        Some(spelled) if spelled == zone => return,
        Some(spelled) => format!("write {spelled:?}"),
        None => "use a name of Windows, such as \"W. Europe Standard Time\"".to_owned(),
    };
    found.add("TimeZone", format!("{} is not a time zone", text::shown(zone)), remedy);
}
