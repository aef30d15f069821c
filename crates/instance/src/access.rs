//! Who may connect: `pg_hba.conf` and `pg_ident.conf`, written whole.
//!
//! The keeper comes by the private socket, under the name of our own system user. Everybody else
//! comes over TLS with a host's certificate of the deployment's authority.

use std::fmt::Write as _;

use crate::source::REPLICATION_ROLE;
use crate::{Error, Gate, Settings};

/// The superuser, reachable over the private socket alone.
pub const SUPERUSER: &str = "standfast";

const HEAD: &str = "# Written whole by standfast at every change; edits here are lost.\n";

/// The whole text of `pg_hba.conf`. The first line that matches decides; no line means no.
pub(crate) fn render_hba(settings: &Settings) -> String {
    let mut text = format!(
        "{HEAD}\
         local all {SUPERUSER} peer map=keeper\n\
         hostssl replication {REPLICATION_ROLE} all cert map=hosts\n\
         hostssl postgres {REPLICATION_ROLE} all cert map=hosts\n"
    );
    if settings.gate == Gate::Open {
        for client in &settings.clients {
            for database in &client.databases {
                let role = &client.role;
                writeln!(text, "hostssl \"{database}\" \"{role}\" all cert map=hosts")
                    .expect("a String takes everything");
            }
        }
    }
    text
}

/// The whole text of `pg_ident.conf`: which certificates and system users may take which role.
pub(crate) fn render_ident(settings: &Settings, system_user: &str) -> String {
    let mut text = format!(
        "{HEAD}\
         keeper \"{system_user}\" {SUPERUSER}\n\
         hosts /^host:.*$ {REPLICATION_ROLE}\n"
    );
    for client in &settings.clients {
        writeln!(text, "hosts /^host:.*$ \"{}\"", client.role).expect("a String takes everything");
    }
    text
}

/// Refuses root, and tells the name of the system user that we are.
pub(crate) fn system_user() -> Result<String, Error> {
    let uid = nix::unistd::Uid::effective();
    refuse_root(uid.as_raw())?;
    let user = nix::unistd::User::from_uid(uid)
        .map_err(|it| Error::io("look up our own user in", "/etc/passwd".as_ref(), it.into()))?;
    user.map(|it| it.name).ok_or(Error::Nameless { uid: uid.as_raw() })
}

/// `PostgreSQL` refuses root, and so do we, before anything is touched.
pub(crate) fn refuse_root(uid: u32) -> Result<(), Error> {
    if uid == 0 { Err(Error::Root) } else { Ok(()) }
}
