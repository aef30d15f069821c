//! Lines that only the database of a lost site has come back, once.

use audit::salvage::{self, Page};

use crate::stage::{Stage, burn, entry, stands};

#[tokio::test]
async fn lines_of_a_host_that_burnt_come_back_from_the_old_copy() {
    let stage = Stage::new().await;
    let (audit, home) = (stage.long(1100), stage.trail());
    home.copy(&audit).await.unwrap();
    let backup = stage.shipped(2).await;
    for line in ["unshipped", "unshipped, too"] {
        audit.append(entry(line)).await.unwrap();
    }
    home.copy(&audit).await.unwrap();
    burn(stage.directory.path());
    let (old, current) = (stage.sql().await, stage.postgres.connect(&backup).await);
    for expected in [2, 0] {
        let (mut added, mut pages, mut after) = (0, 0, None);
        loop {
            let page = salvage::page(&old, after.as_ref()).await.unwrap();
            // Pages travel as JSON.
            let text = serde_json::to_string(&page).unwrap();
            let page: Page = serde_json::from_str(&text).unwrap();
            added += salvage::restore(&current, &page.lines).await.unwrap();
            pages += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((added, pages), (expected, 2));
    }
    let there = stands(&current).await;
    assert_eq!(there.len(), 1102);
    assert_eq!(there[1100..], ["asked unshipped", "asked unshipped, too"]);

    // What salvage brought does not tell how far a file was copied.
    stage.serves(2);
    let audit = stage.audit();
    audit.append(entry("a new machine")).await.unwrap();
    assert_eq!(stage.trail_in(&backup).copy(&audit).await.unwrap(), 1);
}

#[tokio::test]
async fn an_old_copy_without_a_trail_has_nothing_to_bring() {
    let postgres = testkit::postgres::start().await;
    let old = postgres.connect("postgres").await;
    assert_eq!(salvage::page(&old, None).await.unwrap(), Page::default());
}
