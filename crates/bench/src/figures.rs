//! What was measured: minimum, median and maximum, beside the floor and the goal.

use std::fmt;

/// Widths of the columns.
const TITLE: usize = 52;
const NUMBER: usize = 9;

/// Several measurements of one thing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value that `share` of all do not exceed; none if there are none.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let last = self.0.len().checked_sub(1)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a place in a list that fits into memory"
        )]
        let place = (share * last as f64).round() as usize;
        self.0.get(place).copied()
    }

    pub(crate) fn median(&self) -> Option<f64> {
        let (low, high) = (self.0.get(self.0.len().checked_sub(1)? / 2)?, self.0.len() / 2);
        Some(f64::midpoint(*low, self.0[high]))
    }
}

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// Shown for what it is.
    None,
    /// The median is within so many times the floor's.
    TimesFloor(f64),
    /// Every one is under this.
    Under(f64),
}

/// One line of the report.
#[derive(Clone, Debug)]
struct Row {
    title: String,
    goal: Goal,
    /// The title of the row that this one is compared with.
    floor: Option<String>,
    series: Series,
}

/// All lines, in the order in which they were first written.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    load: Series,
}

impl Report {
    /// Announces a line, so that it has its place, its goal and what it is compared with.
    pub(crate) fn line(&mut self, title: &str, goal: Goal, floor: Option<&str>) {
        let floor = floor.map(str::to_owned);
        self.rows.push(Row { title: title.to_owned(), goal, floor, series: Series::default() });
    }

    /// Writes one measurement down.
    pub(crate) fn note(&mut self, title: &str, value: f64) {
        if let Some(load) = load_average() {
            self.load.push(load);
        }
        let row = self.rows.iter_mut().find(|row| row.title == title);
        let row = row.expect("every line was announced");
        row.series.push(value);
    }

    fn median_of(&self, title: Option<&String>) -> Option<f64> {
        self.rows.iter().find(|row| Some(&row.title) == title)?.series.median()
    }

    fn judged(&self, row: &Row) -> String {
        let ratio = row.series.median().zip(self.median_of(row.floor.as_ref()));
        let ratio = ratio.map(|(ours, floor)| ours / floor);
        let shown = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}x"));
        let (told, met) = match row.goal {
            Goal::None => return shown,
            Goal::TimesFloor(most) => {
                (format!("median within {most}x"), ratio.map(|it| it <= most))
            }
            Goal::Under(most) => {
                (format!("under {most}"), row.series.quantile(1.0).map(|it| it < most))
            }
        };
        let met = match met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "not measured",
        };
        format!("{shown:8} {told}: {met}")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["minimum", "median", "maximum"].map(|it| format!("{it:>NUMBER$}"));
        writeln!(f, "{:TITLE$} runs {}  floor, goal", "", heads.concat())?;
        for row in &self.rows {
            let values = [row.series.quantile(0.0), row.series.median(), row.series.quantile(1.0)];
            let values = values.map(|it| it.map_or("-".to_owned(), shown));
            let values = values.map(|it| format!("{it:>NUMBER$}")).concat();
            let line = format!(
                "{:TITLE$} {:>4} {values}  {}",
                row.title,
                row.series.len(),
                self.judged(row)
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        let bound = |share| self.load.quantile(share).unwrap_or_default();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        writeln!(
            f,
            "{processors} processors, load average {:.1} to {:.1} (median {:.1}): compare ratios, \
             not seconds.",
            bound(0.0),
            bound(1.0),
            self.load.median().unwrap_or_default(),
        )
    }
}

/// Writes a measurement down and says it.
pub(crate) fn told(title: &str, value: f64, report: &mut Report) {
    let load = load_average().unwrap_or_default();
    println!("  {title:TITLE$} {value:8.3}   (load {load:.1})");
    report.note(title, value);
}

/// Three digits that count.
fn shown(value: f64) -> String {
    match value.abs() {
        it if it >= 100.0 => format!("{value:.0}"),
        it if it >= 10.0 => format!("{value:.1}"),
        it if it >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// How many processes have wanted a processor in the last minute, on average.
pub(crate) fn load_average() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_an_even_number_lies_between_two() {
        let mut series = Series::default();
        assert_eq!(series.median(), None);
        for value in [4.0, 1.0, 3.0, 2.0] {
            series.push(value);
        }
        assert_eq!(series.median(), Some(2.5));
        assert_eq!((series.quantile(0.0), series.quantile(1.0)), (Some(1.0), Some(4.0)));
    }

    #[test]
    fn a_missed_goal_says_so() {
        let mut report = Report::default();
        report.line("floor", Goal::None, None);
        report.line("ours", Goal::TimesFloor(3.0), Some("floor"));
        report.line("other", Goal::Under(5.0), None);
        report.note("floor", 0.1);
        report.note("ours", 0.4);
        report.note("other", 4.0);
        let text = report.to_string();
        assert!(text.contains("4.00x"), "{text}");
        assert!(text.contains("median within 3x: MISSED"), "{text}");
        assert!(text.contains("under 5: met"), "{text}");
    }
}
