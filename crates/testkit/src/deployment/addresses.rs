//! Addresses for one deployment, so that several can stand side by side.

use anyhow::{Context as _, bail};
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;

/// The second octets to choose from; the demo has 0.
const CHOICES: std::ops::RangeInclusive<u8> = 64..=127;

/// What hosts have their addresses on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ground {
    /// The loopback interface of this machine, `127.N.X.Y`.
    Loopback,
    /// Network namespaces, `10.N.X.Y`.
    Namespaces,
}

/// All addresses with one number N in the second place, held until dropped or until this process
/// ends.
#[derive(Debug)]
pub struct Addresses {
    pub(super) octet: u8,
    pub(super) ground: Ground,
    _lock: Flock<File>,
}

impl Addresses {
    /// Claims loopback addresses that no other process on this machine has claimed.
    pub fn claim() -> anyhow::Result<Self> {
        Self::claim_on(Ground::Loopback)
    }

    /// Claims addresses for hosts with network namespaces of their own.
    pub fn claim_in_namespaces() -> anyhow::Result<Self> {
        Self::claim_on(Ground::Namespaces)
    }

    fn claim_on(ground: Ground) -> anyhow::Result<Self> {
        for octet in CHOICES {
            let path = std::path::Path::new("/tmp").join(format!("standfast-127-{octet}.lock"));
            // Somebody else's lock that we may not open is one that we do not hold.
            let Ok(file) = open(&path) else { continue };
            if let Ok(lock) = Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                return Ok(Self { octet, ground, _lock: lock });
            }
        }
        bail!("all addresses for deployments are taken");
    }

    /// Moves every address `127.0.X.Y` of a topology to these addresses.
    pub fn moved(&self, topology: &str) -> String {
        let first = match self.ground {
            Ground::Loopback => 127,
            Ground::Namespaces => 10,
        };
        topology.replace("\"127.0.", &format!("\"{first}.{}.", self.octet))
    }
}

fn open(path: &std::path::Path) -> anyhow::Result<File> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt};

    // The kernel lets nobody create what somebody else has created in a directory for all.
    if let Ok(file) = File::options().write(true).open(path) {
        return Ok(file);
    }
    let created = File::options().create_new(true).write(true).mode(0o666).open(path);
    let file = created.with_context(|| format!("make {}", path.display()))?;
    // The next to come may be another user; only the owner can and need do this.
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o666)).ok();
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_do_not_overlap_and_move_a_topology() {
        let (first, second) = (Addresses::claim().unwrap(), Addresses::claim().unwrap());
        assert_ne!(first.octet, second.octet);
        let moved = first.moved("address = \"127.0.11.1\"");
        assert_eq!(moved, format!("address = \"127.{}.11.1\"", first.octet));
    }
}
