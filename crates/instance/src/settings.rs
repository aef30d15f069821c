//! What an instance is told: its role, its mirror's name, who may connect, how much it may use.
//!
//! [`Settings`] are kept in the data directory beside what they render to, so that one change (the
//! mirror's name, the gate, the upstream) rewrites the whole and forgets nothing.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::{Error, Spec, Upstream};

/// The file that postgresql.conf includes; always written whole.
pub(crate) const FILE: &str = "standfast.conf";

/// Connections that WAL may leave by: two standbys, two receivers, copies, and room.
const WAL_SENDERS: u32 = 10;

/// Connections kept back for the keeper when clients have taken all others.
const RESERVED_CONNECTIONS: u32 = 10;

/// The longest name that `PostgreSQL` does not cut off, in bytes.
const NAME_LIMIT: usize = 63;

/// What an instance is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub role: Role,
    /// The mirror that every commit waits for, by its exact application name. A standby is told
    /// before its promotion, so that it never acknowledges alone without a decision.
    pub synchronous: Option<String>,
    pub gate: Gate,
    /// Whom the gate lets in.
    pub clients: Vec<ClientRole>,
    pub shared_buffers_mib: u32,
    /// Must be no smaller on a standby than on its primary, or replay pauses.
    pub max_connections: u32,
    /// WAL kept for a standby without a slot.
    pub wal_keep_mib: u32,
    /// WAL kept at most for slots; a slot beyond it is lost and its standby needs a reseed.
    pub slot_wal_keep_mib: u32,
}

/// Starts as a primary, or follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    Primary,
    Standby(Standby),
}

/// Where a standby gets its WAL. With neither it replays what it has and waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standby {
    pub upstream: Option<Upstream>,
    /// A shell command with `PostgreSQL`'s `%f`, `%p` and `%r`.
    pub restore_command: Option<String>,
}

impl From<Upstream> for Standby {
    fn from(upstream: Upstream) -> Self {
        Self { upstream: Some(upstream), restore_command: None }
    }
}

/// May clients connect? Standbys and receivers always may, and the keeper's own socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gate {
    Open,
    Shut,
}

/// A role that clients take over TLS with a host's certificate, and the databases it owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRole {
    pub role: String,
    pub databases: Vec<String>,
}

impl Default for Settings {
    /// A primary without a mirror and with its gate shut: the keeper opens it, and says for whom.
    fn default() -> Self {
        Self {
            role: Role::Primary,
            synchronous: None,
            gate: Gate::Shut,
            clients: Vec::new(),
            shared_buffers_mib: 128,
            max_connections: 200,
            wal_keep_mib: 1024,
            slot_wal_keep_mib: 8192,
        }
    }
}

impl Settings {
    /// Refuses names that `PostgreSQL` would cut off, fold or take for something else.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.synchronous {
            check_name(name, "the name of a mirror")?;
        }
        if let Role::Standby(Standby { upstream: Some(upstream), .. }) = &self.role {
            check_name(&upstream.application_name, "the name of a standby")?;
            if let Some(slot) = &upstream.slot {
                crate::slots::check_slot_name(slot)?;
            }
        }
        for client in &self.clients {
            check_name(&client.role, "the name of a client role")?;
            for database in &client.databases {
                check_name(database, "the name of a database")?;
            }
        }
        Ok(())
    }

    /// The whole text of `standfast.conf`.
    pub(crate) fn render(&self, spec: &Spec) -> String {
        let mut text = String::from(
            "# Written whole by standfast at every change; edits here are lost.\n\
             # postgresql.auto.conf is read after this file: leave it empty.\n",
        );
        let mut say = |name: &str, value: &str| {
            let value = value.replace('\\', "\\\\").replace('\'', "''");
            writeln!(text, "{name} = '{value}'").expect("a String takes everything");
        };
        self.say_connections(spec, &mut say);
        self.say_replication(&mut say);
        self.say_recovery(spec, &mut say);
        say_log(spec, &mut say);
        text
    }

    fn say_connections(&self, spec: &Spec, say: &mut impl FnMut(&str, &str)) {
        say("listen_addresses", &spec.address.to_string());
        say("port", &spec.port.to_string());
        let directory = spec.socket_dir.to_string_lossy().replace('"', "\"\"");
        say("unix_socket_directories", &format!("\"{directory}\""));
        say("unix_socket_permissions", "0700");
        say("max_connections", &self.max_connections.to_string());
        say("superuser_reserved_connections", &RESERVED_CONNECTIONS.to_string());
        say("password_encryption", "scram-sha-256");
        say("ssl", "on");
        say("ssl_ca_file", &spec.tls.ca.to_string_lossy());
        say("ssl_cert_file", &spec.tls.cert.to_string_lossy());
        say("ssl_key_file", &spec.tls.key.to_string_lossy());
        say("ssl_min_protocol_version", "TLSv1.2");
        // A client that vanished with its host must not hold row locks until the kernel gives up.
        say("tcp_keepalives_idle", "5");
        say("tcp_keepalives_interval", "2");
        say("tcp_keepalives_count", "3");
        say("shared_buffers", &format!("{}MB", self.shared_buffers_mib));
        // After a crash of one backend PostgreSQL would start again by itself, let clients in and
        // show them commits that no mirror has. It stops instead, and the keeper decides: start it
        // behind a shut gate, or let the mirror take over.
        say("restart_after_crash", "off");
    }

    fn say_replication(&self, say: &mut impl FnMut(&str, &str)) {
        say("wal_level", "replica");
        say("wal_log_hints", "on");
        say("full_page_writes", "on");
        say("fsync", "on");
        say("max_wal_senders", &WAL_SENDERS.to_string());
        say("max_replication_slots", &WAL_SENDERS.to_string());
        say("wal_keep_size", &format!("{}MB", self.wal_keep_mib));
        say("max_slot_wal_keep_size", &format!("{}MB", self.slot_wal_keep_mib));
        say("synchronous_commit", "on");
        let names = self.synchronous.as_deref().map(synchronous_names).unwrap_or_default();
        say("synchronous_standby_names", &names);
        // At the default of 60 s a partition is invisible for a minute.
        say("wal_sender_timeout", "2s");
        say("wal_receiver_timeout", "2s");
        say("archive_mode", "off");
    }

    fn say_recovery(&self, spec: &Spec, say: &mut impl FnMut(&str, &str)) {
        say("hot_standby", "on");
        say("recovery_target_timeline", "latest");
        let nowhere = Standby::default();
        let standby = match &self.role {
            Role::Primary => &nowhere,
            Role::Standby(standby) => standby,
        };
        // At the default of 5 s, one promotion in two that follows a primary's death stalls for
        // that long. Each look into a share is a process.
        let again = if standby.restore_command.is_some() { "250ms" } else { "100ms" };
        say("wal_retrieve_retry_interval", again);
        let upstream = standby.upstream.as_ref();
        let conninfo = upstream.map(|it| it.source.conninfo(&spec.tls, &it.application_name));
        say("primary_conninfo", &conninfo.unwrap_or_default());
        say("primary_slot_name", upstream.and_then(|it| it.slot.as_deref()).unwrap_or_default());
        say("restore_command", standby.restore_command.as_deref().unwrap_or_default());
    }
}

/// A week of logs, one file for each day of it, written over a week later.
fn say_log(spec: &Spec, say: &mut impl FnMut(&str, &str)) {
    say("logging_collector", "on");
    say("log_destination", "stderr");
    say("log_directory", &spec.log_directory().to_string_lossy());
    say("log_filename", "postgresql-%a.log");
    say("log_file_mode", "0600");
    say("log_rotation_age", "1d");
    say("log_rotation_size", "0");
    say("log_truncate_on_rotation", "on");
    say("log_line_prefix", "%m [%p] %q%u@%d/%a ");
    say("log_timezone", "UTC");
    // Notices are read by their text.
    say("lc_messages", "C");
}

/// The value of `synchronous_standby_names` that waits for exactly this standby.
pub(crate) fn synchronous_names(name: &str) -> String {
    format!("FIRST 1 (\"{name}\")")
}

/// `PostgreSQL` cuts names at 63 bytes, compares them without regard to case, and takes `*` for
/// every standby, quoted or not: only names without such surprises are let through.
pub(crate) fn check_name(name: &str, what: &'static str) -> Result<(), Error> {
    let sound = (1..=NAME_LIMIT).contains(&name.len())
        && name.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-'));
    if sound { Ok(()) } else { Err(Error::BadName { name: name.to_owned(), what }) }
}
