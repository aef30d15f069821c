//! All of a configuration out, as it stands at one moment; and the removal of just that.

use std::collections::BTreeMap;

use tokio::runtime::Handle;
use uuid::Uuid;

use super::change::Change;
use super::lease::Lease;
use super::references::Referrers;
use super::sign_ins::Turnover;
use super::{Hosting, OwnerFilter, RgsError, audio, read, references, reign, settings, sign_ins};
use super::{table, write};
use crate::configuration::{AudioEntry, Configuration};
use crate::import::{AudioSource, Standing};
use crate::model::{Kind, SignIn};

/// How long an export may rest while what it read is written elsewhere.
const REST: &str = "2min";

/// A configuration and the moment at which it was read. While it is held, the contents of audio
/// files can be read as they were at that moment; its connection is held as well.
#[derive(Debug)]
pub struct Export {
    lease: Lease,
    configuration: Configuration,
    standings: BTreeMap<String, Standing>,
    exported: Exported,
}

/// What an export read, to be removed if it has not changed since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// The objects with their versions.
    pub objects: Vec<ExportedObject>,
    /// The revision of each owner of whom something was read.
    pub revisions: BTreeMap<String, i64>,
    /// Who was signed in to the agent groups.
    pub sign_ins: Vec<SignIn>,
}

/// An object and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedObject {
    /// What it is.
    pub kind: Kind,
    /// Its identity.
    pub id: Uuid,
    /// The pool that it belongs to.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Its owner's revision when it was written last.
    pub version: i64,
}

impl Hosting {
    /// Reads the configuration of the owners that are meant.
    pub async fn export(&self, owner: &OwnerFilter) -> Result<Export, RgsError> {
        let lease = self.look().await?;
        lease.batch(&format!("set local idle_in_transaction_session_timeout = '{REST}'")).await?;
        let owner = owner.owner(self.parent());
        let (configuration, exported) = read_all(&lease, owner).await?;
        let mut standings = reign::all(&lease, self.parent()).await?;
        if let Some(owner) = owner {
            standings.retain(|it, _| it == owner);
        }
        let revisions = standings.iter().map(|(owner, it)| (owner.clone(), it.revision)).collect();
        let sign_ins = configuration.sign_ins.clone();
        let exported = Exported { revisions, sign_ins, ..exported };
        Ok(Export { lease, configuration, standings, exported })
    }

    /// Removes just what was exported, if none of it has changed since and nobody has signed in
    /// or out. The settings of an owner go with the last of its objects, unless the owner is this
    /// pool.
    pub async fn remove_exported(&self, exported: &Exported) -> Result<(), RgsError> {
        let mut change = self.change().await?;
        let removed = remove_unchanged(&mut change, exported).await;
        change.end(removed).await
    }

    /// The same of what `destination` has by now. Whoever has signed in or out here since it was
    /// read does so there first; from that moment on nobody does here.
    pub async fn remove_carried(
        &self,
        exported: &Exported,
        destination: &Self,
    ) -> Result<(), RgsError> {
        let mut change = self.change().await?;
        let removed = remove_carried(&mut change, exported, destination).await;
        change.end(removed).await
    }
}

impl Export {
    /// What was read.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// What this pool knows of each owner that was meant.
    pub fn standings(&self) -> &BTreeMap<String, Standing> {
        &self.standings
    }

    /// What may be removed afterwards.
    pub fn exported(&self) -> &Exported {
        &self.exported
    }

    /// The content of one of the configuration's audio files.
    pub async fn content(&self, id: Uuid) -> Result<Vec<u8>, RgsError> {
        let sql = "select c.content from rgs.audio a join rgs.content c on c.sha256 = a.sha256
                   where a.id = $1";
        let row = self.lease.maybe_row(sql, &[&id]).await?;
        let missing = || RgsError::Missing { what: format!("audio file {id}") };
        Ok(row.ok_or_else(missing)?.get(0))
    }

    /// Ends it, and gives its connection back.
    pub async fn end(self) -> (Configuration, Exported) {
        let Self { lease, configuration, exported, .. } = self;
        if lease.batch("rollback").await.is_ok() {
            lease.give_back();
        }
        (configuration, exported)
    }
}

/// Audio as it was when an export began. Reading it holds up its thread: it needs a runtime that
/// has several.
#[derive(Debug)]
pub struct FromExport<'a> {
    export: &'a Export,
    runtime: Handle,
}

impl<'a> FromExport<'a> {
    /// The audio of an export.
    pub fn new(export: &'a Export) -> Self {
        Self { export, runtime: Handle::current() }
    }
}

impl AudioSource for FromExport<'_> {
    fn content(&mut self, id: Uuid) -> Result<Vec<u8>, String> {
        let read = || self.runtime.block_on(self.export.content(id));
        tokio::task::block_in_place(read).map_err(|error| error.to_string())
    }
}

async fn read_all(
    lease: &Lease,
    owner: Option<&str>,
) -> Result<(Configuration, Exported), RgsError> {
    let mut configuration = Configuration::default();
    let mut exported = Exported::default();
    for kind in Kind::ALL {
        let chosen = "$1::text is null or it.owner = $1";
        for (version, object) in read::objects(lease, kind, chosen, &[&owner]).await? {
            exported.objects.push(ExportedObject {
                kind,
                id: object.id(),
                owner: object.owner().to_owned(),
                name: object.name().to_owned(),
                version,
            });
            configuration.objects.push(object);
        }
    }
    configuration.audio = audio_entries(lease, owner).await?;
    configuration.settings = settings::all(lease, owner).await?;
    configuration.sign_ins = sign_ins::all(lease, owner).await?;
    Ok((configuration, exported))
}

async fn audio_entries(lease: &Lease, owner: Option<&str>) -> Result<Vec<AudioEntry>, RgsError> {
    let sql = "select a.id, a.owner, a.original_file_name, octet_length(c.content),
                 encode(a.sha256, 'hex')
               from rgs.audio a join rgs.content c on c.sha256 = a.sha256
               where exists (select from rgs.audio_use u where u.audio = a.id
                             and ($1::text is null or u.owner = $1))
               order by a.id";
    let rows = lease.rows(sql, &[&owner]).await?;
    let entry = |row: &tokio_postgres::Row| AudioEntry {
        id: row.get(0),
        owner: row.get(1),
        original_file_name: row.get(2),
        bytes: u64::try_from(row.get::<_, i32>(3)).unwrap_or_default(),
        sha256: row.get(4),
    };
    Ok(rows.iter().map(entry).collect())
}

async fn remove_unchanged(change: &mut Change, exported: &Exported) -> Result<(), RgsError> {
    let turnover = turnover(change, exported).await?;
    remove_objects(change, exported).await?;
    if turnover.is_empty() {
        return Ok(());
    }
    let groups = turnover.groups();
    let of_group = |it: &&ExportedObject| it.kind == Kind::AgentGroup && groups.contains(&it.id);
    let groups = exported.objects.iter().filter(of_group).map(|it| format!("{:?}", it.name));
    Err(RgsError::SignedSince { groups: groups.collect() })
}

async fn remove_carried(
    change: &mut Change,
    exported: &Exported,
    destination: &Hosting,
) -> Result<(), RgsError> {
    let turnover = turnover(change, exported).await?;
    remove_objects(change, exported).await?;
    if turnover.is_empty() {
        return Ok(());
    }
    // This transaction rests while the other pool makes its own.
    change.batch(&format!("set local idle_in_transaction_session_timeout = '{REST}'")).await?;
    destination.follow(&turnover).await
}

/// Who has signed in and out of the groups since it was read. Nobody does from here on.
async fn turnover(change: &Change, exported: &Exported) -> Result<Turnover, RgsError> {
    let groups = exported.objects.iter().filter(|it| it.kind == Kind::AgentGroup);
    let groups: Vec<Uuid> = groups.map(|it| it.id).collect();
    let now = sign_ins::of_groups(change, &groups).await?;
    Ok(Turnover::between(&exported.sign_ins, &now))
}

async fn remove_objects(change: &mut Change, exported: &Exported) -> Result<(), RgsError> {
    let mut changed = Vec::new();
    for kind in Kind::ALL {
        let expected: Vec<_> = exported.objects.iter().filter(|it| it.kind == kind).collect();
        let ids: Vec<Uuid> = expected.iter().map(|it| it.id).collect();
        let name = table::of(kind).name;
        let sql = format!("select id, owner, version from rgs.{name} where id = any($1)");
        let rows = change.rows(&sql, &[&ids]).await?;
        let here: BTreeMap<Uuid, (String, i64)> =
            rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect();
        let is_same = |it: &&&ExportedObject| {
            here.get(&it.id)
                .is_some_and(|(owner, version)| *owner == it.owner && *version == it.version)
        };
        let others = expected.iter().filter(|it| !is_same(it));
        changed.extend(others.map(|it| format!("the {kind} {:?}", it.name)));
    }
    if !changed.is_empty() {
        return Err(RgsError::Changed { what: changed });
    }
    let going = Referrers::of(exported.objects.iter().map(|it| (it.kind, it.id)));
    for kind in Kind::ALL {
        let ids = exported.objects.iter().filter(|it| it.kind == kind).map(|it| it.id);
        let ids: Vec<Uuid> = ids.collect();
        let by = references::users(change, kind, &ids, &going).await?;
        if !by.is_empty() {
            return Err(RgsError::InUse { what: "what was exported".to_owned(), by });
        }
        write::delete(change, kind, &ids).await?;
    }
    for (owner, revision) in &exported.revisions {
        remove_visiting_settings(change, owner, *revision).await?;
    }
    for it in &exported.objects {
        change.touch(&it.owner).await?;
    }
    audio::sweep(change).await
}

/// Removes the settings of an owner who is a guest and has nothing else here.
async fn remove_visiting_settings(
    change: &mut Change,
    owner: &str,
    revision: i64,
) -> Result<(), RgsError> {
    if owner == change.pool() {
        return Ok(());
    }
    for kind in Kind::ALL {
        let table = table::of(kind).name;
        let sql = format!("select exists (select from rgs.{table} where owner = $1)");
        if change.row(&sql, &[&owner]).await?.get(0) {
            return Ok(());
        }
    }
    let sql = "delete from rgs.settings where owner = $1 returning version";
    let Some(row) = change.maybe_row(sql, &[&owner]).await? else { return Ok(()) };
    if row.get::<_, i64>(0) > revision {
        return Err(RgsError::Changed { what: vec![format!("the settings of {owner}")] });
    }
    change.touch(owner).await?;
    Ok(())
}
