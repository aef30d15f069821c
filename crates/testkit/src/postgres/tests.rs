//! The throw-away server keeps its promises.

use super::*;
use crate::eventually;
use crate::processes::is_alive;

#[tokio::test]
async fn databases_are_separate_and_survive_a_stop() {
    let mut postgres = start().await;
    let first = postgres.fresh_database().await;
    let second = postgres.fresh_database().await;
    assert_ne!(first, second);
    let client = postgres.connect(&first).await;
    client.batch_execute("create table t (n int); insert into t values (1)").await.unwrap();
    drop(client);

    postgres.stop_immediately().await;
    postgres.start_again().await;
    let client = postgres.connect(&first).await;
    let row = client.query_one("select count(*) from t", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 1);
    let copy = postgres.connect("postgres").await;
    drop(client);
    let deadline = Duration::from_secs(10);
    eventually(deadline, "nobody is connected", async || {
        let sql = "select count(*) from pg_stat_activity where datname = $1";
        match copy.query_one(sql, &[&first]).await.unwrap().get::<_, i64>(0) {
            0 => Ok(()),
            others => Err(others),
        }
    })
    .await;
    let copied = postgres.fresh_database_from(&first).await;
    let client = postgres.connect(&copied).await;
    client.query_one("select n from t", &[]).await.unwrap();
}

#[tokio::test]
async fn a_killed_server_leaves_nothing_and_starts_again() {
    let mut postgres = start().await;
    let client = postgres.connect("postgres").await;
    let row = client.query_one("select pg_backend_pid()", &[]).await.unwrap();
    let backend: i32 = row.get(0);
    postgres.kill().await;
    assert!(!is_alive(backend));
    client.query_one("select 1", &[]).await.unwrap_err();
    postgres.start_again().await;
    postgres.connect("postgres").await.query_one("select 1", &[]).await.unwrap();
}

#[test]
fn a_test_runs_again_as_an_ordinary_user() {
    if crate::rerun_as_postgres() {
        return;
    }
    assert!(!nix::unistd::Uid::effective().is_root());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let postgres = runtime.block_on(start());
    runtime.block_on(postgres.connect("postgres"));
    drop(postgres);
    let directory = TempDir::new("own").unwrap();
    std::fs::write(directory.path().join("file"), "text").unwrap();
}

#[tokio::test]
async fn dropping_it_ends_the_server() {
    let postgres = start().await;
    let (pid, directory) = (postgres.pid().unwrap(), postgres.data_directory());
    drop(postgres);
    assert!(!is_alive(pid));
    assert!(!directory.exists());
}
