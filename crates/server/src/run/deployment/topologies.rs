//! The published topology: kept in every site's store, with a revision and a content hash.

use admin::deployment::{Finding, Publish, Published, Verdict};
use admin::{Fault, FaultKind, Watch};
use jiff::Timestamp;
use recovery::observed::{SiteSeen, StoreSeen};
use recovery::store::{Records, StoreError};
use serde::{Deserialize, Serialize};
use topology::Topology;

use super::{Reached, unavailable};

const KEY: &str = "topology";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    revision: u64,
    hash: String,
    at: Timestamp,
    text: String,
}

impl Reached {
    pub(super) async fn published(&self) -> Result<Published, Fault> {
        let Some((_, kept)) = self.newest().await? else {
            return Ok(Published {
                revision: 0,
                at: None,
                topology: (*self.host.topology).clone(),
                text: self.host.topology_text.clone(),
            });
        };
        understood(&kept)
    }

    pub(super) async fn publish(&self, order: Publish, watch: &Watch) -> Result<Published, Fault> {
        let newest = self.newest().await?;
        let found = newest.as_ref().map_or(0, |(_, kept)| kept.revision);
        if found != order.expected {
            return Err(Fault::new(
                FaultKind::Conflict,
                "conflict",
                format!("nothing was published: revision {found} is there, not {}", order.expected),
                "look at Get-CsTopology and decide again",
            ));
        }
        let kept = Kept {
            revision: found + 1,
            hash: order.topology.hash(),
            at: Timestamp::now(),
            text: order.text,
        };
        let mut reached = 0;
        for (site, records) in self.procedures.stores() {
            match put(records, &kept).await {
                Ok(()) => reached += 1,
                Err(error) => watch.warn(format!("{site} does not have it: {error}")),
            }
        }
        if reached == 0 {
            return Err(unavailable("nothing was published: no management store answers"));
        }
        watch.note("hosts read their topology file when they start: put it there, too");
        understood(&kept)
    }

    pub(super) async fn test(&self) -> Result<Vec<Finding>, Fault> {
        let mut findings: Vec<Finding> = Vec::new();
        for pool in &self.host.topology.pools {
            let observed = self.procedures.look(pool).await;
            for (site, seen) in &observed.sites {
                let (result, message) = match seen {
                    SiteSeen::Answers { .. } => (Verdict::Success, "answers".to_owned()),
                    SiteSeen::Unknown { why } => (Verdict::Failure, why.clone()),
                };
                let found = Finding { subject: format!("site {site}"), result, message };
                // Pools share their sites, and each looks at them.
                let known = |it: &Finding| it.subject == found.subject && it.result == result;
                if !findings.iter().any(known) {
                    findings.push(found);
                }
            }
            for (store, seen) in &observed.stores {
                let (result, message) = match seen {
                    StoreSeen::Reports { report } if report.runs && report.note.is_empty() => {
                        (Verdict::Success, report.duty.clone())
                    }
                    StoreSeen::Reports { report } => {
                        (Verdict::Warning, format!("{}; {}", report.duty, report.note))
                    }
                    StoreSeen::Unknown { why } => (Verdict::Failure, why.clone()),
                };
                findings.push(Finding { subject: format!("store {store}"), result, message });
            }
        }
        Ok(findings)
    }

    /// The newest publication. Equal revisions with other content are a conflict, never a win.
    async fn newest(&self) -> Result<Option<(String, Kept)>, Fault> {
        let mut newest: Option<(String, Kept)> = None;
        let mut answered = false;
        for (site, records) in self.procedures.stores() {
            let Ok(snapshot) = records.store().read().await else { continue };
            answered = true;
            let read = Records::value_in::<Kept>(&snapshot, KEY);
            let Some(read) = read.map_err(|error| unavailable(error.to_string()))? else {
                continue;
            };
            let kept = read.value;
            match &newest {
                Some((other, known)) if known.revision == kept.revision => {
                    if known.hash != kept.hash {
                        return Err(Fault::new(
                            FaultKind::Conflict,
                            "topology-conflict",
                            format!(
                                "revision {} differs between {other} and {site}",
                                kept.revision
                            ),
                            "decide which one is right, and publish it with -Force",
                        ));
                    }
                }
                Some((_, known)) if kept.revision < known.revision => {}
                Some(_) | None => newest = Some((site.clone(), kept)),
            }
        }
        if answered { Ok(newest) } else { Err(unavailable("no management store answers")) }
    }
}

async fn put(records: &Records, kept: &Kept) -> Result<(), StoreError> {
    let snapshot = records.store().read().await?;
    let revision = Records::value_in::<Kept>(&snapshot, KEY)?.map_or(0, |read| read.revision);
    let value = serde_json::to_value(kept)
        .map_err(|error| StoreError::Refused { what: KEY.to_owned(), why: error.to_string() })?;
    records.store().write(KEY, revision, value).await.map(|_| ())
}

fn understood(kept: &Kept) -> Result<Published, Fault> {
    let checked = Topology::parse("the published topology", &kept.text)
        .map_err(|problems| unavailable(format!("it cannot be read: {problems}")))?;
    Ok(Published {
        revision: kept.revision,
        at: Some(kept.at),
        topology: checked.topology,
        text: kept.text.clone(),
    })
}
