//! The audit file: appended, whole lines, nothing lost after a crash.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use audit::{Audit, Entry, FILE, MAX_LINE};
use testkit::TempDir;

use crate::stage::entry;

fn entries(directory: &Path) -> Vec<Result<Entry, serde_json::Error>> {
    let text = fs::read_to_string(directory.join(FILE)).expect("read the audit");
    assert!(text.ends_with('\n'));
    text.lines().map(serde_json::from_str).collect()
}

fn open(directory: &Path) -> Audit {
    Audit::open(directory, "home1").expect("open the audit")
}

#[tokio::test]
async fn a_line_that_a_crash_has_cut_hides_no_other() {
    let directory = TempDir::new("audit").unwrap();
    open(directory.path()).append(entry("one")).await.unwrap();
    let path = directory.path().join(FILE);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], b"{\"id\":\"0"].concat()).unwrap();
    open(directory.path()).append(entry("two")).await.unwrap();
    let entries = entries(directory.path());
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0].as_ref().unwrap().line, "one");
    assert!(entries[1].is_err());
    assert_eq!(entries[2].as_ref().unwrap().line, "two");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_line_is_never_longer_than_its_limit() {
    let directory = TempDir::new("audit").unwrap();
    let audit = open(directory.path());
    for text in ["x", "\u{1}", "é"] {
        audit.append(entry(&text.repeat(1_000_000))).await.unwrap();
    }
    for (entry, line) in entries(directory.path())
        .iter()
        .zip(fs::read_to_string(directory.path().join(FILE)).unwrap().lines())
    {
        assert!(line.len() < MAX_LINE);
        assert!(entry.as_ref().unwrap().line.ends_with("bytes left out)"));
    }
}

#[tokio::test]
async fn only_what_is_durable_is_read_and_every_line_knows_its_place() {
    let directory = TempDir::new("audit").unwrap();
    let audit = open(directory.path());
    let mut written = audit.written();
    assert_eq!(*written.borrow_and_update(), 0);
    assert_eq!(audit.batch(0).await.unwrap().lines, []);
    for line in ["one", "two"] {
        audit.append(entry(line)).await.unwrap();
    }
    assert!(written.has_changed().unwrap());
    let whole = audit.batch(0).await.unwrap();
    assert_eq!(whole.next, fs::metadata(directory.path().join(FILE)).unwrap().len());
    let (place, second) = whole.lines[1].clone();
    assert_eq!(second.line, "two");
    assert_eq!(audit.batch(place).await.unwrap().lines, [(place, second.clone())]);
    let nothing = audit.batch(whole.next).await.unwrap();
    assert_eq!((nothing.lines.len(), nothing.next), (0, whole.next));
    let after =
        async |place, id, phase: &str| audit.after(place, id, phase.to_owned()).await.unwrap();
    assert_eq!(after(place, second.id, "asked").await, Some(whole.next));
    assert_eq!(after(place, second.id, "done").await, None);
    assert_eq!(after(0, second.id, "asked").await, None);
    assert_eq!(after(place + 1, second.id, "asked").await, None);
    assert_eq!(after(1 << 40, second.id, "asked").await, None);
}
