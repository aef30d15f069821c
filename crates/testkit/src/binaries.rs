//! Programs of ours that tests start: cargo puts them beside the test, or one directory up.

use anyhow::{Context as _, bail};
use std::path::PathBuf;

/// Finds a program of ours, such as `standfast`.
pub fn find(name: &str) -> anyhow::Result<PathBuf> {
    let binary = std::env::current_exe().context("find our own program")?;
    let found = binary.ancestors().skip(1).take(2).map(|it| it.join(name)).find(|it| it.is_file());
    match found {
        Some(found) => Ok(found),
        None => bail!(
            "there is no {name} near {}; build all with `cargo build --bins`",
            binary.display()
        ),
    }
}
