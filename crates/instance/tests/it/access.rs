//! Who gets in.

use std::process::Output;

use instance::{Error, Gate, Instance};
use testkit::rerun_as_postgres;

use crate::house::{House, source};

/// Runs `sql` as a role over TLS, with the house's host certificate.
fn over_tls(to: &Instance, role: &str, database: &str, sql: &str) -> Output {
    let conninfo = source(to).conninfo(&to.spec().tls, "test");
    std::process::Command::new(to.spec().binaries.program("psql"))
        .args(["-X", "-A", "-t", "-w", "-c", sql, "-d"])
        .arg(format!("{conninfo} user={role} dbname={database}"))
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

fn assert_out(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("pg_hba.conf"), "{output:?}");
}

#[tokio::test]
async fn clients_pass_the_gate_only_while_it_is_open() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let primary = house.primary("alpha").await;
    let ask = || over_tls(&primary, "standfast_chat", "mgc", "select 1");
    assert_out(&ask());
    primary.set_gate(Gate::Open).await.unwrap();
    let answer = ask();
    assert_eq!(String::from_utf8_lossy(&answer.stdout), "1\n", "{answer:?}");
    assert_out(&over_tls(&primary, "standfast_chat", "postgres", "select 1"));
    assert_out(&over_tls(&primary, "standfast", "postgres", "select 1"));

    let client = primary.connect("postgres").await.unwrap();
    let stays = {
        let primary = primary.clone();
        tokio::task::spawn_blocking(move || {
            over_tls(&primary, "standfast_chat", "mgc", "select pg_sleep(600)")
        })
    };
    testkit::eventually(crate::house::LONG, "a client is in", async || {
        let sql = "select count(*) from pg_stat_activity where usename = 'standfast_chat'";
        let count: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
        if count == 1 { Ok(()) } else { Err(count) }
    })
    .await;
    primary.set_gate(Gate::Shut).await.unwrap();
    assert!(!stays.await.unwrap().status.success(), "a client was in when the gate shut");
    assert_out(&ask());
}

#[tokio::test]
async fn mirror_name_is_exact() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let primary = house.primary("alpha").await;
    let _standby = house.standby_of(&primary, "beta").await;
    for surprising in ["*", "", "Beta", "be ta", "beta\"", "b'eta", "beta, gamma", &"b".repeat(64)]
    {
        let error = primary.set_synchronous(Some(surprising)).await.unwrap_err();
        assert!(matches!(error, Error::BadName { .. }), "{error}");
    }
    primary.set_synchronous(Some("bet")).await.unwrap();
    let seen = primary.observe().await.unwrap();
    assert_eq!(seen.synchronous_standby_names, "FIRST 1 (\"bet\")");
    assert!(!seen.is_synchronized_with("bet") && !seen.is_synchronized_with("beta"), "{seen:?}");
    primary.set_synchronous(Some("beta")).await.unwrap();
    crate::house::synchronized(&primary, "beta").await;
}

#[tokio::test]
async fn a_setting_that_is_overridden_is_noticed() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let primary = house.primary("alpha").await;
    let client = primary.connect("postgres").await.unwrap();
    client.batch_execute("alter system set synchronous_standby_names = ''").await.unwrap();
    let error = primary.set_synchronous(Some("beta")).await.unwrap_err().to_string();
    assert!(error.contains("postgresql.auto.conf"), "{error}");
}
