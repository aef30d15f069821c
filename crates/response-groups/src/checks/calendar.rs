//! What makes hours of business and holidays acceptable.
//!
//! The day has no 24:00: a range that closes at 23:59 lasts until midnight, and one over midnight
//! is two ranges, of two days.

use super::{Complaints, HOLIDAYS_MAX, text};
use crate::model::{DayHours, HolidaySet, HoursOfBusiness, TimeRange};

/// The parameters, by day and by range.
const FIELDS: [[&str; 2]; 7] = [
    ["MondayHours1", "MondayHours2"],
    ["TuesdayHours1", "TuesdayHours2"],
    ["WednesdayHours1", "WednesdayHours2"],
    ["ThursdayHours1", "ThursdayHours2"],
    ["FridayHours1", "FridayHours2"],
    ["SaturdayHours1", "SaturdayHours2"],
    ["SundayHours1", "SundayHours2"],
];

pub(super) fn check_hours(found: &mut Complaints, it: &HoursOfBusiness) {
    for (day, fields) in it.days.iter().zip(FIELDS) {
        let DayHours { hours1, hours2 } = day;
        for (range, field) in [hours1, hours2].into_iter().zip(fields) {
            if let Some(range) = range {
                check_range(found, field, range);
            }
        }
        if let (Some(one), Some(two)) = (hours1, hours2)
            && one.open_time < two.close_time
            && two.open_time < one.close_time
        {
            let what = format!("{} overlaps {}", shown(two), shown(one));
            found.add(fields[1], what, "let the second range open when the first has closed");
        }
    }
}

fn check_range(found: &mut Complaints, field: &'static str, range: &TimeRange) {
    text::inner_name(found, range.name.as_deref());
    if range.open_time >= range.close_time {
        let what = format!("{} does not close after it has opened", shown(range));
        let remedy = "give a later CloseTime; 23:59 lasts until midnight, and what goes on after \
                      midnight belongs to the next day";
        found.add(field, what, remedy);
    }
    let whole = |time: jiff::civil::Time| time.second() == 0 && time.subsec_nanosecond() == 0;
    if !whole(range.open_time) || !whole(range.close_time) {
        found.add(field, "it has seconds", "give hours and minutes, as in 09:00");
    }
}

fn shown(range: &TimeRange) -> String {
    let TimeRange { open_time, close_time, .. } = range;
    let (opens, closes) = (open_time.hour(), close_time.hour());
    format!("{opens:02}:{:02} to {closes:02}:{:02}", open_time.minute(), close_time.minute())
}

pub(super) fn check_holidays(found: &mut Complaints, it: &HolidaySet) {
    if it.holiday_list.is_empty() {
        found.add("HolidayList", "it has no holiday", "give at least one");
    }
    if !text::count(found, "HolidayList", it.holiday_list.len(), HOLIDAYS_MAX) {
        return;
    }
    for holiday in &it.holiday_list {
        text::inner_name(found, holiday.name.as_deref());
        let (start, end) = (holiday.start_date, holiday.end_date);
        if start >= end {
            let what = format!("the holiday of {start} ends at {end}");
            found.add("HolidayList", what, "give an EndDate after its StartDate");
        }
    }
}
