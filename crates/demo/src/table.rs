//! The table at the end.

use crate::accounting::{Account, Behind, Outage};
use std::time::Duration;
use testkit::checker::Verdict;

/// All that was measured.
pub(crate) fn of(account: &Account, verdict: &Verdict) -> String {
    let heading = ["outage", "to the next post", "of it, command to post", "without a mirror"];
    let mut outages = vec![heading.map(str::to_owned)];
    outages.extend(account.outages.iter().map(row));
    let posts = [
        ("acknowledged", verdict.acknowledged),
        ("present", verdict.present),
        ("duplicated", verdict.duplicated.len()),
        ("unshipped", verdict.unshipped),
        ("recovered", verdict.recovered),
    ];
    let posts = [posts.map(|(name, _)| name.to_owned()), posts.map(|(_, count)| thousands(count))];
    let behind = account.behind.as_ref().map_or_else(String::new, behind);
    format!("{}\n{behind}\n{}", aligned(&outages), aligned(&posts))
}

fn row(outage: &Outage) -> [String; 4] {
    [
        outage.what.to_owned(),
        seconds(outage.lasted),
        outage.since_command.map_or_else(|| "-".to_owned(), seconds),
        seconds(outage.exposed),
    ]
}

/// How far behind the backup site was, in a sentence.
pub(crate) fn behind(behind: &Behind) -> String {
    let bytes = behind.bytes.map(|it| format!("{} bytes", thousands(it)));
    let known = |it: &Option<String>| it.clone().unwrap_or_else(|| "unknown".to_owned());
    format!(
        "backup site behind when home was last heard: {} and {} (at {})\n",
        known(&behind.time),
        known(&bytes),
        known(&behind.heard_at)
    )
}

pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(number: impl std::fmt::Display + Copy) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Columns under their headings: the first to the left if it is words, the others to the right.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or_default());
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let cell = match column {
                0 => format!("{cell:<width$}"),
                _ => format!("   {cell:>width$}"),
            };
            line.push_str(&cell);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        let shown = [0, 12, 999, 1_000, 1_234_567].map(thousands);
        assert_eq!(shown, ["0", "12", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn the_table_tells_everything() {
        let outage = |what, milliseconds, exposed| Outage {
            what,
            lasted: Duration::from_millis(milliseconds),
            since_command: (milliseconds > 1_000).then_some(Duration::from_millis(900)),
            exposed: Duration::from_millis(exposed),
        };
        let account = Account {
            outages: vec![outage("instance killed", 412, 3_100), outage("site lost", 5_250, 0)],
            behind: Some(Behind {
                bytes: Some(1_234_567),
                time: Some("00:00:04.2".to_owned()),
                heard_at: None,
            }),
            ..Account::default()
        };
        let verdict = Verdict {
            acknowledged: 4_000,
            present: 4_000,
            unshipped: 412,
            recovered: 412,
            ..Verdict::default()
        };
        let expected = "\
outage            to the next post   of it, command to post   without a mirror
instance killed             0.41 s                        -             3.10 s
site lost                   5.25 s                   0.90 s             0.00 s

backup site behind when home was last heard: 00:00:04.2 and 1,234,567 bytes (at unknown)

acknowledged   present   duplicated   unshipped   recovered
4,000            4,000            0         412         412
";
        assert_eq!(of(&account, &verdict), expected);
    }
}
