//! Each migration is applied once, in order, and never changed.

use db::{MigrateError, Migration, migrate};

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
