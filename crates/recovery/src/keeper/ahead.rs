//! Connections of a mirror that are made ahead: at a takeover people wait for whatever comes first.

use instance::{Connection, Error, Instance};
use tracing::debug;

/// A promotion needs one for itself and one for the hook.
const SPARE: usize = 2;

/// Connections to the content database of a standby. They outlive its promotion.
#[derive(Debug, Default)]
pub(super) struct Ahead(Vec<Connection>);

impl Ahead {
    /// Sees to it that there are enough, where the standby lets anybody in.
    pub(super) async fn prepare(&mut self, instance: &Instance, database: &str) {
        self.0.retain(|connection| !connection.is_closed());
        while self.0.len() < SPARE {
            match instance.connect(database).await {
                Ok(connection) => self.0.push(connection),
                // It may be starting, or the database not be there yet: a takeover connects then.
                Err(error) => {
                    debug!(%error, "no connection is made ahead");
                    return;
                }
            }
        }
    }

    /// One of them, or a new one.
    pub(super) async fn take(
        &mut self,
        instance: &Instance,
        database: &str,
    ) -> Result<Connection, Error> {
        while let Some(connection) = self.0.pop() {
            if !connection.is_closed() {
                return Ok(connection);
            }
        }
        instance.connect(database).await
    }
}
