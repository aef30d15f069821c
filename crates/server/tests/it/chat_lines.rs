//! The documents' lines about a Persistent Chat pool, as printed, on a pool of that name. Those of
//! a lost home site are in [`crate::documented_rows`].

use crate::disaster::{Disaster, LONG};
use crate::documented_lines;

const POOL: &str = "lyncpc.dci.discovery.com";
const ACTIVE: &str = "(Get-CsPersistentChatActiveServer).ActiveServers";

#[tokio::test]
async fn the_lines_of_a_chat_pool_run_as_printed() {
    let pool = Disaster::stand_as_in_the_documents(46).await;

    runs(&pool, "P06", "Set-CsPersistentChatState").await;
    for (number, primary, mirror) in [("P04", "north-b", "north-a"), ("P05", "north-a", "north-b")]
    {
        runs(&pool, number, "").await;
        tells(&pool, "(Get-CsPersistentChatState).PrimaryDatabase", primary).await;
        pool.is_well_fed_from(mirror, number).await;
    }

    runs(&pool, "P02", "").await;
    tells(&pool, ACTIVE, "").await;
    runs(&pool, "P03", "").await;
    tells(&pool, ACTIVE, "chat1\nchat2").await;
    let [remove, swap] = &lines("F07")[..] else { panic!("F07 is two lines") };
    pool.shell(remove).await;
    tells(&pool, ACTIVE, "chat2").await;
    pool.shell(swap).await;
    tells(&pool, ACTIVE, "chat1").await;

    // Nothing is to be done.
    runs(&pool, "P01", "").await;
    let [failed_over] = &lines("F05")[..] else { panic!("F05 is one line") };
    pool.refused(failed_over, "there is lyncpc.dci.discovery.com").await;
    // Home serves: this row is not due.
    let ours = failed_over.replace("atl-cs-001.litwareinc.com", POOL);
    pool.refused(&ours, "comes first").await;
    tells(&pool, "(Get-CsPersistentChatState).PoolState", "Normal").await;
}

fn lines(number: &str) -> Vec<&'static str> {
    documented_lines::all().filter(|(it, _)| *it == number).map(|(_, line)| line).collect()
}

/// Runs the one line of that number, which says what has `words` in it.
async fn runs(pool: &Disaster, number: &str, words: &str) {
    let [line] = lines(number)[..] else { panic!("{number} is one line") };
    let said = pool.shell(line).await;
    assert!(said.contains(words), "{line}: {said}");
}

/// Waits until `question` is answered so.
async fn tells(pool: &Disaster, question: &str, answer: &str) {
    let asked = ["shell", "-c", question];
    let is_told = |said: &str| said.trim() == answer;
    pool.deployment.watch(LONG, question, &asked, is_told).await.unwrap();
}
