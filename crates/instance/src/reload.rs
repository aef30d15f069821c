//! Settings taken up by a running server, and the proof that they were.

use std::time::Duration;

use tokio_postgres::Client;

use crate::settings::synchronous_names;
use crate::{Error, Gate, Instance, Settings, checkpoint};

/// How long the server may take to show a new setting.
const TAKES_LIMIT: Duration = Duration::from_secs(10);

/// How long all of it may take, with the checkpoint that proves the fence.
const RELOAD_LIMIT: Duration = Duration::from_mins(2);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);

impl Instance {
    /// Has the server read its files again and waits until the fence stands as told.
    pub(crate) async fn reload(&self, settings: &Settings) -> Result<(), Error> {
        let doing = format!("have instance {} take up its settings", self.name());
        tokio::time::timeout(RELOAD_LIMIT, self.reload_and_prove(settings))
            .await
            .map_err(|_| Error::TimedOut { doing, limit: RELOAD_LIMIT })?
    }

    async fn reload_and_prove(&self, settings: &Settings) -> Result<(), Error> {
        let client = self.take_warm().await?;
        let wanted = settings.synchronous.as_deref().map(synchronous_names).unwrap_or_default();
        let before = synchronous_setting(&client).await?;
        client
            .execute("select pg_reload_conf()", &[])
            .await
            .map_err(|source| Error::Sql { doing: "reload the settings", source })?;
        let end = tokio::time::Instant::now() + TAKES_LIMIT;
        loop {
            let is = synchronous_setting(&client).await?;
            if is == wanted {
                break;
            }
            if tokio::time::Instant::now() >= end {
                let setting = "synchronous_standby_names";
                return Err(Error::SettingDidNotTake { setting, is, wanted });
            }
            tokio::time::sleep(PAUSE).await;
        }
        if before != wanted && !wanted.is_empty() {
            // The checkpointer arms the fence for everybody when it reads the setting, and reads
            // it before it begins a checkpoint: after this one no commit slips by.
            checkpoint(&client).await?;
        }
        if settings.gate == Gate::Shut {
            cut_off(&client, settings).await?;
        }
        self.keep_warm(client).await;
        Ok(())
    }
}

async fn synchronous_setting(client: &Client) -> Result<String, Error> {
    let row = client
        .query_one("select current_setting('synchronous_standby_names')", &[])
        .await
        .map_err(|source| Error::Sql { doing: "read a setting", source })?;
    Ok(row.get(0))
}

/// Ends the connections of clients. A commit of theirs that waits for the mirror ends without an
/// answer, which its client must take for unknown.
async fn cut_off(client: &Client, settings: &Settings) -> Result<(), Error> {
    let roles: Vec<&str> = settings.clients.iter().map(|it| it.role.as_str()).collect();
    let rows = client
        .query(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where backend_type = 'client backend' and usename = any($1)",
            &[&roles],
        )
        .await
        .map_err(|source| Error::Sql { doing: "cut off the clients", source })?;
    if !rows.is_empty() {
        tracing::info!(clients = rows.len(), "the gate was shut and clients were cut off");
    }
    Ok(())
}
