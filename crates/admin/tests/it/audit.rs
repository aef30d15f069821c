//! The audit file: appended, whole lines, nothing lost after a crash.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use admin::audit::{Audit, Entry, FILE, MAX_LINE, Phase};
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

fn entry(line: &str) -> Entry {
    Entry {
        id: Uuid::now_v7(),
        at: jiff::Timestamp::now(),
        host: "home1".to_owned(),
        who: "alice".to_owned(),
        role: "CsAdministrator".to_owned(),
        from: "127.0.0.1".to_owned(),
        cmdlet: "Get-CsTopology".to_owned(),
        line: line.to_owned(),
        phase: Phase::Asked,
    }
}

fn open(directory: &Path) -> Audit {
    Audit::open(directory, "home1").expect("open the audit")
}

#[tokio::test]
async fn a_line_that_a_crash_has_cut_hides_no_other() {
    let directory = Temporary::new();
    open(&directory.0).append(entry("one")).await.unwrap();
    let path = directory.0.join(FILE);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], b"{\"id\":\"0"].concat()).unwrap();
    open(&directory.0).append(entry("two")).await.unwrap();
    let entries = directory.entries();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0].as_ref().unwrap().line, "one");
    assert!(entries[1].is_err());
    assert_eq!(entries[2].as_ref().unwrap().line, "two");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_line_is_never_longer_than_its_limit() {
    let directory = Temporary::new();
    let audit = open(&directory.0);
    for text in ["x", "\u{1}", "é"] {
        audit.append(entry(&text.repeat(1_000_000))).await.unwrap();
    }
    for (entry, line) in
        directory.entries().iter().zip(fs::read_to_string(directory.0.join(FILE)).unwrap().lines())
    {
        assert!(line.len() < MAX_LINE);
        assert!(entry.as_ref().unwrap().line.ends_with("bytes left out)"));
    }
}
