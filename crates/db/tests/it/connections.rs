//! A connection belongs to the primary of one term, and knows when a commit is in doubt.

use db::{CommitError, ConnectError, Connections, Doubt, Login, Primary, Tls};
use std::time::Duration;
use testkit::postgres::{Options, Postgres};
use tokio::sync::watch;

const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) fn login() -> Login {
    Login { user: "standfast".to_owned(), application: "test".to_owned(), tls: Tls::Off }
}

pub(crate) fn primary(postgres: &Postgres, reign: i64, turn: i64) -> Primary {
    Primary { store: "home".to_owned(), address: postgres.address(), reign, turn }
}

pub(crate) async fn with_term(options: Options) -> Postgres {
    let postgres = testkit::postgres::start_with(options).await;
    let client = postgres.connect("postgres").await;
    client
        .batch_execute(
            "create schema recovery;
             create table recovery.term (reign bigint not null, turn bigint not null);
             insert into recovery.term values (1, 1);
             create table post (id int primary key);",
        )
        .await
        .expect("make the tables");
    postgres
}

#[tokio::test]
async fn refuses_another_term_and_an_unknown_primary() {
    let postgres = with_term(Options::default()).await;
    let (tell, told) = watch::channel(None);
    let connections = Connections::new(login(), told);
    let refused = connections.connect("postgres").await;
    assert!(matches!(refused, Err(ConnectError::NoPrimary)), "{refused:?}");
    tell.send(Some(primary(&postgres, 2, 1))).unwrap();
    let refused = connections.connect("postgres").await;
    assert!(
        matches!(
            refused,
            Err(ConnectError::OtherTerm { expected: (2, 1), found: Some((1, 1)), .. })
        ),
        "{refused:?}"
    );
    tell.send(Some(primary(&postgres, 1, 1))).unwrap();
    let connection = connections.connect("postgres").await.unwrap();
    connection.batch_execute(&connection.term_guard()).await.unwrap();
    connection.batch_execute("update recovery.term set turn = 2").await.unwrap();
    let guarded = connection.batch_execute(&connection.term_guard()).await.unwrap_err();
    assert_eq!(guarded.code().unwrap().code(), db::OLD_TERM);
}

#[tokio::test]
async fn refuses_commits_that_would_not_wait() {
    let postgres = with_term(Options::default()).await;
    let client = postgres.connect("postgres").await;
    client.batch_execute("alter role standfast set synchronous_commit = local").await.unwrap();
    let (_tell, told) = watch::channel(Some(primary(&postgres, 1, 1)));
    let refused = Connections::new(login(), told).connect("postgres").await;
    assert!(matches!(refused, Err(ConnectError::Asynchronous { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_new_primary_ends_the_old_connection_and_no_primary_does_not() {
    let postgres = with_term(Options::default()).await;
    let (tell, told) = watch::channel(Some(primary(&postgres, 1, 1)));
    let connections = Connections::new(login(), told);
    let connection = connections.connect("postgres").await.unwrap();
    tell.send(None).unwrap();
    connection.prove().await.unwrap();
    let waiting = connection.committed(connection.query("select pg_sleep(600)", &[]));
    let change = async {
        tokio::task::yield_now().await;
        tell.send(Some(primary(&postgres, 1, 2))).unwrap();
    };
    let (outcome, ()) = tokio::time::timeout(DEADLINE, async { tokio::join!(waiting, change) })
        .await
        .expect("the old connection ends at once");
    assert!(matches!(outcome, Err(CommitError::Unknown(Doubt::OldTerm))), "{outcome:?}");
    assert_eq!(connection.doubt(), Some(Doubt::OldTerm));
}

#[tokio::test]
async fn a_cancelled_wait_for_the_mirror_is_not_acknowledged() {
    let options = Options {
        settings: vec!["synchronous_standby_names = 'nobody'".to_owned()],
        ..Options::default()
    };
    // Written before the mirror is missed: every commit waits from the start.
    let postgres = testkit::postgres::start_with(options).await;
    let client = postgres.connect("postgres").await;
    client
        .batch_execute(
            "set synchronous_commit = local;
             create schema recovery;
             create table recovery.term (reign bigint not null, turn bigint not null);
             insert into recovery.term values (1, 1);
             create table post (id int primary key);",
        )
        .await
        .unwrap();
    let (_tell, told) = watch::channel(Some(primary(&postgres, 1, 1)));
    let connection = Connections::new(login(), told).connect("postgres").await.unwrap();
    let waiting = connection.committed(connection.query("insert into post values (1)", &[]));
    let cancel = testkit::eventually(DEADLINE, "the commit waits for the mirror", async || {
        let sql =
            "select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'";
        match client.query(sql, &[]).await.unwrap().len() {
            0 => Err("nobody waits"),
            _ => Ok(()),
        }
    });
    let (outcome, ()) = tokio::join!(waiting, cancel);
    assert!(matches!(outcome, Err(CommitError::Unknown(Doubt::NotMirrored))), "{outcome:?}");
    assert_eq!(connection.doubt(), Some(Doubt::NotMirrored));
    // The notice comes a moment before others see the row.
    testkit::eventually(DEADLINE, "it stands on one machine", async || {
        match client.query("select id from post", &[]).await.unwrap().len() {
            0 => Err("it does not stand"),
            _ => Ok(()),
        }
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_certain_and_a_dead_primary_is_not() {
    let mut postgres = with_term(Options::default()).await;
    let (_tell, told) = watch::channel(Some(primary(&postgres, 1, 1)));
    let connection = Connections::new(login(), told).connect("postgres").await.unwrap();
    let twice = "insert into post values (7), (7)";
    let refused = connection.committed(connection.query(twice, &[])).await;
    assert!(matches!(refused, Err(CommitError::Refused(_))), "{refused:?}");
    let sleeping = connection.committed(connection.query("select pg_sleep(600)", &[]));
    let (outcome, ()) = tokio::join!(sleeping, postgres.kill());
    assert!(matches!(outcome, Err(CommitError::Unknown(_))), "{outcome:?}");
    assert!(connection.doubt().is_some());
}
