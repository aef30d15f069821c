//! The schema `rgs`, and who may use it.

use db::MigrateError;
use tokio_postgres::Client;

/// The database of a hosting pool's Response Groups.
pub const DATABASE: &str = "rgs";

/// The role in `PostgreSQL` of the servers that use it.
pub const ROLE: &str = "standfast_rgs";

/// The schema `rgs`, for [`db::migrate`].
pub const SCHEMA: &[db::Migration] = &[
    db::Migration { number: 1, name: "rgs", sql: include_str!("../schema/001_rgs.sql") },
    audit::migration(2),
    db::Migration { number: 3, name: "bounds", sql: include_str!("../schema/003_bounds.sql") },
];

/// Brings the schema up to date, lets servers in, and lets hosts add to the audit trail. Run it
/// again at any time.
pub async fn prepare(client: &Client) -> Result<(), MigrateError> {
    db::migrate(client, SCHEMA).await?;
    db::grant(client, ROLE, include_str!("../schema/grants.sql")).await?;
    audit::grant(client).await?;
    Ok(())
}
