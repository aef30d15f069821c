//! Numbered changes of a schema, each applied once, and what a role may do with it.
//!
//! Every new primary asks for both while people wait: where nothing is to be done, nothing is
//! written.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

/// One change of a schema. Never edited once it has been applied anywhere.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its place in the order, from 1 and without gaps.
    pub number: i32,
    /// What it does, in a few words.
    pub name: &'static str,
    /// The statements; no `begin`, no `commit`.
    pub sql: &'static str,
}

/// Why the schema is not what the program needs.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The program's own list is out of order.
    #[error("migration {number} ({name}) is out of order; number them from 1 without gaps")]
    OutOfOrder {
        /// The number that does not follow.
        number: i32,
        /// Its name.
        name: &'static str,
    },
    /// What was applied is not what this program holds under that number.
    #[error(
        "migration {number} ({name}) was applied with other statements; never edit one, add one"
    )]
    Edited {
        /// The number.
        number: i32,
        /// The name in this program.
        name: &'static str,
    },
    /// The database has migrations that this program does not know.
    #[error(
        "the database is at migration {found}, this program knows {known}; run the newer program"
    )]
    Newer {
        /// The highest number in the database.
        found: i32,
        /// The highest number in this program.
        known: i32,
    },
    /// One of the statements failed; nothing of this run was kept.
    #[error("cannot apply migration {number} ({name})")]
    Failed {
        /// The number.
        number: i32,
        /// The name.
        name: &'static str,
        /// What the client library says.
        source: tokio_postgres::Error,
    },
    /// The table of migrations itself could not be used.
    #[error("cannot read or write db.migration")]
    Table(#[from] tokio_postgres::Error),
}

/// The key of the advisory lock under which a schema changes: eight letters in ASCII.
const LOCK: i64 = 0x5346_6d69_6772_6174;

/// Brings the database to the last of `migrations`, all in one transaction, and tells how many were
/// missing. Of several who try at once, one does the work and the others find it done.
pub async fn migrate(client: &Client, migrations: &[Migration]) -> Result<usize, MigrateError> {
    for (migration, number) in migrations.iter().zip(1..) {
        if migration.number != number {
            let Migration { number, name, .. } = *migration;
            return Err(MigrateError::OutOfOrder { number, name });
        }
    }
    // Read first: whoever is up to date waits for no lock and no disk.
    if let Some(rows) = if_table(client.query(APPLIED, &[]).await)?
        && missing(&rows, migrations)?.is_empty()
    {
        return Ok(0);
    }
    client.batch_execute("begin").await?;
    let applied = apply(client, migrations).await;
    let end = if applied.is_ok() { "commit" } else { "rollback" };
    let ended = client.batch_execute(end).await;
    let applied = applied?;
    ended?;
    Ok(applied)
}

/// Lets `role` do what `statements` grant it, where there is such a role and they have not been
/// executed for it already. Other statements are new, and so are they all after a migration, which
/// may have made a table.
pub async fn grant(
    client: &Client,
    role: &str,
    statements: &str,
) -> Result<(), tokio_postgres::Error> {
    let role_oid = "select oid from pg_roles where rolname = $1";
    let Some(row) = client.query_opt(role_oid, &[&role]).await? else { return Ok(()) };
    let oid: u32 = row.get(0);
    let granted = "select from db.granted where role = $1 and statements = $2
        and after = (select max(number) from db.migration)";
    if if_table(client.query(granted, &[&oid, &statements]).await)?.is_some_and(|it| !it.is_empty())
    {
        return Ok(());
    }
    let table = "create schema if not exists db;
        create table if not exists db.granted (
            role oid primary key, statements text not null, after integer not null);";
    let noted = "insert into db.granted (role, statements, after)
        select $1, $2, max(number) from db.migration
        on conflict (role) do update set statements = excluded.statements, after = excluded.after";
    client.batch_execute("begin").await?;
    let execute = async {
        client.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await?;
        client.batch_execute(table).await?;
        client.batch_execute(statements).await?;
        client.execute(noted, &[&oid, &statements]).await
    };
    let executed = execute.await;
    let end = if executed.is_ok() { "commit" } else { "rollback" };
    let ended = client.batch_execute(end).await;
    executed?;
    ended
}

/// The rows, or nothing where the table is not there yet.
fn if_table(
    asked: Result<Vec<Row>, tokio_postgres::Error>,
) -> Result<Option<Vec<Row>>, tokio_postgres::Error> {
    match asked {
        Ok(rows) => Ok(Some(rows)),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was applied: numbers and statements, in order.
const APPLIED: &str = "select number, statements from db.migration order by number";

/// Those that `rows` do not show, if what they show is what this program holds.
fn missing<'m>(rows: &[Row], migrations: &'m [Migration]) -> Result<&'m [Migration], MigrateError> {
    let known = migrations.len();
    if let Some(row) = rows.get(known) {
        let known = i32::try_from(known).unwrap_or(i32::MAX);
        return Err(MigrateError::Newer { found: row.get(0), known });
    }
    for (row, migration) in rows.iter().zip(migrations) {
        let (number, statements): (i32, &str) = (row.get(0), row.get(1));
        if number != migration.number || statements != migration.sql {
            let Migration { number, name, .. } = *migration;
            return Err(MigrateError::Edited { number, name });
        }
    }
    Ok(&migrations[rows.len()..])
}

async fn apply(client: &Client, migrations: &[Migration]) -> Result<usize, MigrateError> {
    client.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    client
        .batch_execute(
            "create schema if not exists db;
             create table if not exists db.migration (
               number integer primary key,
               name text not null,
               statements text not null,
               applied_at timestamptz not null default now());",
        )
        .await?;
    let missing = missing(&client.query(APPLIED, &[]).await?, migrations)?;
    for Migration { number, name, sql } in missing {
        let failed = |source| MigrateError::Failed { number: *number, name, source };
        client.batch_execute(sql).await.map_err(failed)?;
        let insert = "insert into db.migration (number, name, statements) values ($1, $2, $3)";
        client.execute(insert, &[number, name, sql]).await?;
    }
    Ok(missing.len())
}
