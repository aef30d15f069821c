//! What cmdlets show: read off one look at the deployment. What is not known is not guessed.

use admin::Fault;
use admin::deployment::{
    JournalLine, Layout, MirrorNow, MirrorRole, MirrorStatus, PoolLayout, PoolNow, Protection,
};
use jiff::{SignedDuration, Timestamp};
use recovery::journal::What;
use recovery::keeper::report::Report;
use recovery::observed::{Observed, SiteSeen, StoreSeen};
use recovery::paired::POOL_FAIL_OVER;
use recovery::procedures::{HOME_ALONE, TAKE_OVER};
use recovery::record::{Mirror, PoolRecord, Serving};
use topology::{Place, Pool};

use super::{Reached, unavailable};

impl Reached {
    pub(super) async fn look_at_layout(&self) -> Result<Layout, Fault> {
        let topology = &self.host.topology;
        let mut pools = Vec::new();
        for pool in topology.chat_pools() {
            let Some(chat) = pool.chat() else { continue };
            let observed = self.procedures.look(pool).await;
            let active = highest(&observed).map(|record| record.active_servers.clone());
            let site = topology.home_site(pool).map(|site| site.name.clone()).unwrap_or_default();
            pools.push(PoolLayout {
                fqdn: pool.fqdn.clone(),
                site,
                rooms: chat.rooms.clone(),
                servers: pool.servers.clone(),
                active: active.unwrap_or_default(),
                client_port: chat.client_port,
                stores: pool.stores.iter().map(|(_, store)| store.to_owned()).collect(),
            });
        }
        Ok(Layout { domain: topology.domain.clone(), pools })
    }

    pub(super) async fn look_at_states(&self) -> Result<Vec<PoolNow>, Fault> {
        let mut states = Vec::new();
        for pool in self.host.topology.chat_pools() {
            states.push(now(pool, &self.procedures.look(pool).await));
        }
        Ok(states)
    }

    pub(super) async fn look_at_mirrors(&self, pool: String) -> Result<Vec<MirrorNow>, Fault> {
        let pool = self.pool(&pool)?;
        let observed = self.procedures.look(&pool).await;
        let at_home = observed
            .serving()
            .and_then(|(_, record)| pool.stores.place_of(record.primary()?))
            .is_none_or(Place::is_home);
        let places = if at_home {
            [Place::Home, Place::HomeMirror]
        } else {
            [Place::Backup, Place::BackupMirror]
        };
        let [first, second] = places.map(|place| pool.stores.at(place).map(str::to_owned));
        let role = |store: &Option<String>| {
            let report = store.as_deref().and_then(|store| observed.report(store));
            match report {
                Some(report) if report.writable => MirrorRole::Principal,
                Some(report) if report.runs => MirrorRole::Mirror,
                Some(_) | None => MirrorRole::DatabaseInaccessibleOrMirroringNotEnabled,
            }
        };
        let streaming = observed.stores.values().any(|seen| match seen {
            StoreSeen::Reports { report } => report.writable && !report.standbys.is_empty(),
            StoreSeen::Unknown { .. } => false,
        });
        let status = match observed.serving().map(|(_, record)| &record.mirror) {
            Some(Mirror::Synchronized { .. }) => MirrorStatus::Synchronized,
            Some(Mirror::Suspended { .. } | Mirror::Awaited) if streaming => {
                MirrorStatus::Synchronizing
            }
            Some(Mirror::Suspended { .. } | Mirror::Awaited) => MirrorStatus::Suspended,
            Some(Mirror::NotDeclared { .. }) | None => MirrorStatus::Disconnected,
        };
        Ok(vec![MirrorNow {
            database: pool.database().to_owned(),
            on_primary: role(&first),
            on_mirror: role(&second),
            primary_store: first.ok_or_else(|| unavailable("the pool has no such store"))?,
            mirror_store: second,
            status,
        }])
    }

    pub(super) async fn look_at_protection(&self, pool: String) -> Result<Protection, Fault> {
        let pool = self.pool(&pool)?;
        let observed = self.procedures.look(&pool).await;
        let receiving = observed.stores.values().find_map(|seen| match seen {
            StoreSeen::Reports { report } if !report.writable => {
                report.shipping.clone().map(|shipping| (report.clone(), shipping))
            }
            StoreSeen::Reports { .. } | StoreSeen::Unknown { .. } => None,
        });
        let shipping = receiving.as_ref().map(|(_, shipping)| shipping);
        let exposed = highest(&observed).and_then(|record| match &record.mirror {
            Mirror::Suspended { since, .. } | Mirror::NotDeclared { since } => since.parse().ok(),
            Mirror::Synchronized { .. } | Mirror::Awaited => None,
        });
        Ok(Protection {
            now: now(&pool, &observed),
            sites: observed.sites.iter().map(|(site, seen)| (site.clone(), words(seen))).collect(),
            behind_bytes: shipping.and_then(|it| it.behind_bytes),
            behind: shipping
                .and_then(|it| it.behind_ms)
                .and_then(|ms| i64::try_from(ms).ok())
                .map(SignedDuration::from_millis),
            measured: shipping
                .and_then(|it| it.heard_at.as_deref())
                .and_then(|at| at.parse::<Timestamp>().ok()),
            rate: shipping.and_then(|it| it.bytes_per_second),
            waiting_for_replay: receiving.as_ref().and_then(|(report, shipping)| {
                Some(shipping.flushed?.bytes_since(report.position?))
            }),
            shipping: shipping_words(receiving.as_ref().map(|(report, _)| &**report)),
            exposed_since: exposed,
        })
    }

    pub(super) fn newest_journal(&self, pool: &str) -> Result<Vec<JournalLine>, Fault> {
        let entries = self.procedures.newest_run(pool);
        let entries = entries.map_err(|error| unavailable(format!("the journal: {error}")))?;
        let line = |entry: recovery::journal::Entry| JournalLine {
            at: entry.at,
            run: entry.run,
            host: entry.host,
            who: entry.who,
            what: what(&entry.what),
        };
        Ok(entries.into_iter().map(line).collect())
    }
}

fn highest(observed: &Observed) -> Option<&PoolRecord> {
    observed.serving().map(|(_, record)| record).or_else(|| {
        let records = observed.sites.keys().filter_map(|site| observed.record(site));
        records.max_by_key(|record| record.term)
    })
}

fn now(pool: &Pool, observed: &Observed) -> PoolNow {
    let record = highest(observed);
    let serving = observed.serving().map(|(_, record)| record);
    let primary = serving.and_then(PoolRecord::primary);
    PoolNow {
        fqdn: pool.fqdn.clone(),
        state: record.map_or("Unknown".to_owned(), |record| format!("{:?}", record.state)),
        primary: primary.map(str::to_owned),
        place: primary.and_then(|store| pool.stores.place_of(store)).map(|it| it.to_string()),
        term: serving.map(|record| record.term.to_string()),
        mirror: serving.map(|record| mirror(&record.mirror)),
    }
}

fn mirror(mirror: &Mirror) -> String {
    match mirror {
        Mirror::Synchronized { .. } => "synchronized".to_owned(),
        Mirror::Suspended { since, why, .. } => format!("suspended since {since}: {why}"),
        Mirror::Awaited => "awaited: posts wait for it".to_owned(),
        Mirror::NotDeclared { .. } => "none is declared".to_owned(),
    }
}

fn words(seen: &SiteSeen) -> String {
    match seen {
        SiteSeen::Unknown { why } => format!("unknown ({why})"),
        SiteSeen::Answers { record: None, .. } => "no record of the pool yet".to_owned(),
        SiteSeen::Answers { record: Some(record), .. } => match &record.serving {
            Serving::Here { primary } => format!("serves from {primary} in term {}", record.term),
            Serving::Elsewhere => "stands by".to_owned(),
            Serving::Following { upstream } => format!("follows {upstream}"),
            Serving::Quarantine { why } => format!("quarantine: {why}"),
        },
    }
}

fn shipping_words(receiving: Option<&Report>) -> String {
    let Some(shipping) = receiving.and_then(|report| report.shipping.as_ref()) else {
        return "nothing is known of log shipping".to_owned();
    };
    match (shipping.receiving, &shipping.fed_from, shipping.note.is_empty()) {
        (true, Some(from), _) => format!("continuous, fed from {from}"),
        (true, None, _) => "continuous".to_owned(),
        (false, _, true) => "not receiving".to_owned(),
        (false, _, false) => format!("not receiving: {}", shipping.note),
    }
}

fn what(what: &What) -> String {
    match what {
        What::Began { procedure, attested, accepted, also } => {
            let mut words = vec![format!("began {procedure}")];
            if *attested {
                let what = match procedure.as_str() {
                    it if it == HOME_ALONE.name => "backup site",
                    it if it == TAKE_OVER.name => "primary",
                    it if it == POOL_FAIL_OVER.name => "primary pool",
                    _ => "home site",
                };
                words.push(format!("attested that the {what} is down"));
            }
            words.extend(accepted.iter().map(|loss| format!("accepted: {loss}")));
            words.extend(also.iter().cloned());
            words.join("; ")
        }
        What::Row(line) => format!("step {} {:?}: {}", line.number, line.mark, line.text),
        What::Finished => "finished".to_owned(),
        What::Ended { stopped } => format!("stopped: {stopped}"),
    }
}
