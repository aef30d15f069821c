//! Another instance, as a source of WAL, of base backups and of rewinds.
//!
//! Every connection between instances is TLS with certificates of the deployment's authority on
//! both sides, and notices a partition in about two seconds.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::command::Run;
use crate::{Binaries, Error};

/// The role that replicates, takes base backups and rewinds.
pub const REPLICATION_ROLE: &str = "standfast_replication";

/// What libpq is told so that a dead or cut-off peer is noticed in about two seconds.
const PATIENCE: &str = "connect_timeout=2 tcp_user_timeout=2000 keepalives_idle=1 \
     keepalives_interval=1 keepalives_count=2";

/// How long one question to another instance may take; a CHECKPOINT may be asked for.
const ASK_LIMIT: Duration = Duration::from_mins(2);

/// This host's certificate files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The authority's certificate.
    pub ca: PathBuf,
    /// This host's certificate, with `CN=host:<name>`.
    pub cert: PathBuf,
    /// This host's key, readable for its owner alone.
    pub key: PathBuf,
}

/// Another instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The name of its host, for messages.
    pub name: String,
    pub address: IpAddr,
    pub port: u16,
}

impl Source {
    /// libpq's connection string for [`REPLICATION_ROLE`], without a database.
    pub fn conninfo(&self, tls: &Tls, application_name: &str) -> String {
        let mut text = String::new();
        let mut say = |key: &str, value: &str| {
            let value = value.replace('\\', "\\\\").replace('\'', "\\'");
            write!(text, "{key}='{value}' ").expect("a String takes everything");
        };
        say("host", &self.name);
        say("hostaddr", &self.address.to_string());
        say("port", &self.port.to_string());
        say("user", REPLICATION_ROLE);
        say("application_name", application_name);
        say("sslmode", "verify-ca");
        say("sslrootcert", &tls.ca.to_string_lossy());
        say("sslcert", &tls.cert.to_string_lossy());
        say("sslkey", &tls.key.to_string_lossy());
        say("ssl_min_protocol_version", "TLSv1.2");
        say("gssencmode", "disable");
        text + PATIENCE
    }

    /// Runs one statement in its database `postgres`: rows in lines, columns parted by `|`.
    pub async fn ask(
        &self,
        binaries: &Binaries,
        tls: &Tls,
        doing: &str,
        sql: &str,
    ) -> Result<String, Error> {
        let conninfo = format!("{} dbname=postgres", self.conninfo(tls, "standfast"));
        let mut psql = binaries.command("psql");
        psql.args(["-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1"]);
        psql.args(["-d", &conninfo, "-c", sql]);
        let doing = format!("{doing} of {}", self.name);
        let output = Run::new(psql, &doing, ASK_LIMIT).output().await?;
        Ok(output.stdout.trim_end().to_owned())
    }
}

/// Whom a standby follows, and by which names it is known there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    pub source: Source,
    /// The replication slot that keeps WAL for this standby.
    pub slot: Option<String>,
    /// The exact name by which the source may wait for this standby's flush.
    pub application_name: String,
}
