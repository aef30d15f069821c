//! A real deployment to measure on, with users, a room, and a table for bare inserts.

use crate::view::View;
use anyhow::{Context as _, ensure};
use std::path::PathBuf;
use std::time::Duration;
use testkit::Account;
use testkit::client::Login;
use testkit::deployment::{Bootstrap, Deployment, Plans};
use testkit::postgres::{SUPERUSER, bin_directory};
use tokio::process::Command;

/// From nothing to a pool whose mirror is in sync.
const WHOLE: Duration = Duration::from_mins(3);

/// The room that everybody is in.
const ROOM: &str = "operations";

/// The database of the pool's content.
pub(crate) const DATABASE: &str = "mgc";

/// The role in PostgreSQL that chat servers have.
const CHAT_ROLE: &str = "standfast_chat";

/// A table for bare inserts, beside the product's own.
const TABLE: &str = "
    create schema if not exists bench;
    create table if not exists bench.post (
        id bigint generated always as identity primary key,
        room integer not null, sender text not null, stanza text not null,
        sent_at timestamptz not null default now());
    grant usage on schema bench to standfast_chat;
    grant select, insert on bench.post to standfast_chat;";

/// What stands, and what is known of it. The hosts end with it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) view: View,
    pub(crate) deployment: Deployment,
    pub(crate) users: usize,
}

impl Stage {
    /// Deploys `topology` on addresses of its own, with `users`, and waits until it is whole.
    pub(crate) async fn open(
        topology: &str,
        users: usize,
        directory: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        Self::stand(Plans { directory, ..Plans::private(topology)? }, users).await
    }

    /// As [`Stage::open`], with a network namespace for each host: links can be cut.
    pub(crate) async fn open_in_namespaces(
        topology: &str,
        users: usize,
        directory: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        Self::stand(Plans { directory, ..Plans::in_namespaces(topology)? }, users).await
    }

    async fn stand(plans: Plans, users: usize) -> anyhow::Result<Self> {
        let names: Vec<String> = (0..users).map(user).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let bootstrap = Some(Bootstrap::new(&names, &[ROOM]).text());
        let plans = Plans { bootstrap, ..plans };
        let mut deployment = Deployment::prepare(plans).await?;
        let server =
            deployment.topology().chat_pools().next().and_then(|pool| pool.servers.first());
        let bundle = server.context("the pool has a server")?.clone();
        let bundle = deployment.directory().join("authority/hosts").join(bundle);
        let view = View::open(deployment.topology(), &bundle)?;
        deployment.start().await?;
        let mut stage = Self { view, deployment, users };
        if let Err(error) = stage.settle().await {
            eprintln!("{}", stage.deployment.last_words());
            return Err(error);
        }
        Ok(stage)
    }

    async fn settle(&mut self) -> anyhow::Result<()> {
        self.view.in_sync(WHOLE).await?;
        if self.view.pool.stores.backup.is_some() {
            self.view.shipping(WHOLE).await?;
        }
        self.make_table().await
    }

    /// Makes the table for bare inserts, as the database's owner would.
    async fn make_table(&self) -> anyhow::Result<()> {
        let primary = self.view.primary().context("a primary is known")?;
        let (host, _) = self.view.primary_host()?;
        let data = self.deployment.directory().join("hosts").join(host).join("data");
        let socket = data.join("run").join(&primary.store);
        let account = Account::find()?;
        let mut psql = Command::from(account.command(bin_directory()?.join("psql")));
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", SUPERUSER, "-d", DATABASE, "-h"]);
        psql.arg(socket).args(["-p", &primary.address.port().to_string(), "-c", TABLE]);
        let ran = psql.output().await.context("run psql")?;
        let said = String::from_utf8_lossy(&ran.stderr);
        ensure!(ran.status.success(), "the table for bare inserts was not made: {said}");
        Ok(())
    }

    /// The room's address.
    pub(crate) fn room(&self) -> String {
        let chat = self.view.pool.chat();
        format!("{ROOM}@{}", chat.map(|chat| chat.rooms.as_str()).unwrap_or_default())
    }

    pub(crate) fn login(&self, number: usize) -> Login {
        let name = user(number);
        self.deployment.login(&name, &Bootstrap::password(&name))
    }

    /// How a chat server logs in to the database.
    pub(crate) fn chat_login(&self) -> db::Login {
        db::Login {
            user: CHAT_ROLE.to_owned(),
            application: "standfast-bench".to_owned(),
            tls: db::Tls::Required(self.view.credentials.postgres_client_config().into()),
        }
    }
}

/// The name of a user, by number.
pub(crate) fn user(number: usize) -> String {
    format!("user{number}")
}
