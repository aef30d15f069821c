//! Numbered changes of a schema, each applied once.

use tokio_postgres::Client;

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
    client.batch_execute("begin").await?;
    let applied = apply(client, migrations).await;
    let end = if applied.is_ok() { "commit" } else { "rollback" };
    let ended = client.batch_execute(end).await;
    let applied = applied?;
    ended?;
    Ok(applied)
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
    let sql = "select number, statements from db.migration order by number";
    let rows = client.query(sql, &[]).await?;
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
    let missing = &migrations[rows.len()..];
    for Migration { number, name, sql } in missing {
        let failed = |source| MigrateError::Failed { number: *number, name, source };
        client.batch_execute(sql).await.map_err(failed)?;
        let insert = "insert into db.migration (number, name, statements) values ($1, $2, $3)";
        client.execute(insert, &[number, name, sql]).await?;
    }
    Ok(missing.len())
}
