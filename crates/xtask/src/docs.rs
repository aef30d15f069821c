//! The pages of `docs/` that are generated from tables.
//!
//! Each is written by a test whose name ends in `is_current`, beside the table. The test compares;
//! with `UPDATE_EXPECT=1` it writes.

use crate::run;
use anyhow::Context as _;

/// Every test that compares a page ends so.
const TESTS: &str = "is_current";

/// Writes the pages anew.
pub(crate) fn regenerate() -> anyhow::Result<()> {
    let mut command = run::cargo();
    command.args(["test", "--workspace", "--quiet", TESTS]).env("UPDATE_EXPECT", "1");
    run::succeed(&mut command).context("write the generated pages")
}

/// Fails when a page differs from its table.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut command = run::cargo();
    command.args(["test", "--workspace", "--quiet", TESTS]);
    run::succeed(&mut command).context("a generated page is stale; run `cargo xtask docs`")
}
