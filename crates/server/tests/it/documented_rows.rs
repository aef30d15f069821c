//! The lines of the documents' failover page that are single rows: they run as printed, each with
//! the procedure's prerequisites, and never out of turn.

use crate::audit_trail;
use crate::disaster::Disaster;

const DELETE: &str = "exec sp_delete_log_shipping_secondary_database mgc";
const RESTORE: &str = "restore database mgc with recovery";

#[tokio::test]
async fn a_single_row_runs_as_printed_and_never_out_of_turn() {
    let mut pool = Disaster::stand(45).await;
    pool.says(3, "to begin with").await;

    let carol = "New-CsPersistentChatUser carol -Password 'a good word' -DisplayName 'Carol C.'";
    let made = pool.shell(carol).await;
    assert!(made.contains("Identity") && made.contains("Carol C."), "{made}");
    let connected = pool.shell("exec sp_who2").await;
    assert!(connected.contains("standfast_chat"), "{connected}");
    pool.refused("kill <spid>", "<spid>").await;
    let number = "(Get-CsDatabaseConnection | Where-Object Login -eq standfast_chat)[0].Spid";
    let number = pool.shell(number).await;
    pool.shell(&format!("kill {}", number.trim())).await;
    pool.says(3, "one of the servers lost its connection").await;
    let mirror = "(Get-CsDatabaseConnection | Where-Object Login -like *replication*)[0].Spid";
    let mirror = pool.shell(mirror).await;
    pool.refused(&format!("kill {}", mirror.trim()), "not ended this way").await;
    pool.refused("restore database other with recovery", "no database `other`").await;

    // Home serves: no row of a failover is done, whoever asks.
    pool.refused(RESTORE, "step 1 comes first: Remove log shipping").await;
    pool.refused(DELETE, "The home site does not serve").await;
    audit_trail::is_shipped(&mut pool).await;
    pool.lose_home().await;
    pool.refused(DELETE, "-AttestSiteIsDown").await;
    pool.shell("Remove-CsDatabaseLogShipping mgc -AttestSiteIsDown -AcceptDataLoss").await;
    let early = "Restore-CsDatabase mgc -AttestSiteIsDown -AcceptDataLoss";
    pool.refused(early, "step 2 comes first: Copy any uncopied log files").await;

    pool.shell("Invoke-CsPersistentChatFailover -AttestSiteIsDown -AcceptDataLoss -Force").await;
    pool.says(3, "at the backup site").await;
    pool.nothing_is_missing("failed over").await;
    audit_trail::is_read_at_the_other_site(&pool).await;
    // Once more: they are done.
    for line in [DELETE, RESTORE, "Install-CsMirrorDatabase"] {
        pool.shell(line).await;
    }
    pool.says(3, "every line was said once more").await;
}
