//! Each migration is applied once, in order, and never changed.

use db::{MigrateError, Migration, grant, migrate};

const FIRST: Migration = Migration { number: 1, name: "one", sql: "create table one (a int)" };
const SECOND: Migration = Migration { number: 2, name: "two", sql: "create table two (b int)" };

#[tokio::test]
async fn applies_what_is_missing_and_only_that() {
    let postgres = testkit::postgres::start().await;
    let client = postgres.connect("postgres").await;
    assert_eq!(migrate(&client, &[FIRST]).await.unwrap(), 1);
    assert_eq!(migrate(&client, &[FIRST, SECOND]).await.unwrap(), 1);
    assert_eq!(migrate(&client, &[FIRST, SECOND]).await.unwrap(), 0);
    let newer = migrate(&client, &[FIRST]).await;
    assert!(matches!(newer, Err(MigrateError::Newer { found: 2, known: 1 })), "{newer:?}");
    let edited = Migration { sql: "create table three (c int)", ..SECOND };
    let edited = migrate(&client, &[FIRST, edited]).await;
    assert!(matches!(edited, Err(MigrateError::Edited { number: 2, .. })), "{edited:?}");
    let unordered = migrate(&client, &[SECOND, FIRST]).await;
    assert!(matches!(unordered, Err(MigrateError::OutOfOrder { .. })), "{unordered:?}");
}

#[tokio::test]
async fn a_failing_migration_leaves_nothing_behind() {
    let postgres = testkit::postgres::start().await;
    let client = postgres.connect("postgres").await;
    let broken =
        Migration { number: 2, name: "broken", sql: "create table two (b int); select 1/0" };
    let failed = migrate(&client, &[FIRST, broken]).await;
    assert!(matches!(failed, Err(MigrateError::Failed { number: 2, .. })), "{failed:?}");
    assert_eq!(migrate(&client, &[FIRST, SECOND]).await.unwrap(), 2);
}

#[tokio::test]
async fn of_two_at_once_one_does_the_work() {
    let postgres = testkit::postgres::start().await;
    let (a, b) = (postgres.connect("postgres").await, postgres.connect("postgres").await);
    let (a, b) = tokio::join!(migrate(&a, &[FIRST, SECOND]), migrate(&b, &[FIRST, SECOND]));
    assert_eq!(a.unwrap() + b.unwrap(), 2);
}

#[tokio::test]
async fn grants_are_executed_once_for_a_text_a_role_and_a_schema() {
    let postgres = testkit::postgres::start().await;
    let client = postgres.connect("postgres").await;
    migrate(&client, &[FIRST]).await.unwrap();
    client.batch_execute("create table executed (a int)").await.unwrap();
    let text = "grant select on all tables in schema public to guest; \
                insert into executed values (1)";
    let granted = async |text: &str| {
        grant(&client, "guest", text).await.unwrap();
        let sql = "select count(*) from executed";
        client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0)
    };
    assert_eq!(granted(text).await, 0, "there is no such role");
    client.batch_execute("create role guest").await.unwrap();
    assert_eq!(granted(text).await, 1);
    assert_eq!(granted(text).await, 1);
    grant(&client, "guest", "insert into executed values (1); select 1/0").await.unwrap_err();
    assert_eq!(granted(text).await, 1, "all or nothing");
    assert_eq!(granted(&format!("{text}, (2)")).await, 3, "another text");
    assert_eq!(granted(text).await, 4, "and back");
    migrate(&client, &[FIRST, SECOND]).await.unwrap();
    assert_eq!(granted(text).await, 5, "a migration may have made a table");
    client.batch_execute("drop owned by guest; drop role guest; create role guest").await.unwrap();
    assert_eq!(granted(text).await, 6, "another role of that name");
}
