//! `standfast status`: the deployment on one screen.

use std::collections::BTreeSet;
use std::process::ExitCode;

use recovery::keeper::report::Report;
use recovery::observed::{Observed, SiteSeen, StoreSeen};
use recovery::record::{Mirror, PoolRecord, Serving};
use topology::{Pool, Service, Topology};

use crate::args::Reach;
use crate::reach::{Deployment, block_on};
use crate::run::{PAIRS, PairSeen, Pairs};
use crate::said::answer;

/// Prints it. Fails when a chat pool is not served, or when no pool is: a front-end pool has
/// another that stands in for it.
pub(crate) fn status(reach: &Reach) -> anyhow::Result<ExitCode> {
    let (deployment, looked, pairs) = block_on(async {
        let (deployment, looked) = Deployment::reach(reach).await?;
        let pairs = look_at_pairs(&deployment).await;
        Ok((deployment, looked, pairs))
    })?;
    let (mut chats, mut any) = (true, false);
    answer(&format!("as {} sees it", looked.by))?;
    let topology = &deployment.topology;
    for pool in &topology.pools {
        let observed = match &pool.service {
            Service::PersistentChat(_) => looked.pools.get(&pool.fqdn),
            Service::ResponseGroups(_) => looked.front_end_pools.get(&pool.fqdn),
        };
        let Some(observed) = observed else { continue };
        let mut lines = screen(topology, pool, observed);
        let living = looked.living.get(&pool.fqdn).cloned().unwrap_or_default();
        lines.extend(chat_servers(pool, observed, &living));
        lines.extend(changes(pool, &pairs));
        answer(&lines.join("\n"))?;
        let served = observed.serving().is_some();
        chats &= served || pool.chat().is_none();
        any |= served;
    }
    Ok(if chats && any { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How the paired pools stand; or why that is not known.
async fn look_at_pairs(deployment: &Deployment) -> Result<Pairs, String> {
    let paired = |pool: &Pool| pool.response_groups().is_some_and(|it| it.backup_pool.is_some());
    if !deployment.topology.pools.iter().any(paired) {
        return Ok(Pairs::default());
    }
    deployment.call(PAIRS, &()).await.map_err(|error| error.to_string())
}

/// Where the Response Groups of a pool that is paired are changed, and why nowhere.
fn changes(pool: &Pool, pairs: &Result<Pairs, String>) -> Vec<String> {
    if pool.response_groups().is_none_or(|it| it.backup_pool.is_none()) {
        return Vec::new();
    }
    let unknown = |why: &str| vec![format!("  changed at     unknown: {why}")];
    match pairs.as_ref().map(|it| it.get(&pool.fqdn)) {
        Ok(Some(PairSeen { changed_at, notes })) => {
            let at = changed_at.as_deref().unwrap_or("nowhere, as far as is known");
            let notes = notes.iter().map(|note| format!("  attention      {note}"));
            std::iter::once(format!("  changed at     {at}")).chain(notes).collect()
        }
        Ok(None) => unknown("the host that answers does not know of it"),
        Err(why) => unknown(why),
    }
}

fn screen(topology: &Topology, pool: &Pool, observed: &Observed) -> Vec<String> {
    let mut lines = vec![String::new()];
    let serving = observed.serving().map(|(_, record)| record);
    lines.push(format!("{} {}  {}", kind(pool), pool.fqdn, state(pool, observed)));
    if let Some(response_groups) = pool.response_groups() {
        let backup = response_groups.backup_pool.as_deref().unwrap_or("none: it has no pair");
        lines.push(format!("  backup pool    {backup}"));
    }
    for site in topology.sites.iter().filter(|site| observed.sites.contains_key(&site.name)) {
        lines.push(format!("  site {:<10} {}", site.name, site_line(observed, &site.name)));
    }
    lines.push("  instance       place          role      position       note".to_owned());
    for (place, store) in pool.stores.iter() {
        let line = match observed.stores.get(store) {
            Some(StoreSeen::Reports { report }) => instance_line(report),
            Some(StoreSeen::Unknown { why }) => format!("unknown   {:<14} {why}", ""),
            None => "unknown".to_owned(),
        };
        lines.push(format!("  {store:<14} {:<14} {line}", place.to_string()));
    }
    lines.push(format!("  mirror         {}", serving.map_or("unknown".to_owned(), mirror)));
    if pool.stores.backup.is_some() {
        lines.push(format!("  log shipping   {}", shipping(observed)));
    }
    if pool.zero_loss {
        let home = topology.home_site(pool).map(|site| site.name.as_str());
        let holds = match observed.serving() {
            Some((site, _)) if Some(site) == home => {
                "by the topology file, posts wait until the backup site holds them"
            }
            Some(_) => "not while the pool is served from its backup site",
            None => "unknown",
        };
        lines.push(format!("  zero loss      {holds}"));
    }
    lines
}

fn state(pool: &Pool, observed: &Observed) -> String {
    if let Some((_, record)) = observed.serving() {
        return format!("{:?}, term {}", record.state, record.term);
    }
    let heard = observed.sites.values().any(|seen| matches!(seen, SiteSeen::Answers { .. }));
    if pool.response_groups().is_some() && !heard {
        return "away: its site is not heard".to_owned();
    }
    "unknown: no site is known to serve".to_owned()
}

fn kind(pool: &Pool) -> &'static str {
    match &pool.service {
        Service::PersistentChat(_) => "pool",
        Service::ResponseGroups(_) => "front-end pool",
    }
}

fn chat_servers(pool: &Pool, observed: &Observed, living: &BTreeSet<String>) -> Vec<String> {
    let serving = observed.serving().map(|(_, record)| record);
    let line = |server: &String| {
        let list = match serving {
            Some(record) if record.active_servers.contains(server) => "active",
            Some(_) => "not active",
            None => "unknown",
        };
        let life = if living.contains(server) { "up" } else { "not heard" };
        format!("  chat server    {server:<14} {list}, {life}")
    };
    pool.servers.iter().map(line).collect()
}

fn site_line(observed: &Observed, site: &str) -> String {
    match observed.sites.get(site) {
        Some(SiteSeen::Answers { record: Some(record), .. }) => standing(record),
        Some(SiteSeen::Answers { record: None, .. }) => "up, no record of the pool yet".to_owned(),
        Some(SiteSeen::Unknown { why }) => format!("unknown: {why}"),
        None => "unknown".to_owned(),
    }
}

fn standing(record: &PoolRecord) -> String {
    match &record.serving {
        Serving::Here { primary } => format!("serves from {primary}, gate {:?}", record.gate),
        Serving::Elsewhere => format!("stands by, log shipping {:?}", record.shipping),
        Serving::Following { upstream } => format!("follows {upstream}"),
        Serving::Quarantine { why } => format!("quarantine: {why}"),
    }
}

fn instance_line(report: &Report) -> String {
    let role = match (report.runs, report.writable) {
        (false, _) => "stopped",
        (true, true) => "primary",
        (true, false) => "standby",
    };
    let position = report.position.map(|lsn| lsn.to_string()).unwrap_or_default();
    let note = if report.note.is_empty() { &report.duty } else { &report.note };
    format!("{role:<9} {position:<14} {note}")
}

fn mirror(record: &PoolRecord) -> String {
    match &record.mirror {
        Mirror::Synchronized { .. } => "in sync: all that was acknowledged is on both".to_owned(),
        Mirror::Suspended { since, why, .. } => format!("SUSPENDED since {since}: {why}"),
        Mirror::Awaited => "AWAITED: everything waits until it is back".to_owned(),
        Mirror::NotDeclared { .. } => "none is declared".to_owned(),
    }
}

fn shipping(observed: &Observed) -> String {
    let shipping = observed.stores.values().find_map(|seen| match seen {
        StoreSeen::Reports { report } if !report.writable => report.shipping.as_ref(),
        StoreSeen::Reports { .. } | StoreSeen::Unknown { .. } => None,
    });
    let Some(shipping) = shipping else { return "nothing is known".to_owned() };
    let flowing = match (&shipping.fed_from, shipping.receiving) {
        (Some(from), true) => format!("flows from {from}"),
        _ if shipping.note.is_empty() => "not receiving".to_owned(),
        _ => format!("not receiving: {}", shipping.note),
    };
    let behind = match (shipping.behind_bytes, shipping.behind_ms) {
        (Some(bytes), Some(ms)) => {
            format!("{bytes} bytes and {}.{:03} s behind", ms / 1000, ms % 1000)
        }
        _ => "how far behind is not known".to_owned(),
    };
    match &shipping.heard_at {
        Some(at) => format!("{flowing}; {behind}, when the source was last heard ({at})"),
        None => format!("{flowing}; the source was not heard since this host started"),
    }
}
