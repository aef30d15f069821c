//! How far the share is behind the source, in bytes and seconds, and when the source was last
//! heard. The last figures stand in the share, so that they survive us as well as the source.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::durable;
use super::error::ShippingError;
use super::share::Folder;
use crate::Lsn;

/// How many samples of the source are kept: at ten per second, two minutes and a half.
const SAMPLES: usize = 1_500;

/// Where the source stood at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Its commit position.
    pub lsn: Lsn,
    pub at: Timestamp,
}

/// How far behind, at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The source's position when it was last heard.
    pub source: Lsn,
    /// When it was last heard.
    pub heard_at: Timestamp,
    /// What is durable and valid in the share.
    pub flushed: Lsn,
    /// Bytes that the source had and the share had not.
    pub bytes: u64,
    /// How old the newest state of the source is that the share holds. 0 if it held everything
    /// when the source was last heard.
    pub seconds: f64,
    /// What the source wrote per second of late: the rate at which the gap has grown since.
    pub bytes_per_second: f64,
}

/// Keeps the source's recent positions.
#[derive(Clone, Debug, Default)]
pub struct Behind {
    samples: VecDeque<Sample>,
}

impl Behind {
    /// Takes a sample of the source. One that is older than the last is no news.
    pub fn note(&mut self, sample: Sample) {
        if self.samples.back().is_some_and(|last| sample.at < last.at || sample.lsn < last.lsn) {
            return;
        }
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// Forgets the past: another timeline counts from elsewhere.
    pub fn clear(&mut self) {
        self.samples.clear();
    }

    /// Compares the last sample with what the share holds. `None` before the first sample.
    pub fn figures(&self, flushed: Lsn) -> Option<Figures> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        let had = self.samples.iter().rev().find(|it| it.lsn <= flushed).unwrap_or(first);
        let span = seconds(first.at, last.at);
        let written = last.lsn.bytes_since(first.lsn);
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = if span > 0.0 { written as f64 / span } else { 0.0 };
        Some(Figures {
            source: last.lsn,
            heard_at: last.at,
            flushed,
            bytes: last.lsn.bytes_since(flushed),
            seconds: seconds(had.at, last.at),
            bytes_per_second: rate,
        })
    }
}

impl Figures {
    /// The figures that the folder's receiver recorded last.
    pub fn read(folder: &Folder) -> Result<Option<Self>, ShippingError> {
        let path = folder.heard();
        let Some(bytes) = durable::read(&path)? else { return Ok(None) };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| ShippingError::CorruptNote { path, why: error.to_string() })
    }

    pub(super) fn write(&self, folder: &Folder) -> Result<(), ShippingError> {
        durable::replace_soon(&folder.heard(), &serde_json::to_vec(self).expect("numbers are JSON"))
    }

    /// How long ago the source was last heard.
    pub fn silent_for(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.heard_at)).unwrap_or_default()
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(second: i64, lsn: u64) -> Sample {
        Sample { lsn: Lsn(lsn), at: Timestamp::from_second(second).unwrap() }
    }

    #[test]
    fn the_gap_is_told_in_bytes_and_seconds() {
        let mut behind = Behind::default();
        assert_eq!(behind.figures(Lsn(5)), None);
        for (second, lsn) in [(10, 100), (11, 200), (12, 200), (14, 500)] {
            behind.note(sample(second, lsn));
        }
        let figures = behind.figures(Lsn(250)).unwrap();
        assert_eq!((figures.bytes, figures.source), (250, Lsn(500)));
        assert!((figures.seconds - 2.0).abs() < 1e-9, "{figures:?}");
        assert!((figures.bytes_per_second - 100.0).abs() < 1e-9, "{figures:?}");
        let figures = behind.figures(Lsn(500)).unwrap();
        assert!(figures.bytes == 0 && figures.seconds < 1e-9, "{figures:?}");
        // Older than all that we know: at least so much.
        assert!((behind.figures(Lsn(1)).unwrap().seconds - 4.0).abs() < 1e-9);
    }

    #[test]
    fn samples_are_bounded_and_in_order() {
        let mut behind = Behind::default();
        for second in 0..5_000_u32 {
            behind.note(sample(second.into(), second.into()));
        }
        behind.note(sample(3, 3));
        assert_eq!(behind.samples.len(), SAMPLES);
        assert_eq!(behind.figures(Lsn(0)).unwrap().source, Lsn(4_999));
    }
}
