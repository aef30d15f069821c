//! A database that an older program made gets what is new.

use chat::accounts::ScramKeys;
use chat::provision::ProvisionError;
use chat::{SCHEMA, provision};

#[tokio::test]
async fn an_account_has_the_display_name_that_it_was_given() {
    let postgres = testkit::postgres::start().await;
    let client = postgres.connect("postgres").await;
    db::migrate(&client, &SCHEMA[..3]).await.unwrap();
    let older = "insert into chat.account (localpart, salt, iterations, stored_key, server_key)
                 select 'alice', k, 4096, k, k from (select sha256('')) as it (k)";
    client.batch_execute(older).await.unwrap();
    provision::prepare(&client).await.unwrap();
    let keys = ScramKeys::of_password("a password").unwrap();
    let long = "é".repeat(provision::DISPLAY_NAME_MAX + 1);
    let refused = provision::create_account(&client, "bob", &long, &keys).await;
    assert!(matches!(refused, Err(ProvisionError::LongDisplayName)), "{refused:?}");
    provision::create_account(&client, "bob", &long[2..], &keys).await.unwrap();
    let accounts = provision::accounts(&client).await.unwrap();
    let shown = accounts.iter().map(|it| (it.localpart.as_str(), it.display_name.as_str()));
    assert_eq!(shown.collect::<Vec<_>>(), [("alice", ""), ("bob", &long[2..])]);
}

#[tokio::test]
async fn a_pool_that_was_there_before_gets_the_audit_trail() {
    let postgres = testkit::postgres::start().await;
    let client = postgres.connect("postgres").await;
    db::migrate(&client, &SCHEMA[..2]).await.unwrap();
    provision::prepare(&client).await.unwrap();
    provision::prepare(&client).await.unwrap();
    let sql = "select has_table_privilege('standfast_audit', 'audit.line', 'insert'),
                      has_table_privilege('standfast_audit', 'audit.line', 'update'),
                      has_schema_privilege('standfast_audit', 'chat', 'usage')";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!([0, 1, 2].map(|it| row.get::<_, bool>(it)), [true, false, false]);
}
