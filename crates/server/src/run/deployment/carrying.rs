//! Response Groups carried by files: export, import, comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, BufWriter, Seek as _, SeekFrom, Write as _};

use admin::deployment::Mode;
use admin::deployment::response_groups::{Compare, Export, Import, Owner};
use admin::files::{Delivery, Taken};
use admin::{Fault, FaultKind, Watch};
use jiff::Timestamp;
use response_groups::compare::{Compared, Found, What, compare};
use response_groups::configuration::{AudioEntry, Configuration};
use response_groups::import::{
    self, AudioSource, Base, Conflicts, Incoming, Options, Report, Standing,
};
use response_groups::package::{Header, Package, Refused, Reign, Writer, verify};
use response_groups::store::{Export as Held, Hosting, ImportError, OwnerFilter, RgsError};
use tokio::runtime::Handle;
use uuid::Uuid;

use super::given_up::{Coming, content, named, told};
use super::response_groups::{JUST_MADE, fault, owner};
use super::{Reached, twice};
use crate::run::rgs::{self, Pair};

/// An export file, read and found whole.
type Opened = Package<BufReader<File>>;

impl Reached {
    /// Writes an export file into the spool, reads it back, and lets removal wait until the shell
    /// has it.
    pub(super) async fn make_export(&self, order: Export) -> Result<Delivery, Fault> {
        let hosting = self.hosting(&order.source)?.clone();
        if order.put_aside {
            return self.export_put_aside(&hosting, &order).await;
        }
        let unheard = if order.remove { self.ask_pair(&order.source).await? } else { None };
        // Without an owner: what a listing shows, the objects that belong to the pool itself.
        let held = hosting.export(&owner(order.of.clone())).await.map_err(|it| fault(&it))?;
        let header = Header {
            source: order.source.clone(),
            owner: match order.of {
                Owner::Pool(ref owner) => Some(owner.clone()),
                Owner::Parent => Some(order.source.clone()),
                Owner::Any => None,
            },
            created: Timestamp::now(),
            owners: held
                .standings()
                .iter()
                .map(|(owner, it)| {
                    (owner.clone(), Reign { reign: it.reign, revision: it.revision })
                })
                .collect(),
        };
        let exported = held.exported().clone();
        let objects = held.configuration().objects.len();
        if order.remove && objects > 0 {
            self.may_be_removed(&order, held.standings(), held.configuration()).await?;
        }
        let audio = held.configuration().audio.len();
        let offered = self.offer(&order, header, Carried::Held(Box::new(held)));
        let delivery = offered.await?.note(format!(
            "{objects} objects and {audio} audio files of {} were exported.",
            order.source
        ));
        if !order.remove {
            return Ok(delivery);
        }
        let delivery = unheard.into_iter().fold(delivery, Delivery::note);
        Ok(delivery.on_delivered(async move |watch: Watch| {
            hosting.remove_exported(&exported).await.map_err(|it| fault(&it))?;
            watch.note(format!("{objects} objects were removed from {}.", hosting.parent()));
            Ok(Vec::new())
        }))
    }

    /// Refuses to remove what another pool may change now, and what is in service here for
    /// another: removed here, it would be gone there as well when it is brought home.
    async fn may_be_removed(
        &self,
        order: &Export,
        standings: &BTreeMap<String, Standing>,
        held: &Configuration,
    ) -> Result<(), Fault> {
        let source = &order.source;
        for (owner, here) in standings {
            if owner == source && !here.edits {
                let not = RgsError::NotEditor { owner: owner.clone(), pool: source.clone() };
                return Err(fault(&not));
            }
            if owner == source || !here.edits || order.force {
                continue;
            }
            // Its own pool may have taken it home since.
            let at_home = match self.hostings.get(owner) {
                Some(hosting) => hosting.standing(owner).await.ok(),
                None => None,
            };
            if at_home.is_some_and(|it| it.edits && here.reign < it.reign) {
                self.have_received(owner, source).await?;
            } else {
                self.replaced(owner, source, held).await.permit(owner, source)?;
            }
        }
        Ok(())
    }

    /// Whether a third pool, which takes the place of the owner, has all of it for its own, as it
    /// is at the source.
    async fn replaced(&self, owner: &str, source: &str, held: &Configuration) -> Replaced {
        let mut replaced = Replaced::Not;
        let is_third = |it: &&Hosting| ![owner, source].contains(&it.parent());
        for hosting in self.hostings.iter().map(|(_, it)| it).filter(is_third) {
            let pool = hosting.parent();
            let Ok(there) = content(hosting, pool).await else { continue };
            let mut here = held.clone();
            for object in &mut here.objects {
                pool.clone_into(object.owner_and_name().0);
            }
            let is_object = |it: &Compared| matches!(it.what, What::Object(_));
            let of_here = |it: &Compared| is_object(it) && it.found != Found::OnlyThere;
            let all: Vec<_> = compare(&here, &there).into_iter().filter(of_here).collect();
            let lacking: Vec<_> = all.iter().filter(|it| it.found != Found::Same).collect();
            if lacking.is_empty() {
                return Replaced::By;
            }
            if all.iter().any(|it| it.found != Found::OnlyHere) {
                let lacking: Vec<_> = lacking.into_iter().map(|it| told(it, source)).collect();
                replaced = Replaced::InPart { pool: pool.to_owned(), lacking: named(&lacking) };
            }
        }
        replaced
    }

    /// What is taken out at the pool that stood in is received there first: it is never on one
    /// pool only.
    async fn have_received(&self, owner: &str, source: &str) -> Result<(), Fault> {
        let pair = self.hostings.pair(owner).filter(|it| it.partner().parent() == source);
        let Some(pair) = pair else { return Ok(()) };
        rgs::send(pair.own(), pair.partner()).await.map(|_| ()).map_err(|it| fault(&it))
    }

    /// Writes what the last failback of a pool has put aside.
    async fn export_put_aside(&self, hosting: &Hosting, order: &Export) -> Result<Delivery, Fault> {
        let pool = hosting.parent();
        let aside = hosting.received(pool).await.map_err(|it| fault(&it))?;
        let aside = aside.ok_or_else(|| {
            let hint = "a failback puts aside what a pool has before anything is written over it";
            Fault::missing(format!("nothing of {pool} is put aside"), hint)
        })?;
        let reign = Reign { reign: aside.reign, revision: aside.revision };
        let header = Header {
            source: pool.to_owned(),
            owner: Some(pool.to_owned()),
            created: aside.received_at,
            owners: BTreeMap::from([(pool.to_owned(), reign)]),
        };
        let objects = aside.configuration.objects.len();
        let note = format!(
            "{objects} objects were exported, as {pool} had them at {}.",
            aside.received_at
        );
        let aside = Carried::Aside(hosting.clone(), aside.configuration);
        Ok(self.offer(order, header, aside).await?.note(note))
    }

    /// Writes an export file into the spool, and reads it back.
    async fn offer(
        &self,
        order: &Export,
        header: Header,
        carried: Carried,
    ) -> Result<Delivery, Fault> {
        let runtime = Handle::current();
        let offered = self.spool.offer(&order.who, &order.file_name, move |file| {
            let whole = write(file, &header, carried, &runtime)?;
            let read_back = verify(BufReader::new(file), &header, &whole);
            read_back.map_err(|why| failed(format!("the file could not be read back: {why}")))
        });
        offered.await
    }

    /// Imports an export file, all or nothing.
    pub(super) async fn carry_in(&self, order: Import, watch: &Watch) -> Result<Report, Fault> {
        let hosting = self.hosting(&order.destination)?;
        let mut package = open(self.spool.take(&order.file, &order.who)?).await?;
        let whole = package.configuration().clone();
        let (source, of) = (package.manifest().source.clone(), package.manifest().owner.clone());
        let reigns: BTreeMap<String, i64> = package.incoming().reigns;
        let coming =
            Coming { order: &order, configuration: &whole, owner: of.as_deref(), reigns: &reigns };
        if order.mode == Mode::Act {
            // What the pair may have received is the destination's own.
            let is_free = order.force || !coming.owners().contains(order.destination.as_str());
            match self.heed_pair(&order.destination, watch).await {
                Err(fault) if is_free && fault.code == JUST_MADE => watch.warn(fault.message),
                heeded => heeded?,
            }
        }
        let given_up = self.gives_nothing_up(&coming).await?;
        let home = self.comes_home(&coming).await?;
        let names = self.hold_names(watch).await?;
        let elsewhere = self.names_elsewhere(&order.destination, &names, watch).await;
        let options = Options {
            overwrite_owner: order.overwrite_owner,
            replace_settings: order.replace_settings,
            resolve_name_conflicts: order.resolve_name_conflicts,
            owner_is_away: self.owners_are_away(&order.destination, reigns.keys()).await,
        };
        // A file does not say what was removed.
        let given = BTreeSet::new();
        let incoming = Incoming {
            configuration: &whole,
            source: &source,
            owner: of.as_deref(),
            reigns,
            given,
        };
        let base = base_of(&package, &order.destination);
        let plan = |existing: &import::Existing| {
            let mut plan = import::plan(existing, &incoming, options).map_err(NoPlan::Conflicts)?;
            let stands_in = |it: &Base| plan.claim.iter().any(|(owner, _)| *owner == it.owner);
            plan.base = base.filter(stands_in);
            home.amend(&mut plan);
            match order.mode {
                Mode::Act => Ok(plan),
                Mode::WhatIf => Err(NoPlan::Rehearsed(Box::new(plan.report))),
            }
        };
        let twice = twice::standing(&order, &whole, &elsewhere);
        let imported = hosting.import(elsewhere, plan, &mut Blocking(&mut package)).await;
        names.end().await;
        let report = match imported {
            Ok(report) => report,
            Err(ImportError::Plan(NoPlan::Rehearsed(report))) => *report,
            Err(ImportError::Plan(NoPlan::Conflicts(conflicts))) => {
                let code = "name-conflict";
                return Err(Fault::new(FaultKind::Conflict, code, conflicts.to_string(), ""));
            }
            Err(ImportError::Store(error)) => return Err(fault(&error)),
        };
        for told in given_up.into_iter().chain(home.told.iter().cloned()).chain(twice) {
            watch.warn(told);
        }
        Ok(report)
    }

    /// Whether none of the pools that own what comes in can be asked whether it still edits that,
    /// and nobody who answers stands in for one. A pool of this deployment is stood in for by its
    /// pair alone: nobody else asks before each change whether it may.
    async fn owners_are_away(
        &self,
        destination: &str,
        owners: impl Iterator<Item = &String>,
    ) -> bool {
        let mut away = false;
        for owner in owners.filter(|it| *it != destination) {
            let Some(hosting) = self.hostings.get(owner) else {
                away = true;
                continue;
            };
            let pair = self.hostings.pair(owner).map(Pair::partner);
            if pair.is_none_or(|it| it.parent() != destination)
                || hosting.standing(owner).await.is_ok()
            {
                return false;
            }
            away = true;
        }
        away
    }

    /// Compares what a pool hosts with an export file.
    pub(super) async fn compare_with_file(&self, order: Compare) -> Result<Vec<Compared>, Fault> {
        let package = open(self.spool.take(&order.file, &order.who)?).await?;
        let of = match &package.manifest().owner {
            Some(owner) => OwnerFilter::Of(owner.clone()),
            None => OwnerFilter::All,
        };
        let held = self.hosting(&order.parent)?.export(&of).await.map_err(|it| fault(&it))?;
        let (here, _) = held.end().await;
        Ok(compare(&here, package.configuration()))
    }
}

/// Whether another pool has taken the place of one that is stood in for.
enum Replaced {
    By,
    /// Not with all that there is.
    InPart {
        pool: String,
        lacking: String,
    },
    Not,
}

impl Replaced {
    /// Refuses to take out at `source` what nobody else has.
    fn permit(self, owner: &str, source: &str) -> Result<(), Fault> {
        let (lacks, takes) = match self {
            Self::By => return Ok(()),
            Self::InPart { pool, lacking } => (
                format!("; and {pool} has not all of it: {lacking}"),
                format!(
                    "; or, if {pool} takes its place, import it there with -OverwriteOwner once \
                     more"
                ),
            ),
            Self::Not => (String::new(), String::new()),
        };
        let what = format!(
            "{source} stands in for {owner}: what is removed here is gone there, too, when it is \
             brought home{lacks}"
        );
        let hint = format!(
            "bring it home first (Invoke-CsPoolFailBack {owner}, or export it without \
             -RemoveExportedConfiguration and import it at {owner}){takes}; or repeat with -Force"
        );
        Err(Fault::new(FaultKind::Unsafe, "in-service", what, hint))
    }
}

/// What a pool is given by a file of another one's: what differs from it later, it has changed.
fn base_of(package: &Opened, destination: &str) -> Option<Base> {
    let owner = package.manifest().owner.clone().filter(|it| it != destination)?;
    let place = package.manifest().owners.get(&owner);
    let place = place.map_or((0, 0), |it| (it.reign, it.revision));
    Some(Base { owner, place, configuration: package.configuration().clone() })
}

/// Why there is no plan to carry out.
#[derive(Debug, thiserror::Error)]
enum NoPlan {
    #[error(transparent)]
    Conflicts(Conflicts),
    #[error("it was only rehearsed")]
    Rehearsed(Box<Report>),
}

/// Reads from a file where waiting for the disk may hold up no other task.
struct Blocking<'a>(&'a mut Opened);

impl AudioSource for Blocking<'_> {
    fn content(&mut self, id: Uuid) -> Result<Vec<u8>, String> {
        tokio::task::block_in_place(|| self.0.content(id))
    }
}

async fn open(taken: Taken) -> Result<Opened, Fault> {
    let name = taken.name;
    let read = tokio::task::spawn_blocking(move || Package::open(BufReader::new(taken.file)));
    let read =
        read.await.map_err(|error| failed(format!("the file could not be read: {error}")))?;
    read.map_err(|why: Refused| {
        let message = format!("{name} was not imported, and nothing was changed: {why}");
        Fault::new(FaultKind::Misspoken, "bad-file", message, "")
    })
}

/// What is written into a file.
enum Carried {
    /// What the pool hosts.
    Held(Box<Held>),
    /// What a failback has put aside there.
    Aside(Hosting, Configuration),
}

impl Carried {
    fn configuration(&self) -> &Configuration {
        match self {
            Self::Held(held) => held.configuration(),
            Self::Aside(_, whole) => whole,
        }
    }

    async fn content(&self, audio: &AudioEntry) -> Result<Vec<u8>, RgsError> {
        match self {
            Self::Held(held) => held.content(audio.id).await,
            Self::Aside(hosting, _) => hosting.received_content(&audio.sha256).await,
        }
    }

    async fn end(self) -> Configuration {
        match self {
            Self::Held(held) => held.end().await.0,
            Self::Aside(_, whole) => whole,
        }
    }
}

/// Writes the whole file, audio one by one, and leaves it at its beginning. Gives what was written.
fn write(
    file: &mut File,
    header: &Header,
    carried: Carried,
    runtime: &Handle,
) -> Result<Configuration, Fault> {
    let unwritten =
        |error: &dyn std::fmt::Display| failed(format!("nothing was exported: {error}"));
    let out = BufWriter::new(&mut *file);
    let mut writer =
        Writer::begin(out, header, carried.configuration()).map_err(|it| unwritten(&it))?;
    while let Some(audio) = writer.next_audio().cloned() {
        let content = runtime.block_on(carried.content(&audio)).map_err(|it| fault(&it))?;
        writer.audio(audio.id, &content).map_err(|it| unwritten(&it))?;
    }
    let mut out = writer.finish().map_err(|it| unwritten(&it))?;
    out.flush().map_err(|it| unwritten(&it))?;
    drop(out);
    let whole = runtime.block_on(carried.end());
    file.sync_all().map_err(|it| unwritten(&it))?;
    file.seek(SeekFrom::Start(0)).map_err(|it| unwritten(&it))?;
    Ok(whole)
}

fn failed(message: String) -> Fault {
    Fault::new(FaultKind::Failed, "export", message, "make room on the host's disk, or try again")
}
