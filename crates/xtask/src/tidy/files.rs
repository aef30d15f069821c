//! The text files of the repository.

use anyhow::Context as _;
use std::path::Path;

/// Directories that hold nothing of ours.
const SKIPPED: &[&str] = &[".git", "target", "proptest-regressions"];

/// Kinds of files that are looked at, by how their names end.
const KINDS: &[&str] = &["rs", "md", "toml", "sql", "py", "lock"];

/// A file of the repository, with its path from the root.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, ending)| ending == kind)
    }

    /// Is all of it compiled for tests only?
    pub(super) fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

/// Reads every file that is looked at, in the order of their paths.
pub(super) fn read_all(root: &Path) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    read_below(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn read_below(root: &Path, below: &str, files: &mut Vec<File>) -> anyhow::Result<()> {
    let directory = root.join(below);
    let entries = std::fs::read_dir(&directory);
    for entry in entries.with_context(|| format!("list {}", directory.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.contains(&name) {
            read_below(root, &path, files)?;
        }
        let ending = name.rsplit_once('.').map(|(_, ending)| ending);
        if kind.is_file() && ending.is_some_and(|it| KINDS.contains(&it)) {
            let text = std::fs::read_to_string(entry.path());
            files.push(File { text: text.with_context(|| format!("read {path}"))?, path });
        }
    }
    Ok(())
}
