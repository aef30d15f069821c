//! The home site burnt: its hosts are new machines without data, and the pool comes home to them.

use crate::audit_trail;
use crate::disaster::Disaster;

const FAILBACK: &str = "Invoke-CsPersistentChatFailback";

/// What burns in one round, and what becomes of what was never shipped.
struct Fire {
    hosts: &'static [&'static str],
    /// The stores that the refusal must name.
    lost: &'static str,
    all_lost: bool,
}

const FIRES: [Fire; 5] = [
    Fire { hosts: &["north-db1"], lost: "north-a", all_lost: false },
    Fire { hosts: &["north-db2"], lost: "north-b", all_lost: false },
    Fire { hosts: &["north-db1", "north-witness"], lost: "north-a", all_lost: false },
    Fire { hosts: &["north-db1", "north-db2"], lost: "north-a,north-b", all_lost: true },
    Fire {
        hosts: &["north-db1", "north-db2", "north-witness"],
        lost: "north-a,north-b",
        all_lost: true,
    },
];

#[tokio::test]
async fn the_pool_comes_home_to_new_machines() {
    let mut pool = Disaster::stand(41).await;
    for fire in &FIRES {
        burns(&mut pool, fire).await;
    }
}

async fn burns(pool: &mut Disaster, fire: &Fire) {
    let when = format!("{} burnt", fire.hosts.join(", "));
    println!("== {when}");
    pool.says(5, "shipped").await;
    pool.is_well("before the fire").await;
    pool.cut_shipping().await;
    let unshipped = pool.says(7, "unshipped").await;
    pool.is_behind().await;
    let mark = fire.hosts.join("-");
    audit_trail::is_not_shipped(pool, &mark).await;
    pool.lose_home().await;
    for host in fire.hosts {
        pool.deployment.host(host).burn().unwrap();
    }
    pool.fail_over().await;
    if fire.all_lost {
        pool.gives_up(&unshipped);
    }
    pool.says(5, "at the backup site").await;
    pool.deployment.site_up("north").await.unwrap();

    // Until all hosts have started, those that do not answer are named as well.
    let exact = format!("-AttestCopyIsLost {}. ", fire.lost);
    pool.refused(&format!("{FAILBACK} -Force"), "there is no data directory").await;
    let refusal = pool.refused(&format!("{FAILBACK} -Force"), &exact).await;
    println!("{refusal}");
    assert!(refusal.contains("there is no data directory"), "{refusal}");
    assert!(refusal.contains("Perhaps lost, unless the other home copy has it"), "{refusal}");
    let command = Disaster::named_command(&refusal);
    if !fire.all_lost {
        let in_vain = format!("{FAILBACK} -AttestCopyIsLost north-a,north-b -Force");
        pool.refused(&in_vain, "it is there, and it is read").await;
    }
    pool.shell(&format!("{command} -Force")).await;
    let journal = pool.shell("(Get-CsPersistentChatRecovery -Journal).What").await;
    let stores = fire.lost.replace(',', ", ");
    assert!(journal.contains(&format!("attested that the copy is lost: {stores}")), "{journal}");

    pool.is_well(&when).await;
    let recovered = pool.nothing_is_missing(&when).await;
    let expected = if fire.all_lost { Vec::new() } else { unshipped };
    for text in &expected {
        assert!(recovered.contains(text), "{text} was not salvaged: {recovered:?}");
    }
    if !fire.all_lost {
        audit_trail::stands(pool, &mark).await;
    }
    if fire.hosts.contains(&"north-db1") && !fire.all_lost {
        assert!(journal.contains("lines of the audit put back"), "{journal}");
    }
    pool.says(3, "home again").await;
}

/// There is a data directory, and it cannot be opened: only then may it be given up.
#[tokio::test]
async fn a_copy_that_does_not_open_is_tried_before_it_is_given_up() {
    let mut pool = Disaster::stand(47).await;
    pool.says(3, "shipped").await;
    pool.is_well("before home is lost").await;
    pool.cut_shipping().await;
    let unshipped = pool.says(5, "unshipped").await;
    pool.lose_home().await;
    let host = pool.deployment.host("north-db1");
    host.unlock_directories().unwrap();
    let data = host.plan().directory.join("instances/north-a");
    std::fs::remove_dir_all(data.join("base")).unwrap();
    pool.fail_over().await;
    pool.deployment.site_up("north").await.unwrap();

    let attested = format!("{FAILBACK} -AttestCopyIsLost north-a -Force");
    pool.refused(&attested, "it is there, and it is read").await;
    let words = "repeat the command with -AttestCopyIsLost north-a";
    pool.refused(&format!("{FAILBACK} -Force"), words).await;
    pool.shell(&attested).await;
    pool.is_well("home again").await;
    let recovered = pool.nothing_is_missing("home again").await;
    for text in &unshipped {
        assert!(recovered.contains(text), "{text} was not salvaged: {recovered:?}");
    }
}
