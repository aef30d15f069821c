//! A database that an older program made gets what is new.

use chat::{SCHEMA, provision};

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
