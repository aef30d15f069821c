//! The documents' lines for Persistent Chat, with the product's own rows.

use admin::identity;
use expect_test::expect_file;

use crate::battery::would_run;
use crate::nowhere::POOL;

#[test]
fn every_line_of_the_documents_runs() {
    let lines = [
        "Set-CsPersistentChatState -Identity \"service: lyncpc.dci.discovery.com\" \
         -PoolState Normal",
        "Set-CsPersistentChatActiveServer -Identity lyncpc.dci.discovery.com \
         -ActiveServers $Null",
        "Set-CsPersistentChatActiveServer -ActiveServers @{Add=\"fqdn1\",\"fqdn2\"}",
        "Set-CsPersistentChatActiveServer -Swap",
        "Invoke-CsDatabaseFailover -PoolFqdn lyncpc.dci.discovery.com \
         -DatabaseType PersistentChat -NewPrincipal Mirror",
        "Invoke-CsDatabaseFailover -PoolFqdn lyncpc.dci.discovery.com \
         -DatabaseType PersistentChat -NewPrincipal primary -Verbose",
        "Get-Help Set-CsPersistentChatState",
        "Set-CsPersistentChatState -Identity \"service:atl-cs-001.litwareinc.com\" \
         \u{2013}PoolState FailedOver",
        "Get-CsDatabaseMirrorState -PoolFqdn lyncpc.dci.discovery.com \
         -DatabaseType User",
        "Get-CsService -PersistentChatServer",
        "Get-CsPersistentChatState | Set-CsPersistentChatState -PoolState Normal",
    ];
    let mut all = lines.iter().flat_map(|it| would_run(it)).collect::<Vec<String>>().join("\n");
    all.push('\n');
    expect_file!["../expected/documented.txt"].assert_eq(&all);
}

#[test]
fn every_spelling_of_a_pool_means_the_pool() {
    let pools = [POOL.to_owned()];
    for spelling in [
        "lyncpc.dci.discovery.com",
        "LYNCPC.dci.discovery.com.",
        "service: lyncpc.dci.discovery.com",
        "Service:lyncpc.dci.discovery.com",
        "PersistentChatServer:lyncpc.dci.discovery.com",
        "service:PersistentChatServer:lyncpc.dci.discovery.com",
        "service: persistentchatserver : lyncpc.dci.discovery.com ",
        "service:PersistentChatServerlyncpc.dci.discovery.com",
        "global",
        "Global",
    ] {
        assert_eq!(identity::pool(Some(spelling), &pools).unwrap().0, POOL, "{spelling}");
    }
    assert_eq!(identity::pool(None, &pools).unwrap().0, POOL);
}
