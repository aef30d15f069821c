//! A directory for a test, and the audit that is written into it.

use std::fs;
use std::path::PathBuf;

use audit::{Entry, FILE};
use uuid::Uuid;

/// A directory that is gone when the test ends.
pub(crate) struct Temporary(pub(crate) PathBuf);

impl Temporary {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("standfast-audit-{}", Uuid::now_v7()));
        fs::create_dir(&path).expect("make a directory for the test");
        Self(path)
    }

    pub(crate) fn entries(&self) -> Vec<Result<Entry, serde_json::Error>> {
        let text = fs::read_to_string(self.0.join(FILE)).expect("read the audit");
        assert!(text.ends_with('\n'));
        text.lines().map(serde_json::from_str).collect()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let removed = fs::remove_dir_all(&self.0);
        assert!(removed.is_ok() || std::thread::panicking(), "{} stays", self.0.display());
    }
}
