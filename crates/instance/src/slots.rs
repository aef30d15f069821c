//! Physical replication slots: WAL kept for a standby or a receiver that may be away.

use tokio_postgres::Client;
use tokio_postgres::types::PgLsn;

use crate::{Binaries, Error, Lsn, Source, Tls};

/// The longest slot name, in bytes.
const NAME_LIMIT: usize = 63;

/// A slot as its server shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub name: String,
    pub active: bool,
    /// The oldest WAL that is kept for it.
    pub restart: Option<Lsn>,
    /// Does its standby need a reseed, because WAL beyond the allowed amount was let go?
    pub lost: bool,
}

/// Makes a slot that keeps WAL from now on, if there is none of that name. Works on a standby, too.
pub async fn create_slot(client: &Client, name: &str) -> Result<(), Error> {
    check_slot_name(name)?;
    let done = client
        .execute(
            "select pg_create_physical_replication_slot($1, true)
             where not exists (select from pg_replication_slots where slot_name = $1)",
            &[&name],
        )
        .await;
    done.map(|_| ()).map_err(|source| Error::Sql { doing: "make a replication slot", source })
}

/// Lets WAL before `position` go. A slot that is in use or further on already is left alone.
pub async fn advance_slot(client: &Client, name: &str, position: Lsn) -> Result<(), Error> {
    let done = client
        .execute(
            "select pg_replication_slot_advance(slot_name, $2) from pg_replication_slots
             where slot_name = $1 and not active and restart_lsn < $2",
            &[&name, &PgLsn::from(position)],
        )
        .await;
    done.map(|_| ()).map_err(|source| Error::Sql { doing: "advance a replication slot", source })
}

/// Removes a slot if it is there; refused by the server while it is in use.
pub async fn drop_slot(client: &Client, name: &str) -> Result<(), Error> {
    let done = client
        .execute(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots
             where slot_name = $1",
            &[&name],
        )
        .await;
    done.map(|_| ()).map_err(|source| Error::Sql { doing: "drop a replication slot", source })
}

/// Every physical slot of a server.
pub async fn list_slots(client: &Client) -> Result<Vec<Slot>, Error> {
    let rows = client
        .query(
            "select slot_name::text, active, restart_lsn, wal_status is not distinct from 'lost'
             from pg_replication_slots where slot_type = 'physical' order by slot_name",
            &[],
        )
        .await
        .map_err(|source| Error::Sql { doing: "list the replication slots", source })?;
    let slot = |row: &tokio_postgres::Row| Slot {
        name: row.get(0),
        active: row.get(1),
        restart: row.get::<_, Option<PgLsn>>(2).map(Lsn::from),
        lost: row.get(3),
    };
    Ok(rows.iter().map(slot).collect())
}

/// Makes a slot at another instance.
pub(crate) async fn create_at(
    source: &Source,
    binaries: &Binaries,
    tls: &Tls,
    name: &str,
) -> Result<(), Error> {
    check_slot_name(name)?;
    let sql = format!(
        "select from pg_create_physical_replication_slot('{name}', true)
         where not exists (select from pg_replication_slots where slot_name = '{name}')"
    );
    source.ask(binaries, tls, "ask for a replication slot", &sql).await?;
    Ok(())
}

/// `PostgreSQL`'s own rule, checked before a name is written into files and statements.
pub(crate) fn check_slot_name(name: &str) -> Result<(), Error> {
    let sound = (1..=NAME_LIMIT).contains(&name.len())
        && name.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    if sound {
        return Ok(());
    }
    Err(Error::BadName { name: name.to_owned(), what: "the name of a replication slot" })
}
