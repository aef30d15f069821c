//! What was said in a topology file: every value with its line, nothing judged yet.

use toml::de::DeTable;

use crate::findings::Findings;
use crate::limits::{ClientLimits, ROWS};
use crate::place::Place;
use crate::table::{Need, Said, Table};

/// A missing value was told when it was read, so it is `None` here and judged no further.
pub(crate) struct SaidTopology {
    pub(crate) domain: Option<Said<String>>,
    pub(crate) sites: Vec<SaidSite>,
    pub(crate) hosts: Vec<SaidHost>,
    pub(crate) stores: Vec<SaidStore>,
    pub(crate) pools: Vec<SaidPool>,
    pub(crate) front_end_pools: Vec<SaidFrontEndPool>,
}

pub(crate) struct SaidSite {
    pub(crate) line: usize,
    pub(crate) name: Option<Said<String>>,
    pub(crate) witness: Option<Said<String>>,
}

pub(crate) struct SaidHost {
    pub(crate) line: usize,
    pub(crate) name: Option<Said<String>>,
    pub(crate) site: Option<Said<String>>,
    pub(crate) address: Option<Said<String>>,
    pub(crate) control_port: Option<Said<u16>>,
}

pub(crate) struct SaidStore {
    pub(crate) line: usize,
    pub(crate) name: Option<Said<String>>,
    pub(crate) host: Option<Said<String>>,
    pub(crate) port: Option<Said<u16>>,
}

pub(crate) struct SaidPool {
    pub(crate) line: usize,
    pub(crate) fqdn: Option<Said<String>>,
    pub(crate) rooms: Option<Said<String>>,
    pub(crate) servers: Option<Vec<Said<String>>>,
    pub(crate) places: SaidPlaces,
    pub(crate) share: Option<SaidShare>,
    pub(crate) zero_loss: Option<Said<bool>>,
    pub(crate) allow_suspended: Option<Said<bool>>,
    pub(crate) client_port: Option<Said<u16>>,
    pub(crate) client_tls_port: Option<Said<u16>>,
    /// Each limit stands for itself, so nothing is left to judge once it has been read.
    pub(crate) limits: ClientLimits,
}

pub(crate) struct SaidFrontEndPool {
    pub(crate) line: usize,
    pub(crate) fqdn: Option<Said<String>>,
    pub(crate) backup_pool: Option<Said<String>>,
    pub(crate) places: SaidPlaces,
    pub(crate) allow_suspended: Option<Said<bool>>,
}

#[derive(Default)]
pub(crate) struct SaidPlaces {
    pub(crate) home: Option<Said<String>>,
    pub(crate) home_mirror: Option<Said<String>>,
    pub(crate) backup: Option<Said<String>>,
    pub(crate) backup_mirror: Option<Said<String>>,
}

pub(crate) struct SaidShare {
    pub(crate) line: usize,
    pub(crate) host: Option<Said<String>>,
    pub(crate) directory: Option<Said<String>>,
}

impl SaidTopology {
    /// The places of every pool, of whatever kind.
    pub(crate) fn places(&self) -> impl Iterator<Item = &SaidPlaces> {
        let front_end = self.front_end_pools.iter().map(|pool| &pool.places);
        self.pools.iter().map(|pool| &pool.places).chain(front_end)
    }
}

impl SaidPlaces {
    pub(crate) fn at(&self, place: Place) -> Option<&Said<String>> {
        match place {
            Place::Home => self.home.as_ref(),
            Place::HomeMirror => self.home_mirror.as_ref(),
            Place::Backup => self.backup.as_ref(),
            Place::BackupMirror => self.backup_mirror.as_ref(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Place, &Said<String>)> {
        Place::ALL.into_iter().filter_map(|place| self.at(place).map(|store| (place, store)))
    }
}

/// Reads `text`. Errors of TOML itself end the reading: what follows them cannot be trusted.
pub(crate) fn read(text: &str, findings: &mut Findings) -> Option<SaidTopology> {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = findings.line(error.span().map_or(0, |span| span.start));
        let what = format!("this is not TOML: {}", error.message().replace('\n', ", "));
        findings.error(line, what, "correct it; the form is explained at https://toml.io");
    }
    if !errors.is_empty() {
        return None;
    }
    let mut table = Table::new("the topology", 1, document.get_ref());
    let said = SaidTopology {
        domain: table.text("domain", Need::Required, findings),
        sites: each(&mut table, "site", "[[site]]", findings, site),
        hosts: each(&mut table, "host", "[[host]]", findings, host),
        stores: each(&mut table, "store", "[[store]]", findings, store),
        pools: each(&mut table, "pool", "[[pool]]", findings, pool),
        front_end_pools: each(
            &mut table,
            "front_end_pool",
            "[[front_end_pool]]",
            findings,
            front_end_pool,
        ),
    };
    table.finish(findings);
    Some(said)
}

fn each<T>(
    table: &mut Table<'_>,
    key: &'static str,
    title: &'static str,
    findings: &mut Findings,
    read: fn(&mut Table<'_>, &mut Findings) -> T,
) -> Vec<T> {
    let mut said = Vec::new();
    for mut entry in table.tables(key, title, findings) {
        said.push(read(&mut entry, findings));
        entry.finish(findings);
    }
    said
}

fn site(table: &mut Table<'_>, findings: &mut Findings) -> SaidSite {
    SaidSite {
        line: table.line(),
        name: table.text("name", Need::Required, findings),
        witness: table.text("witness", Need::Required, findings),
    }
}

fn host(table: &mut Table<'_>, findings: &mut Findings) -> SaidHost {
    SaidHost {
        line: table.line(),
        name: table.text("name", Need::Required, findings),
        site: table.text("site", Need::Required, findings),
        address: table.text("address", Need::Required, findings),
        control_port: table.port("control_port", findings),
    }
}

fn store(table: &mut Table<'_>, findings: &mut Findings) -> SaidStore {
    SaidStore {
        line: table.line(),
        name: table.text("name", Need::Required, findings),
        host: table.text("host", Need::Required, findings),
        port: table.port("port", findings),
    }
}

fn pool(table: &mut Table<'_>, findings: &mut Findings) -> SaidPool {
    SaidPool {
        line: table.line(),
        fqdn: table.text("fqdn", Need::Required, findings),
        rooms: table.text("rooms", Need::Optional, findings),
        servers: table.texts("servers", Need::Required, findings),
        places: places(table, findings).unwrap_or_default(),
        share: share(table, findings),
        zero_loss: table.flag("zero_loss", findings),
        allow_suspended: table.flag("allow_suspended", findings),
        client_port: table.port("client_port", findings),
        client_tls_port: table.port("client_tls_port", findings),
        limits: limits(table, findings).unwrap_or_default(),
    }
}

fn places(pool: &mut Table<'_>, findings: &mut Findings) -> Option<SaidPlaces> {
    let mut table = pool.table("stores", Need::Required, "`stores` of [[pool]]", findings)?;
    let said = SaidPlaces {
        home: table.text("home", Need::Required, findings),
        home_mirror: table.text("home_mirror", Need::Optional, findings),
        backup: table.text("backup", Need::Optional, findings),
        backup_mirror: table.text("backup_mirror", Need::Optional, findings),
    };
    table.finish(findings);
    Some(said)
}

fn limits(pool: &mut Table<'_>, findings: &mut Findings) -> Option<ClientLimits> {
    let mut table = pool.table("limits", Need::Optional, "`limits` of [[pool]]", findings)?;
    let mut limits = ClientLimits::default();
    for row in &ROWS {
        if let Some(said) = table.number(row.key, row.least..=row.most, findings) {
            *(row.of)(&mut limits) = said.value;
        }
    }
    table.finish(findings);
    Some(limits)
}

fn front_end_pool(table: &mut Table<'_>, findings: &mut Findings) -> SaidFrontEndPool {
    SaidFrontEndPool {
        line: table.line(),
        fqdn: table.text("fqdn", Need::Required, findings),
        backup_pool: table.text("backup_pool", Need::Optional, findings),
        places: front_end_places(table, findings).unwrap_or_default(),
        allow_suspended: table.flag("allow_suspended", findings),
    }
}

/// A front-end pool lives in one site: it has no backup of its own, but a pool that is its backup.
fn front_end_places(pool: &mut Table<'_>, findings: &mut Findings) -> Option<SaidPlaces> {
    let title = "`stores` of [[front_end_pool]]";
    let mut table = pool.table("stores", Need::Required, title, findings)?;
    let said = SaidPlaces {
        home: table.text("home", Need::Required, findings),
        home_mirror: table.text("home_mirror", Need::Optional, findings),
        ..SaidPlaces::default()
    };
    table.finish(findings);
    Some(said)
}

fn share(pool: &mut Table<'_>, findings: &mut Findings) -> Option<SaidShare> {
    let mut table = pool.table("share", Need::Optional, "`share` of [[pool]]", findings)?;
    let said = SaidShare {
        line: table.line(),
        host: table.text("host", Need::Required, findings),
        directory: table.text("directory", Need::Optional, findings),
    };
    table.finish(findings);
    Some(said)
}
