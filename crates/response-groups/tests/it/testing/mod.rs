//! Configurations made by dice, the contents of their audio files, and pools in memory.

mod absurd;
mod dice;
mod made;
mod pool;
mod zips;

use proptest::test_runner::Config;

pub(crate) use absurd::{TAKING, absurd, signed_in};
pub(crate) use dice::Dice;
pub(crate) use made::{Contents, Size, exported, header, made, sha256, wave};
pub(crate) use pool::Pool;
pub(crate) use zips::{Parts, good, parts, patched, refused};

/// How often a random test tries: as often as `PROPTEST_CASES` says, else as often as is quick. A
/// failure prints the dice's seed, and the seed makes the same again.
pub(crate) fn cases(quick: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok());
    Config { cases: asked.unwrap_or(quick), failure_persistence: None, ..Config::default() }
}
