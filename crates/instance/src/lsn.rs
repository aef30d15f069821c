//! A position in the WAL, as `PostgreSQL` counts it: bytes since the beginning.
//!
//! Prints and parses `PostgreSQL`'s `pg_lsn` form (two hexadecimal halves, `0/16B3748`), and knows
//! which segment file of which timeline holds a byte.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tokio_postgres::types::PgLsn;

/// The size of a WAL segment file in bytes: `PostgreSQL`'s default, and what our `initdb` makes.
pub const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;

/// Segments in the four GiB that the upper half of a position counts.
const SEGMENTS_PER_UPPER: u64 = (1 << 32) / SEGMENT_BYTES;

/// A WAL position in bytes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Lsn(pub u64);

/// The text is not a WAL position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a WAL position; write two hexadecimal numbers, as in 0/16B3748")]
pub struct LsnError(String);

impl Lsn {
    /// The position before everything. `PostgreSQL` calls it invalid.
    pub const ZERO: Self = Self(0);

    /// Bytes from `earlier` to here; 0 if `earlier` is in fact later.
    pub fn bytes_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The number of the segment that holds the byte at this position.
    pub fn segment(self) -> u64 {
        self.0 / SEGMENT_BYTES
    }

    /// The offset of this position in its segment, in bytes.
    pub fn segment_offset(self) -> u64 {
        self.0 % SEGMENT_BYTES
    }

    /// The position at which segment `number` begins.
    ///
    /// # Panics
    /// If the number is beyond what 64 bits of position can hold.
    pub fn of_segment(number: u64) -> Self {
        Self(number.checked_mul(SEGMENT_BYTES).expect("a segment number is below 2^40"))
    }

    /// The position at which this position's segment begins.
    pub fn segment_start(self) -> Self {
        Self::of_segment(self.segment())
    }

    /// The name of the file that holds the byte at this position on `timeline`.
    pub fn file_name(self, timeline: u32) -> String {
        segment_file_name(timeline, self.segment())
    }
}

/// The name of the WAL file that is segment `number` on `timeline`.
pub fn segment_file_name(timeline: u32, number: u64) -> String {
    format!("{timeline:08X}{:08X}{:08X}", number / SEGMENTS_PER_UPPER, number % SEGMENTS_PER_UPPER)
}

/// Reads a WAL file's name: its timeline and segment number. `None` for any other name.
pub fn parse_segment_file_name(name: &str) -> Option<(u32, u64)> {
    if name.len() != 24 || !name.bytes().all(|it| matches!(it, b'0'..=b'9' | b'A'..=b'F')) {
        return None;
    }
    let part = |at: usize| u32::from_str_radix(&name[at..at + 8], 16).ok();
    let (timeline, upper, lower) = (part(0)?, u64::from(part(8)?), u64::from(part(16)?));
    (lower < SEGMENTS_PER_UPPER).then_some((timeline, upper * SEGMENTS_PER_UPPER + lower))
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

impl FromStr for Lsn {
    type Err = LsnError;

    fn from_str(text: &str) -> Result<Self, LsnError> {
        let half = |digits: &str| {
            let sound =
                matches!(digits.len(), 1..=8) && digits.bytes().all(|it| it.is_ascii_hexdigit());
            sound.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
        };
        text.split_once('/')
            .and_then(|(upper, lower)| Some(Self(half(upper)? << 32 | half(lower)?)))
            .ok_or_else(|| LsnError(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for Lsn {
    type Error = LsnError;

    fn try_from(text: String) -> Result<Self, LsnError> {
        text.parse()
    }
}

impl From<Lsn> for String {
    fn from(lsn: Lsn) -> Self {
        lsn.to_string()
    }
}

impl From<PgLsn> for Lsn {
    fn from(lsn: PgLsn) -> Self {
        Self(lsn.into())
    }
}

impl From<Lsn> for PgLsn {
    fn from(lsn: Lsn) -> Self {
        Self::from(lsn.0)
    }
}

/// `bytes` further on.
impl Add<u64> for Lsn {
    type Output = Self;

    fn add(self, bytes: u64) -> Self {
        Self(self.0.checked_add(bytes).expect("a WAL position stays below 2^64"))
    }
}

/// `bytes` back; never before the beginning.
impl Sub<u64> for Lsn {
    type Output = Self;

    fn sub(self, bytes: u64) -> Self {
        Self(self.0.saturating_sub(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_parses_as_postgresql_does() {
        let lsn: Lsn = "16/B374D848".parse().unwrap();
        assert_eq!(lsn, Lsn(0x16_B374_D848));
        assert_eq!(lsn.to_string(), "16/B374D848");
        assert_eq!("0/16b3748".parse::<Lsn>().unwrap().to_string(), "0/16B3748");
        for wrong in ["", "/", "0/", "1/2/3", "x/1", "+1/1", "123456789/0", "1", "0 /1"] {
            assert!(wrong.parse::<Lsn>().is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn orders_by_bytes() {
        assert!("0/FFFFFFFF".parse::<Lsn>().unwrap() < "1/0".parse().unwrap());
        assert_eq!(Lsn(10).bytes_since(Lsn(4)), 6);
        assert_eq!(Lsn(4).bytes_since(Lsn(10)), 0);
        assert_eq!(Lsn(4) - 10, Lsn::ZERO);
        assert_eq!(Lsn(4) + 10, Lsn(14));
    }

    #[test]
    fn knows_its_segment_file() {
        let lsn: Lsn = "1/B10A7A0".parse().unwrap();
        assert_eq!(lsn.file_name(2), "00000002000000010000000B");
        assert_eq!(parse_segment_file_name("00000002000000010000000B"), Some((2, lsn.segment())));
        assert_eq!(lsn.segment_start().to_string(), "1/B000000");
        assert_eq!(lsn.segment_offset(), 0x0010_A7A0);
        for wrong in ["00000002.history", "00000002000000010000000b", "000000020000000100000100"] {
            assert_eq!(parse_segment_file_name(wrong), None);
        }
    }

    #[test]
    fn is_json_text() {
        let text = serde_json::to_string(&Lsn(0x16_B374_D848)).unwrap();
        assert_eq!(text, "\"16/B374D848\"");
        assert_eq!(serde_json::from_str::<Lsn>(&text).unwrap(), Lsn(0x16_B374_D848));
        assert!(serde_json::from_str::<Lsn>("\"x\"").is_err());
    }
}
