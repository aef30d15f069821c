//! What an import would give up: changes that were made where another pool stands in, and that are
//! not in the file; and those that home had made unheard.

use std::collections::BTreeSet;

use admin::deployment::Mode;
use admin::deployment::response_groups::Import;
use admin::{Fault, FaultKind};
use response_groups::compare::{Compared, Found, What, compare};
use response_groups::configuration::Configuration;
use response_groups::store::{Hosting, OwnerFilter};
use uuid::Uuid;

use super::Reached;
use super::response_groups::fault;
use crate::run::rgs;

/// How many differences are named.
const NAMED_MAX: usize = 10;

/// The pool that stands in for another one, and the reign in which it does.
struct Other<'a> {
    hosting: &'a Hosting,
    reign: i64,
}

/// Who stands in for an owner.
enum StandIn<'a> {
    /// This pool.
    Heard(Other<'a>),
    /// This one, as far as is known: the owner changes nothing, and its pair is not heard.
    Perhaps(&'a str),
    Nobody,
}

impl Reached {
    async fn stand_in(&self, owner: &str) -> StandIn<'_> {
        let (Some(own), Some(pair)) = (self.hostings.get(owner), self.hostings.pair(owner)) else {
            return StandIn::Nobody;
        };
        let hosting = pair.partner();
        match tokio::join!(own.standing(owner), hosting.standing(owner)) {
            (Ok(mine), Ok(theirs))
                if theirs.edits && (mine.reign < theirs.reign || !mine.edits) =>
            {
                StandIn::Heard(Other { hosting, reign: theirs.reign })
            }
            (Err(_), Ok(theirs)) if theirs.edits && theirs.reign > 0 => {
                StandIn::Heard(Other { hosting, reign: theirs.reign })
            }
            (Ok(mine), Err(_)) if !mine.edits => StandIn::Perhaps(hosting.parent()),
            // Of one that is not heard, a warning was given before.
            (Ok(_) | Err(_), Ok(_) | Err(_)) => StandIn::Nobody,
        }
    }

    /// Refuses, unless that is forced, what would give up changes that were made at the pool which
    /// stands in for `owner` and is to import the owner's file again.
    pub(super) async fn stays_as_it_stands(
        &self,
        order: &Import,
        owner: &str,
        coming: &Configuration,
    ) -> Result<(), Fault> {
        let here = &order.destination;
        if order.force || owner == here {
            return Ok(());
        }
        let StandIn::Heard(other) = self.stand_in(owner).await else { return Ok(()) };
        if other.hosting.parent() != here {
            return Ok(());
        }
        if order.overwrite_owner {
            let what = format!(
                "{here} stands in for {owner}: what belongs to {here} cannot be brought home any \
                 more"
            );
            let hint = "leave -OverwriteOwner out, or repeat with -Force";
            return Err(Fault::new(FaultKind::Unsafe, "stands-in", what, hint));
        }
        let hint = "leave it as it stands, or repeat with -Force to give up what was changed there";
        gives_nothing_up(owner, &other, coming, hint.to_owned()).await
    }

    /// Before a file is brought home where another pool stands in: refuses one that lacks what was
    /// changed there, and puts aside what home has. Gives what home had changed unheard and the
    /// file replaces, in a sentence.
    pub(super) async fn comes_home(
        &self,
        order: &Import,
        coming: &Configuration,
    ) -> Result<Option<String>, Fault> {
        let owner = &order.destination;
        if !order.overwrite_owner {
            return Ok(None);
        }
        let other = match self.stand_in(owner).await {
            StandIn::Heard(other) => other,
            StandIn::Perhaps(pair) if !order.force => {
                let what = format!(
                    "{owner} changes nothing, and {pair}, which may stand in for it, is not heard: \
                     what was changed there cannot be compared with the file"
                );
                let hint = format!(
                    "start the hosts of the databases of {pair}, or repeat with -Force: then \
                     {owner} changes its own again"
                );
                return Err(Fault::new(FaultKind::Unsafe, "stands-in", what, hint));
            }
            StandIn::Perhaps(_) | StandIn::Nobody => return Ok(None),
        };
        if !order.force {
            let stand_in = other.hosting.parent();
            let hint = format!(
                "bring it home (Invoke-CsPoolFailBack {owner}), or export it there \
                 (Export-CsRgsConfiguration {stand_in} -Owner {owner}) and import that; -Force \
                 gives up what was changed there"
            );
            gives_nothing_up(owner, &other, coming, hint).await?;
        }
        let own = self.hosting(owner)?;
        if order.mode == Mode::Act {
            own.learn(owner, other.reign).await.map_err(|it| fault(&it))?;
            // As a failback does: nobody changes it any more.
            rgs::send(own, own).await.map_err(|it| fault(&it))?;
        }
        let given = other.hosting.received(owner).await.map_err(|it| fault(&it))?;
        let given = given.map(|it| it.configuration).unwrap_or_default();
        let held = own.export(&OwnerFilter::Of(owner.clone())).await.map_err(|it| fault(&it))?;
        let (here, _) = held.end().await;
        let replaced = unheard(&here, &given, coming);
        if replaced.is_empty() {
            return Ok(None);
        }
        let of = format!("Changed at {owner}, unheard");
        let all = named(&replaced);
        let were = if replaced.len() == 1 { "was" } else { "were" };
        Ok(Some(match order.mode {
            Mode::Act => format!("{of}: {all} {were} replaced. {}", rgs::put_aside(owner)),
            Mode::WhatIf => format!("{of}: {all} would be replaced, and put aside first."),
        }))
    }
}

/// Refuses a file without what was changed at `other`: imported in its place, that would be gone.
async fn gives_nothing_up(
    owner: &str,
    other: &Other<'_>,
    coming: &Configuration,
    hint: String,
) -> Result<(), Fault> {
    let of = OwnerFilter::Of(owner.to_owned());
    let there = other.hosting.export(&of).await.map_err(|it| fault(&it))?;
    let (there, _) = there.end().await;
    // Settings at home stay, and an audio file matters as far as an object plays it.
    let is_lost = |it: &Compared| matches!(it.what, What::Object(_)) && it.found != Found::Same;
    let lost: Vec<_> = compare(&there, coming).into_iter().filter(is_lost).collect();
    if lost.is_empty() {
        return Ok(());
    }
    let stand_in = other.hosting.parent();
    let named = named(&lost.iter().map(|it| told(it, stand_in)).collect::<Vec<_>>());
    let what = format!(
        "{stand_in} stands in for {owner}, and the file is not what it has: {named}; nothing was \
         imported"
    );
    Err(Fault::new(FaultKind::Unsafe, "stands-in", what, hint))
}

/// The objects that `here` had changed since `given`, and that come in otherwise.
fn unheard(here: &Configuration, given: &Configuration, coming: &Configuration) -> Vec<String> {
    let changed = compare(here, given).into_iter();
    let changed: BTreeSet<_> =
        changed.filter(|it| it.found != Found::Same).map(|it| key(&it)).collect();
    let replaced = compare(here, coming).into_iter();
    let replaced = replaced.filter(|it| matches!(it.found, Found::Differs(_)));
    let objects = replaced.filter(|it| matches!(it.what, What::Object(_)));
    objects.filter(|it| changed.contains(&key(it))).map(|it| the(&it)).collect()
}

fn key(it: &Compared) -> (What, Option<Uuid>) {
    (it.what, it.id)
}

/// The first of them.
fn named(all: &[String]) -> String {
    let first = all.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED_MAX) {
        0 => first,
        more => format!("{first}, and {more} more"),
    }
}

fn the(it: &Compared) -> String {
    format!("the {} {:?}", it.what, it.name)
}

fn told(it: &Compared, stand_in: &str) -> String {
    let what = the(it);
    match it.found {
        Found::OnlyHere => format!("{what} is only at {stand_in}"),
        Found::OnlyThere => format!("{what} is only in the file"),
        Found::Differs(_) | Found::Same => format!("{what} is another"),
    }
}
