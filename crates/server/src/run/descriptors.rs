//! File descriptors: every connection takes one, and few are allowed at first.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tracing::warn;

/// What a host needs beside its clients: logs, shares, the other hosts, administrators.
const BESIDE_CLIENTS: u64 = 1_024;

/// Takes as many as the system allows this process: that needs no right of its own.
pub(super) fn take_all() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        warn!(%error, "the limit of file descriptors could not be raised to what is allowed");
    }
}

/// Warns if the process is not allowed as many as `clients` may need.
pub(super) fn suffice_for(clients: usize) {
    let wanted = BESIDE_CLIENTS.saturating_add(u64::try_from(clients).unwrap_or(u64::MAX));
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((allowed, _)) if allowed < wanted => warn!(
            allowed,
            wanted,
            "fewer file descriptors are allowed than `connections` of the topology needs: raise \
             the limit (LimitNOFILE= of systemd, ulimit -Hn), or lower `connections`"
        ),
        Ok(_) => {}
        Err(error) => warn!(%error, "the limit of file descriptors could not be read"),
    }
}
