//! A site was down whole and its primary's host does not come back: the mirror, which had lost
//! everybody, is promoted only when an administrator attests that the primary is down.

use crate::disaster::Disaster;

const SWITCH: &str = "Invoke-CsDatabaseFailover -PoolFqdn pool.example.org \
                      -DatabaseType PersistentChat -NewPrincipal Mirror -Force";

#[tokio::test]
async fn a_mirror_that_was_in_sync_is_promoted_by_word() {
    let mut pool = Disaster::stand(45).await;
    pool.says(6, "on both").await;
    pool.refused(&format!("{SWITCH} -AttestPrimaryIsDown"), "it is alive").await;

    pool.deployment.site_down("north").await.unwrap();
    for host in ["north-witness", "north-db2", "north-chat"] {
        let host = pool.deployment.host(host);
        host.unlock_directories().unwrap();
        host.start().await.unwrap();
    }
    pool.keeper_says("north-b", "-AttestPrimaryIsDown").await;
    pool.refused(SWITCH, "-AttestPrimaryIsDown").await;
    pool.shell(&format!("{SWITCH} -AttestPrimaryIsDown")).await;
    let journal = pool.shell("(Get-CsPersistentChatRecovery -Journal).What").await;
    assert!(journal.contains("attested that the primary is down"), "{journal}");
    pool.says(4, "on the mirror alone").await;
    pool.nothing_is_missing("promoted by word").await;

    let host = pool.deployment.host("north-db1");
    host.unlock_directories().unwrap();
    host.start().await.unwrap();
    pool.is_well_fed_from("north-a", "the old primary is the mirror").await;
    pool.says(2, "on both again").await;
    pool.nothing_is_missing("the old primary is the mirror").await;
}
