//! The audit trail in every pool's database, as this host copies and reads it.

use audit::{Audit, ROLE, Trail};

use super::host::ThisHost;
use super::primaries::Primaries;

/// One for each pool, whatever its kind. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Trails(Vec<Trail>);

/// Every pool's database; connects only when there is something to copy or to read.
pub(crate) fn reach(host: &ThisHost, primaries: &Primaries) -> Trails {
    let trail = |pool: &topology::Pool| Trail {
        pool: pool.fqdn.clone(),
        database: pool.database().to_owned(),
        connections: primaries.connections(host, pool, ROLE, format!("audit {}", host.name)),
    };
    Trails(host.topology.pools.iter().map(trail).collect())
}

impl Trails {
    /// Copies this host's file into each of them, until the host stops.
    pub(crate) fn follow(&self, host: &ThisHost, audit: &Audit) {
        for trail in self.0.clone() {
            let (audit, shutdown) = (audit.clone(), host.shutdown.clone());
            host.tasks.spawn(async move {
                shutdown.run_until_cancelled(trail.follow(&audit)).await;
            });
        }
    }

    /// Those of all pools, or that of the one pool.
    pub(crate) fn of(&self, pool: Option<&str>) -> impl Iterator<Item = &Trail> {
        self.0.iter().filter(move |trail| pool.is_none_or(|pool| pool == trail.pool))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn keepers_let_in_who_copies() {
        assert_eq!(topology::AUDIT_ROLE, audit::ROLE);
    }
}
