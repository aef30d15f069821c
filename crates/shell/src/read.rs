//! Text to numbers, times and lengths of time.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::lexer::number_length;
use crate::value::Value;

/// The number that is the whole of `text`: decimal, `0x`, with `KB`, `MB`, `GB` or `TB`.
pub(crate) fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    if text.is_empty() || number_length(text) != text.len() {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let (sign, unsigned) = match lower.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, lower.strip_prefix('+').unwrap_or(&lower)),
    };
    if let Some(hex) = unsigned.strip_prefix("0x") {
        return i64::from_str_radix(hex, 16).ok().map(|it| Value::Int(sign * it));
    }
    let (digits, unit) = match unsigned.split_at_checked(unsigned.len().saturating_sub(2)) {
        Some((digits, "kb")) => (digits, 1_i64 << 10),
        Some((digits, "mb")) => (digits, 1 << 20),
        Some((digits, "gb")) => (digits, 1 << 30),
        Some((digits, "tb")) => (digits, 1 << 40),
        _ => (unsigned, 1),
    };
    if let Some(whole) = digits.parse::<i64>().ok().and_then(|it| it.checked_mul(sign * unit)) {
        return Some(Value::Int(whole));
    }
    let factor = Value::Int(sign * unit).as_float()?;
    digits.parse::<f64>().ok().map(|it| Value::Float(it * factor))
}

/// A year before this one is a slip of the pen, such as 26 for 2026.
const FIRST_YEAR: i16 = 1753;

/// A point in time: RFC 3339, or a date with or without a time, which then is UTC.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(found) = text.parse::<Timestamp>() {
        return Some(found);
    }
    civil_time(text)?.to_zoned(TimeZone::UTC).ok().map(|it| it.timestamp())
}

/// A date with or without a time, of no zone: `2026-12-24`, `2026-12-24 18:00`, or the month first,
/// as the original's examples have it: `12/24/2026`, `12/24/26 6:00 PM`.
pub fn civil_time(text: &str) -> Option<DateTime> {
    const DAYS: [&str; 2] = ["%m/%d/%y", "%m/%d/%Y"];
    const TIMES: [&str; 4] = ["%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p"];
    let text = text.trim();
    let with_time = || {
        let forms = DAYS.iter().flat_map(|day| TIMES.iter().map(move |it| format!("{day} {it}")));
        forms.into_iter().find_map(|form| DateTime::strptime(form, text).ok())
    };
    let date = || DAYS.iter().find_map(|day| Date::strptime(day, text).ok()).map(DateTime::from);
    let read = text
        .parse::<DateTime>()
        .or_else(|_| text.parse::<Date>().map(DateTime::from))
        .or_else(|_| DateTime::strptime("%Y-%m-%d %H:%M", text))
        .ok()
        .or_else(date)
        .or_else(with_time)?;
    (read.year() >= FIRST_YEAR).then_some(read)
}

/// A length of time: `[-][days.]hh:mm[:ss[.fraction]]`.
pub(crate) fn span(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut parts = text.split(':');
    let (first, minutes, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    if parts.next().is_some() {
        return None;
    }
    let (days, hours) = first.split_once('.').unwrap_or(("0", first));
    let whole = |part: &str, below: i64| {
        let plain = !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
        part.parse::<i64>().ok().filter(|it| plain && *it < below)
    };
    let (whole_seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let nanos = whole(&format!("{fraction:0<9}"), 1_000_000_000)?;
    let total = whole(days, 10_000_000)? * 86_400
        + whole(hours, 24)? * 3_600
        + whole(minutes, 60)? * 60
        + whole(whole_seconds, 60)?;
    let span = SignedDuration::new(total, i32::try_from(nanos).ok()?);
    Some(if negative { -span } else { span })
}

#[cfg(test)]
mod tests {
    use super::civil_time;

    #[test]
    fn dates_are_read_as_people_write_them() {
        let cases = [
            ("2026-12-24", "2026-12-24T00:00:00"),
            ("2026-12-24T18:00", "2026-12-24T18:00:00"),
            ("2026-12-24 18:00", "2026-12-24T18:00:00"),
            (" 12/24/2026 ", "2026-12-24T00:00:00"),
            ("12/24/26", "2026-12-24T00:00:00"),
            ("12/24/2026 6:00 PM", "2026-12-24T18:00:00"),
            ("12/24/26 18:00:30", "2026-12-24T18:00:30"),
        ];
        for (text, wanted) in cases {
            assert_eq!(
                civil_time(text).map(|it| it.to_string()).as_deref(),
                Some(wanted),
                "{text}"
            );
        }
        for text in ["", "24/12/2026", "0026-12-24", "12/24/026", "12/24", "tomorrow"] {
            assert_eq!(civil_time(text), None, "{text}");
        }
    }
}
