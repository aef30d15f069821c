//! All that belongs to a pool, moved to another one, which becomes its owner.
//!
//! Each pool changes in one transaction of its own: first everything comes in there, then it goes
//! here. A move that ends between the two leaves everything at both pools, under either owner; the
//! same move again finishes it. What was changed at either pool meanwhile is never lost unseen: a
//! pool lets go only of what it has read, and a copy that differs is replaced only if that is said.
//! Agents sign in and out to the last moment: the transaction that removes takes them along.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use uuid::Uuid;

use super::error::listed;
use super::export::{Export, Exported, FromExport};
use super::{Hosting, ImportError, OwnerFilter, RgsError};
use crate::compare::{Found, What, compare};
use crate::configuration::Configuration;
use crate::import::{
    Conflicts, Elsewhere, Existing, Incoming, Options, Plan, Report, is_numbered, plan,
};
use crate::model::Object;

/// How everything is moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moving {
    /// A newcomer whose name is taken is given another one.
    pub resolve_name_conflicts: bool,
    /// What is there from a move that was interrupted, and differs, is replaced.
    pub replace: bool,
    /// It is only told what would come of it.
    pub rehearse: bool,
}

/// Why a move was not made, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// It cannot be planned; nothing was changed.
    #[error(transparent)]
    Conflicts(Conflicts),
    /// An interrupted move was here before, and what it brought differs; nothing was changed.
    #[error(
        "{} at {pool} differs from what would be moved there: it was changed at one of the pools \
         since an earlier move was interrupted; remove what is not wanted, or replace what is at \
         {pool} with -Force", listed(.what)
    )]
    Differs {
        /// The destination.
        pool: String,
        /// What differs, with the fields.
        what: Vec<String>,
    },
    /// One of the stores did not do it. But for [`RgsError::Unknown`] nothing was changed.
    #[error(transparent)]
    Store(#[from] RgsError),
    /// It has come in, and has not gone, or nobody knows.
    #[error(
        "everything is at {destination} now and was not removed at {from}, as far as is known: \
         {why}; move it again, which finishes"
    )]
    AtBoth {
        /// Where it came from.
        from: String,
        /// Where it is now.
        destination: String,
        /// Why it did not go.
        why: Box<RgsError>,
    },
}

impl Hosting {
    /// Moves what belongs to this pool and is hosted here to another pool, whose it is from then
    /// on. Application-level settings stay: each pool has its own. `elsewhere` is what all pools
    /// but the destination host, as far as they could be asked.
    pub async fn move_to(
        &self,
        destination: &Self,
        elsewhere: Vec<Elsewhere>,
        how: Moving,
    ) -> Result<Report, MoveError> {
        let there = destination.export(&OwnerFilter::Parent).await?.end().await;
        let held = self.export(&OwnerFilter::Parent).await?;
        let brought = Box::pin(self.bring(&held, destination, &there, elsewhere, how)).await;
        let (_, exported) = held.end().await;
        let report = brought?;
        if how.rehearse || exported.objects.is_empty() {
            return Ok(report);
        }
        let gone = self.let_go(destination, &exported).await;
        gone.map_err(|why| MoveError::AtBoth {
            from: self.parent().to_owned(),
            destination: destination.parent().to_owned(),
            why: Box::new(why),
        })?;
        Ok(report)
    }

    /// Imports everything there, where `there` was a moment ago.
    async fn bring(
        &self,
        held: &Export,
        destination: &Self,
        there: &(Configuration, Exported),
        elsewhere: Vec<Elsewhere>,
        how: Moving,
    ) -> Result<Report, MoveError> {
        let owner = self.parent();
        let mine = held.standings().get(owner).copied().unwrap_or_default();
        if !mine.edits {
            return Err(not_editor(owner).into());
        }
        let whole = without_settings(held.configuration());
        if whole.objects.is_empty() {
            return Ok(Report::default());
        }
        let (theirs, seen) = there;
        let what = if how.replace { Vec::new() } else { differing(&whole, theirs) };
        if !what.is_empty() {
            return Err(MoveError::Differs { pool: destination.parent().to_owned(), what });
        }
        let incoming = Incoming {
            configuration: &whole,
            source: owner,
            owner: Some(owner),
            reigns: BTreeMap::from([(owner.to_owned(), mine.reign)]),
            given: BTreeSet::new(),
        };
        let make = |existing: &Existing| make_plan(existing, &incoming, seen, how);
        let mut audio = FromExport::new(held);
        match destination.import(elsewhere, make, &mut audio).await {
            Ok(report) => Ok(report),
            Err(ImportError::Plan(NoPlan::Rehearsed(report))) => Ok(*report),
            Err(ImportError::Plan(NoPlan::Refused(error))) => Err(error),
            Err(ImportError::Store(error)) => Err(error.into()),
        }
    }

    /// Removes what has been read, once it is seen at the destination.
    async fn let_go(&self, destination: &Self, exported: &Exported) -> Result<(), RgsError> {
        let there = destination.names().await?;
        let there = there.into_iter().filter(|it| it.owner == destination.parent());
        let there: HashSet<_> = there.map(|it| (it.kind, it.id)).collect();
        if let Some(it) = exported.objects.iter().find(|it| !there.contains(&(it.kind, it.id))) {
            let what = format!("{} {:?} at {}", it.kind, it.name, destination.parent());
            return Err(RgsError::Missing { what });
        }
        self.remove_carried(exported, destination).await
    }
}

/// Why there is no plan to carry out.
#[derive(Debug, thiserror::Error)]
enum NoPlan {
    #[error(transparent)]
    Refused(MoveError),
    #[error("it was only rehearsed")]
    Rehearsed(Box<Report>),
}

/// Plans the import, if the destination may have it and is as it was `seen`.
fn make_plan(
    existing: &Existing,
    incoming: &Incoming<'_>,
    seen: &Exported,
    how: Moving,
) -> Result<Plan, NoPlan> {
    let parent = &existing.parent;
    let refused = |error: RgsError| NoPlan::Refused(error.into());
    let theirs = existing.owners.get(parent).copied().unwrap_or_default();
    if !theirs.edits {
        return Err(refused(not_editor(parent)));
    }
    let coming: HashSet<Uuid> = incoming.configuration.objects.iter().map(Object::id).collect();
    let again = existing.objects.iter().any(|it| it.owner == *parent && coming.contains(&it.id));
    if again && !how.replace && seen.revisions.get(parent) != Some(&theirs.revision) {
        return Err(refused(RgsError::Overtaken { pool: parent.clone() }));
    }
    let options = Options {
        overwrite_owner: true,
        resolve_name_conflicts: how.resolve_name_conflicts,
        ..Options::default()
    };
    let mut plan = plan(existing, incoming, options)
        .map_err(|conflicts| NoPlan::Refused(MoveError::Conflicts(conflicts)))?;
    plan.report.left_behind.push(format!(
        "the application-level settings of {source} stay at {source}; those of {parent} are in \
         force for what is moved",
        source = incoming.source
    ));
    if how.rehearse { Err(NoPlan::Rehearsed(Box::new(plan.report))) } else { Ok(plan) }
}

fn not_editor(owner: &str) -> RgsError {
    RgsError::NotEditor { owner: owner.to_owned(), pool: owner.to_owned() }
}

/// What is moved: no settings, and of the audio files what the objects play.
fn without_settings(whole: &Configuration) -> Configuration {
    let played: BTreeSet<Uuid> = whole.objects.iter().flat_map(Object::audio).collect();
    let audio = whole.audio.iter().filter(|it| played.contains(&it.id));
    Configuration {
        objects: whole.objects.clone(),
        audio: audio.cloned().collect(),
        settings: BTreeMap::new(),
        sign_ins: whole.sign_ins.clone(),
    }
}

/// What is at the destination already, as its own, and is not what would be moved there. It has
/// another owner, and may have been given another name.
fn differing(whole: &Configuration, there: &Configuration) -> Vec<String> {
    let coming: HashSet<Uuid> = whole.objects.iter().map(Object::id).collect();
    let objects = there.objects.iter().filter(|it| coming.contains(&it.id())).cloned();
    let there = Configuration { objects: objects.collect(), ..Configuration::default() };
    let compared = compare(&there, whole).into_iter().filter_map(|it| {
        let (What::Object(kind), Found::Differs(mut fields)) = (it.what, it.found) else {
            return None;
        };
        let renamed = it.renamed_to.is_some_and(|old| is_numbered(&it.name, &old));
        fields.retain(|field| field != "Owner" && !(renamed && field == "Name"));
        let fields_text = fields.join(", ");
        (!fields.is_empty()).then(|| format!("the {kind} {:?} ({fields_text})", it.name))
    });
    compared.collect()
}
