//! Timelines: which branch of the WAL a position lies on.

use super::error::ShippingError;
use super::segment::WalFile;
use crate::Lsn;

/// A timeline and the timelines that it came from, as a `.history` file tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    timeline: u32,
    /// Oldest first.
    ancestors: Vec<Ancestor>,
}

/// A timeline that was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ancestor {
    pub timeline: u32,
    /// Where it was left: the first position that is not its own.
    pub end: Lsn,
}

impl History {
    /// A timeline of which no ancestor is known. Timeline 1 has none.
    pub fn alone(timeline: u32) -> Self {
        Self { timeline, ancestors: Vec::new() }
    }

    /// Reads the content of a `.history` file.
    pub fn parse(timeline: u32, text: &str) -> Result<Self, ShippingError> {
        let name = || WalFile::History(timeline).name();
        let mut ancestors: Vec<Ancestor> = Vec::new();
        for line in text.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with('#'))
        {
            let mut words = line.split_whitespace();
            let parsed = (|| {
                let timeline = words.next()?.parse().ok()?;
                Some(Ancestor { timeline, end: words.next()?.parse().ok()? })
            })();
            let why = match (parsed, ancestors.last()) {
                (None, _) => format!("\"{line}\" names no timeline and position"),
                (Some(next), Some(last)) if next.timeline <= last.timeline => {
                    "timelines do not rise".to_owned()
                }
                (Some(next), _) if next.timeline >= timeline => {
                    format!("timeline {} is no ancestor of {timeline}", next.timeline)
                }
                (Some(next), _) => {
                    ancestors.push(next);
                    continue;
                }
            };
            return Err(ShippingError::BadHistory { name: name(), why });
        }
        if ancestors.is_empty() {
            let why = "it names no ancestor".to_owned();
            return Err(ShippingError::BadHistory { name: name(), why });
        }
        Ok(Self { timeline, ancestors })
    }

    pub fn timeline(&self) -> u32 {
        self.timeline
    }

    pub fn ancestors(&self) -> &[Ancestor] {
        &self.ancestors
    }

    /// The timeline that this one was made from, and where.
    pub fn parent(&self) -> Option<Ancestor> {
        self.ancestors.last().copied()
    }

    /// Where `timeline` ends on this branch; `Lsn(u64::MAX)` for the branch's newest.
    /// `None` if it is not on the branch at all.
    pub fn end_of(&self, timeline: u32) -> Option<Lsn> {
        if timeline == self.timeline {
            return Some(Lsn(u64::MAX));
        }
        self.ancestors.iter().find(|it| it.timeline == timeline).map(|it| it.end)
    }

    /// The timeline of the byte at `lsn`.
    pub fn timeline_at(&self, lsn: Lsn) -> u32 {
        self.ancestors.iter().find(|it| lsn < it.end).map_or(self.timeline, |it| it.timeline)
    }

    /// The history of one of the branch's own timelines.
    pub fn of(&self, timeline: u32) -> Option<Self> {
        if timeline == self.timeline {
            return Some(self.clone());
        }
        let count = self.ancestors.iter().position(|it| it.timeline == timeline)?;
        Some(Self { timeline, ancestors: self.ancestors[..count].to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "1\t0/5000000\tno recovery target specified\n\n2\t0/9000100\tx\n";

    #[test]
    fn a_history_tells_the_branch() {
        let history = History::parse(4, TEXT).unwrap();
        assert_eq!(history.end_of(1), Some(Lsn(0x500_0000)));
        assert_eq!(history.end_of(3), None);
        assert_eq!(history.end_of(4), Some(Lsn(u64::MAX)));
        assert_eq!(history.timeline_at(Lsn(0x4FF_FFFF)), 1);
        assert_eq!(history.timeline_at(Lsn(0x500_0000)), 2);
        assert_eq!(history.timeline_at(Lsn(0x900_0100)), 4);
        assert_eq!(history.parent().unwrap().timeline, 2);
        let second = history.of(2).unwrap();
        assert_eq!((second.timeline(), second.ancestors().len()), (2, 1));
        assert_eq!(history.of(1), Some(History::alone(1)));
        assert_eq!(history.of(3), None);
    }

    #[test]
    fn nonsense_is_refused() {
        for (timeline, text) in [(2, ""), (2, "x\t0/1\n"), (2, "2\t0/1\n"), (3, "2\t0/9\n1\t0/1\n")]
        {
            assert!(History::parse(timeline, text).is_err(), "{text:?}");
        }
    }
}
