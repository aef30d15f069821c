//! The roles and databases that every primary has, made once and carried by its WAL.

use tokio_postgres::Client;

use crate::source::REPLICATION_ROLE;
use crate::{Error, Instance};

/// What the replication role may do beside replicating: what `pg_rewind` does, and a checkpoint.
const REPLICATION_GRANTS: &str = "
    grant pg_checkpoint to standfast_replication;
    grant execute on function pg_catalog.pg_ls_dir(text, boolean, boolean)
        to standfast_replication;
    grant execute on function pg_catalog.pg_stat_file(text, boolean) to standfast_replication;
    grant execute on function pg_catalog.pg_read_binary_file(text) to standfast_replication;
    grant execute on function pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)
        to standfast_replication;";

impl Instance {
    /// Makes the replication role, the client roles of the settings and their databases, where they
    /// are not there yet. For a primary, before its mirror is made synchronous.
    pub async fn provision(&self) -> Result<(), Error> {
        let client = self.connect("postgres").await?;
        let settings = self.settings()?;
        settings.check()?;
        create_role(&client, REPLICATION_ROLE, "login replication").await?;
        run(&client, REPLICATION_GRANTS).await?;
        for it in &settings.clients {
            create_role(&client, &it.role, "login").await?;
            // Sessions begin as durable as the mirror makes them.
            let pin = format!("alter role \"{}\" set synchronous_commit = 'on'", it.role);
            run(&client, &pin).await?;
            for database in &it.databases {
                create_database(&client, database, &it.role).await?;
            }
        }
        Ok(())
    }
}

async fn create_role(client: &Client, role: &str, what: &str) -> Result<(), Error> {
    let sql = "select from pg_roles where rolname = $1";
    let there = client.query_opt(sql, &[&role]).await;
    match there.map_err(|source| Error::Sql { doing: "look up a role", source })? {
        Some(_) => Ok(()),
        None => run(client, &format!("create role \"{role}\" {what}")).await,
    }
}

async fn create_database(client: &Client, database: &str, owner: &str) -> Result<(), Error> {
    let sql = "select from pg_database where datname = $1";
    let there = client.query_opt(sql, &[&database]).await;
    match there.map_err(|source| Error::Sql { doing: "look up a database", source })? {
        Some(_) => Ok(()),
        None => run(client, &format!("create database \"{database}\" owner \"{owner}\"")).await,
    }
}

/// Names in `sql` have been checked by the settings: nothing in them needs quoting twice.
async fn run(client: &Client, sql: &str) -> Result<(), Error> {
    let done = client.batch_execute(sql).await;
    done.map_err(|source| Error::Sql { doing: "make roles and databases", source })
}
