//! Checks what neither compiler nor clippy checks. Runs as a test, too.
//!
//! A complaint says where, what is wrong and what to do.

mod arrows;
mod files;
mod modules;
mod shape;
mod words;

use crate::run;
use anyhow::{Context as _, bail};
use files::File;
use std::path::Path;

/// Packages in `Cargo.lock`. Raise it only together with the reason for the dependency.
const PACKAGES_MAX: usize = 360;

/// Checks the whole repository and prints every complaint.
pub(crate) fn run() -> anyhow::Result<()> {
    let complaints = check(&run::root())?;
    for complaint in &complaints {
        println!("{complaint}");
    }
    if !complaints.is_empty() {
        bail!("tidy: {} complaints", complaints.len());
    }
    Ok(())
}

/// All complaints about the repository at `root`.
fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let files = files::read_all(root).context("read the repository")?;
    let mut complaints = Vec::new();
    for file in &files {
        shape::check(file, &mut complaints);
        words::check(file, &mut complaints);
    }
    modules::check(&files, &mut complaints);
    arrows::check(&files, &mut complaints)?;
    check_lock(&files, &mut complaints);
    Ok(complaints)
}

fn check_lock(files: &[File], complaints: &mut Vec<String>) {
    let Some(lock) = files.iter().find(|it| it.path == "Cargo.lock") else { return };
    let packages = lock.text.lines().filter(|it| *it == "[[package]]").count();
    if packages > PACKAGES_MAX {
        complaints.push(format!(
            "Cargo.lock: {packages} packages, more than {PACKAGES_MAX}; do without the new \
             dependency, or raise PACKAGES_MAX with the reason in the commit"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let complaints = check(&run::root()).unwrap();
        assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    }
}
