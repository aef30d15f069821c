//! One look at a whole deployment: every site's record, every keeper's report, each in its time.
//!
//! Whatever does not answer is *unknown*. Nothing here concludes that something is down.

use std::collections::BTreeMap;
use std::time::Duration;

use control::{CallError, Client, Destination, Sent};
use futures_util::future::{join, join_all};
use serde::{Deserialize, Serialize};
use topology::{Pool, Topology};

use crate::keeper::report::Report;
use crate::keeper::{REPORT, ReportRequest};
use crate::record::PoolRecord;
use crate::store::{LeaseState, Records};

/// How long each part of a deployment may take to answer. A host that is known to be silent is not
/// waited for: what it has is unknown at once.
const PATIENCE: Duration = Duration::from_millis(1200);

/// What was seen of a pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// Each site's management store, by the site's name.
    pub sites: BTreeMap<String, SiteSeen>,
    /// Each instance's keeper, by the store's name.
    pub stores: BTreeMap<String, StoreSeen>,
}

/// What was seen of a site's management store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum SiteSeen {
    /// It answered.
    Answers {
        /// The pool's record; `None` before the pool has ever been started there.
        record: Option<Box<PoolRecord>>,
        /// The record's revision.
        revision: u64,
        /// The primary's lease in this site.
        lease: LeaseState,
        /// The lease of a procedure that runs for the pool.
        procedure: LeaseState,
    },
    /// It did not answer.
    Unknown {
        /// What was seen instead.
        why: String,
    },
}

/// What was seen of an instance's keeper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum StoreSeen {
    /// It reported.
    Reports {
        /// What it said.
        report: Box<Report>,
    },
    /// It did not answer.
    Unknown {
        /// What was seen instead.
        why: String,
    },
}

impl Observed {
    /// Looks at everything of `pool` at once: its instances, and the stores of their sites.
    pub async fn look(
        topology: &Topology,
        pool: &Pool,
        stores: &[(String, Records)],
        client: &Client,
    ) -> Self {
        let is_its = |site: &str| topology.sites_of(pool).any(|it| it.name == site);
        let stores = stores.iter().filter(|(site, _)| is_its(site));
        let sites =
            join_all(stores.map(async |(site, records)| {
                (site.clone(), look_at_site(records, &pool.fqdn).await)
            }));
        let names = pool.stores.iter();
        let reports = join_all(names.map(async |(_, store)| {
            (store.to_owned(), look_at_store(topology, store, client).await)
        }));
        let (sites, stores) = join(sites, reports).await;
        Self { sites: sites.into_iter().collect(), stores: stores.into_iter().collect() }
    }

    /// The record of `site`, if its store answered and has one.
    pub fn record(&self, site: &str) -> Option<&PoolRecord> {
        match self.sites.get(site)? {
            SiteSeen::Answers { record, .. } => record.as_deref(),
            SiteSeen::Unknown { .. } => None,
        }
    }

    /// The report of `store`, if its keeper answered.
    pub fn report(&self, store: &str) -> Option<&Report> {
        match self.stores.get(store)? {
            StoreSeen::Reports { report } => Some(report),
            StoreSeen::Unknown { .. } => None,
        }
    }

    /// The record with the highest term among the sites that have the primary.
    pub fn serving(&self) -> Option<(&str, &PoolRecord)> {
        self.sites
            .keys()
            .filter_map(|site| Some((site.as_str(), self.record(site)?)))
            .filter(|(_, record)| record.primary().is_some())
            .max_by_key(|(_, record)| record.term)
    }
}

async fn look_at_site(records: &Records, pool: &str) -> SiteSeen {
    let unknown = |why: String| SiteSeen::Unknown { why };
    let snapshot = match records.store().read().await {
        Ok(snapshot) => snapshot,
        Err(error) => return unknown(error.to_string()),
    };
    let lease = snapshot.lease(&Records::primary_lease(pool));
    let procedure = snapshot.lease(&Records::procedure_lease(pool));
    match Records::pool_in(&snapshot, pool) {
        Ok(Some(read)) => SiteSeen::Answers {
            record: Some(Box::new(read.value)),
            revision: read.revision,
            lease,
            procedure,
        },
        Ok(None) => SiteSeen::Answers { record: None, revision: 0, lease, procedure },
        Err(error) => unknown(error.to_string()),
    }
}

async fn look_at_store(topology: &Topology, store: &str, client: &Client) -> StoreSeen {
    let Some(host) = topology.host_of_store(store) else {
        return StoreSeen::Unknown { why: format!("{store} has no host in the topology") };
    };
    let destination = Destination { host: host.name.clone(), address: host.control() };
    if client.is_silent(&destination) {
        return StoreSeen::Unknown { why: CallError::Silent(Sent::No).to_string() };
    }
    let request = ReportRequest { store: store.to_owned() };
    let answer: Result<Report, CallError> =
        client.call_idempotent(&destination, REPORT, &request, PATIENCE).await;
    match answer {
        Ok(report) => StoreSeen::Reports { report: Box::new(report) },
        Err(error) => StoreSeen::Unknown { why: error.to_string() },
    }
}
