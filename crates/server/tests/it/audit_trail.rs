//! The audit trail goes with the pool: each of these is part of a test that loses a home site.

use testkit::eventually;

use crate::disaster::{Disaster, LONG};

/// What is run at home before it is lost.
const RAN: &str = "New-CsPersistentChatRoom -Name audited";

/// The host that runs it.
const HOME: &str = "north-db1";

/// Runs a cmdlet by a host of the home site, and waits until the backup instance has both lines.
pub(crate) async fn is_shipped(pool: &mut Disaster) {
    run_at_home(pool, RAN).await;
    let sql =
        format!("select count(*) from audit.line where host = '{HOME}' and line like '{RAN}%'");
    eventually(LONG, "the trail is at the backup site", async || {
        let there = pool.sql_in("south-a", "mgc", &sql).await;
        if there == "2" { Ok(()) } else { Err(there) }
    })
    .await;
}

/// The home site is dead, and the pool was failed over: both stand at the other site, with results.
pub(crate) async fn is_read_at_the_other_site(pool: &Disaster) {
    let ran = "Get-CsAuditTrail -Cmdlet New-CsPersistentChatRoom";
    let told = pool.shell(ran).await;
    for (property, value) in [
        ("Who", "administrator"),
        ("Role", "CsAdministrator"),
        ("Host", HOME),
        ("Line", RAN),
        ("Result", "Done"),
    ] {
        let is_told = |line: &str| {
            let found = line.split_once(':');
            found.is_some_and(|(name, it)| name.trim() == property && it.trim().starts_with(value))
        };
        assert!(told.lines().any(is_told), "{property} begins with {value}: {told}");
    }
    let over = "(Get-CsAuditTrail -Cmdlet Invoke-CsPersistentChatFailover -First 1).Result";
    tells(pool, over, "Done").await;
    let refused = "(Get-CsAuditTrail -Cmdlet Restore-CsDatabase -First 1).Message";
    tells(pool, refused, "step 2 comes first").await;
}

/// Home is cut off, and something is run there; the home databases have it, the backup site never.
pub(crate) async fn is_not_shipped(pool: &mut Disaster, mark: &str) {
    run_at_home(pool, &marked(mark)).await;
    stands(pool, mark).await;
}

/// What was run is told.
pub(crate) async fn stands(pool: &Disaster, mark: &str) {
    let lines = "(Get-CsAuditTrail -Cmdlet Get-CsAuditTrail -First 2000).Line";
    tells(pool, lines, &marked(mark)).await;
}

/// A line of its own that changes nothing.
fn marked(mark: &str) -> String {
    format!("Get-CsAuditTrail -Who {mark}")
}

async fn run_at_home(pool: &Disaster, line: &str) {
    pool.deployment.administer(&["shell", "--via", HOME, "-c", line]).await.unwrap();
}

async fn tells(pool: &Disaster, line: &str, words: &str) {
    let question = ["shell", "-c", line];
    let what = format!("{line} tells {words:?}");
    pool.deployment.watch(LONG, &what, &question, |said| said.contains(words)).await.unwrap();
}
