//! The backup site's mirror answers and cannot follow: a failover waits for it, but not for ever,
//! and goes on without when an administrator says so.

use std::net::TcpListener;

use testkit::eventually;

use crate::disaster::{Disaster, LONG};

#[tokio::test]
async fn a_failover_goes_on_without_a_mirror_only_when_told() {
    let mut pool = Disaster::stand_with_backup_mirror(48).await;
    pool.says(3, "to begin with").await;

    // Something else has the port of the backup mirror: its keeper answers, and that is all.
    let address = pool.deployment.topology().address_of_store("south-b").unwrap();
    pool.deployment.host("south-db2").kill_host().await.unwrap();
    let stranger = eventually(LONG, "the port is free", async || TcpListener::bind(address)).await;
    pool.deployment.host("south-db2").start().await.unwrap();
    pool.keeper_says("south-b", "is taken by").await;
    pool.says(3, "before the loss").await;
    pool.lose_home().await;

    let said = "Invoke-CsPersistentChatFailover -AttestSiteIsDown -AcceptDataLoss";
    let rows = pool.shell(&format!("{said} -WhatIf | ConvertTo-Csv")).await;
    assert!(mark_of(&rows, "6").contains("would do"), "{rows}");
    let rows = pool.shell(&format!("{said} -WithoutMirror -WhatIf | ConvertTo-Csv")).await;
    println!("{rows}");
    pool.shell(&format!("{said} -WithoutMirror -Force")).await;
    let journal = pool.shell("(Get-CsPersistentChatRecovery -Journal).What").await;
    assert!(journal.contains("posts stand on one machine"), "{journal}");
    let mirror = pool.shell("(Get-CsPersistentChatRecovery).Mirror").await;
    assert!(mirror.contains("suspended"), "{mirror}");
    pool.says(3, "on one machine").await;

    drop(stranger);
    let question = ["shell", "-c", "(Get-CsPersistentChatRecovery).Mirror"];
    let in_sync = |said: &str| said.contains("synchronized");
    pool.deployment.watch(LONG, "the mirror is in sync", &question, in_sync).await.unwrap();
    pool.says(3, "on two machines").await;
    pool.nothing_is_missing("at the backup site").await;
}

/// What is foretold of a row.
fn mark_of(rows: &str, number: &str) -> String {
    let row = rows.lines().find(|line| line.trim_start_matches('"').starts_with(number));
    row.unwrap_or_else(|| panic!("no row {number} in: {rows}")).to_owned()
}
