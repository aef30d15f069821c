//! What an import would give up: what was changed at the pool that stands in, or was the last one
//! to, and is not in the file.

use std::collections::{BTreeMap, BTreeSet};

use admin::deployment::Mode;
use admin::deployment::response_groups::Import;
use admin::{Fault, FaultKind};
use response_groups::compare::{Compared, Found, What, compare};
use response_groups::configuration::Configuration;
use response_groups::import::Standing;
use response_groups::model::{Object, SignIn};
use response_groups::store::{Hosting, OwnerFilter};
use uuid::Uuid;

use super::Reached;
use super::response_groups::fault;
use crate::run::rgs;

/// How many differences are named.
const NAMED_MAX: usize = 10;

/// A pool that answers, and what it knows of an owner.
pub(super) struct Heard<'a> {
    pub(super) hosting: &'a Hosting,
    pub(super) standing: Standing,
}

/// Who has the newest of what belongs to an owner.
pub(super) enum Newest<'a> {
    /// This pool.
    At(Heard<'a>),
    /// This one, as far as is known: it is not heard, and the other one changes nothing.
    Perhaps { unheard: &'a str, heard: Heard<'a> },
    /// This one, which has received it: the owner's own pool has come back without it.
    Received(&'a Hosting),
    /// Nobody is paired, or nobody answers.
    Unknown,
}

/// A file that is to come in.
pub(super) struct Coming<'a> {
    pub(super) order: &'a Import,
    pub(super) configuration: &'a Configuration,
    /// The only owner whose objects it holds, if they were chosen.
    pub(super) owner: Option<&'a str>,
    /// What the source knew of each owner's reign.
    pub(super) reigns: &'a BTreeMap<String, i64>,
}

impl Coming<'_> {
    /// Those whose objects the import writes.
    pub(super) fn owners(&self) -> BTreeSet<&str> {
        let taken = self.order.overwrite_owner.then_some(self.order.destination.as_str());
        let written = self.configuration.objects.iter().map(Object::owner);
        written.chain(self.owner).chain(taken).collect()
    }

    /// What comes in of one owner.
    fn of(&self, owner: &str) -> Configuration {
        let mut configuration = self.configuration.clone();
        configuration.objects.retain(|it| it.owner() == owner);
        let groups: BTreeSet<_> = configuration.objects.iter().map(Object::id).collect();
        configuration.sign_ins.retain(|it| groups.contains(&it.group));
        configuration
    }
}

impl Reached {
    /// Which of an owner's own pool and the one that it is paired with has come to the higher
    /// reign. One that closed has a higher one than before; a failback makes both reigns the same
    /// before home opens.
    pub(super) async fn newest_of(&self, owner: &str) -> Newest<'_> {
        let (Some(own), Some(pair)) = (self.hostings.get(owner), self.hostings.pair(owner)) else {
            return Newest::Unknown;
        };
        let partner = pair.partner();
        let [mine, theirs] = [own, partner].map(|hosting| Box::pin(heard(hosting, owner)));
        let (mine, theirs) = tokio::join!(mine, theirs);
        match (mine, theirs) {
            (Some(mine), Some(theirs)) => {
                let (home, other) = (mine.standing, theirs.standing);
                let received = partner.word(owner).await.ok().and_then(|it| it.received);
                if rgs::has_lost(home, other, received) {
                    return Newest::Received(partner);
                }
                let is_later = (home.reign, home.edits) < (other.reign, true);
                Newest::At(if is_later { theirs } else { mine })
            }
            (Some(heard), None) => or_perhaps(heard, partner.parent()),
            (None, Some(heard)) => or_perhaps(heard, own.parent()),
            (None, None) => Newest::Unknown,
        }
    }

    /// Refuses, unless that is forced, a file that would give up what somebody changed. Tells what
    /// is given up where it is forced.
    pub(super) async fn gives_nothing_up(&self, coming: &Coming<'_>) -> Result<Vec<String>, Fault> {
        let mut told = Vec::new();
        for owner in coming.owners() {
            let Some(loss) = self.loss(coming, owner).await? else { continue };
            if !coming.order.force {
                return Err(loss.refused());
            }
            told.push(loss.borne(coming.order.mode));
        }
        Ok(told)
    }

    /// What of one owner's the import would give up.
    async fn loss(&self, coming: &Coming<'_>, owner: &str) -> Result<Option<Loss>, Fault> {
        let here = coming.order.destination.as_str();
        let is_home = owner == here;
        let is_pair = self.hostings.pair(owner).is_some_and(|it| it.partner().parent() == here);
        if !is_home && !is_pair {
            return Ok(None);
        }
        let overwrites = coming.order.overwrite_owner;
        Ok(match self.newest_of(owner).await {
            Newest::Unknown => None,
            Newest::Received(_) if !is_home => None,
            Newest::Received(by) if !overwrites => {
                let why = format!("it has come back without what it had, and {} has", by.parent());
                return Err(shut(here, &format!("{why} received that")));
            }
            Newest::Received(by) => {
                let received = by.received(owner).await.map_err(|it| fault(&it))?;
                let there = received.map(|it| it.configuration).unwrap_or_default();
                Loss::received(coming, &there, by.parent())
            }
            Newest::At(newest) if newest.is(owner) && (is_pair || newest.standing.edits) => None,
            Newest::At(newest) if is_home && !newest.is(here) && !overwrites => {
                return Err(shut(here, &format!("{} stands in for it", newest.name())));
            }
            Newest::Perhaps { unheard, .. } if is_home && !overwrites => {
                let why = format!("{unheard}, which may stand in for it, is not heard");
                return Err(shut(here, &why));
            }
            Newest::At(newest) if is_pair && overwrites => {
                let loss = Loss::of(coming, &newest, owner).await?;
                Some(Loss::never_home(&newest, owner).with(loss))
            }
            Newest::At(newest) => Loss::of(coming, &newest, owner).await?,
            Newest::Perhaps { unheard, .. } if is_home => Some(Loss::unheard(owner, unheard)),
            Newest::Perhaps { heard, .. } => {
                let file = coming.reigns.get(owner).copied().unwrap_or_default();
                if heard.standing.reign <= file {
                    return Ok(None);
                }
                let loss = Loss::of(coming, &heard, owner).await?;
                Some(Loss::given_back(owner, &heard).with(loss))
            }
        })
    }
}

async fn heard<'a>(hosting: &'a Hosting, owner: &str) -> Option<Heard<'a>> {
    let standing = hosting.standing(owner).await.ok()?;
    Some(Heard { hosting, standing })
}

/// Of two, the one that is heard has the newest if it changes anything.
fn or_perhaps<'a>(heard: Heard<'a>, unheard: &'a str) -> Newest<'a> {
    if heard.standing.edits { Newest::At(heard) } else { Newest::Perhaps { unheard, heard } }
}

impl Heard<'_> {
    fn name(&self) -> &str {
        self.hosting.parent()
    }

    pub(super) fn is(&self, pool: &str) -> bool {
        self.name() == pool
    }
}

/// Something that an import would give up.
struct Loss {
    /// How it stands.
    what: String,
    /// What to do instead.
    hint: String,
}

impl Loss {
    /// What differs between the file and what the pool with the newest has.
    async fn of(
        coming: &Coming<'_>,
        newest: &Heard<'_>,
        owner: &str,
    ) -> Result<Option<Self>, Fault> {
        let there = content(newest.hosting, owner).await?;
        let at = newest.name();
        let lost = differing(coming, &there, at, owner);
        if lost.is_empty() {
            return Ok(None);
        }
        let named = named(&lost);
        let what = format!("{}, and the file is not what it has: {named}", newest.stands(owner));
        let hint = if coming.order.destination == owner {
            format!(
                "bring it home (Invoke-CsPoolFailBack {owner}), or export it there \
                 (Export-CsRgsConfiguration {at} -Owner {owner}) and import that; -Force gives up \
                 what was changed there"
            )
        } else {
            "leave it as it stands, or repeat with -Force to give up what was changed there".into()
        };
        Ok(Some(Self { what, hint }))
    }

    /// What differs between the file and what `by` has received, when home has it no more.
    fn received(coming: &Coming<'_>, there: &Configuration, by: &str) -> Option<Self> {
        let owner = coming.order.destination.as_str();
        let lost = differing(coming, there, by, owner);
        let hint = format!(
            "Invoke-CsPoolFailOver {owner} -AcceptDataLoss lets {by} make objects of what it has \
             received, and Invoke-CsPoolFailBack {owner} brings them home; -Force takes the file \
             instead"
        );
        (!lost.is_empty()).then(|| Self {
            what: format!(
                "{owner} has come back without what it had, and the file is not what {by} has \
                 received of that: {}",
                named(&lost)
            ),
            hint,
        })
    }

    fn never_home(newest: &Heard<'_>, owner: &str) -> Self {
        let here = newest.name();
        let what = format!(
            "{}: what belongs to {here} cannot be brought home any more",
            newest.stands(owner)
        );
        Self { what, hint: "leave -OverwriteOwner out, or repeat with -Force".to_owned() }
    }

    fn unheard(owner: &str, pair: &str) -> Self {
        let what = format!(
            "{owner} changes nothing, and {pair}, which may stand in for it, is not heard: what \
             was changed there cannot be compared with the file, and the next failback removes it \
             there, unless it is exported before (Export-CsRgsConfiguration {pair} -Owner {owner})"
        );
        let hint = format!(
            "start the hosts of the databases of {pair}, or repeat with -Force: then {owner} \
             changes its own again"
        );
        Self { what, hint }
    }

    fn given_back(owner: &str, heard: &Heard<'_>) -> Self {
        let what = format!(
            "{} stood in for {owner} and may have given it back, {owner} is not heard, and the \
             file is older than that",
            heard.name()
        );
        let hint = format!(
            "Invoke-CsPoolFailOver {owner} -DisasterMode -AcceptDataLoss lets what is there be \
             changed again; -Force takes the file instead"
        );
        Self { what, hint }
    }

    /// Beside what differs.
    fn with(mut self, differing: Option<Self>) -> Self {
        if let Some(differing) = differing {
            self.what = format!("{}; {}", self.what, differing.what);
        }
        self
    }

    fn refused(self) -> Fault {
        let what = format!("{}; nothing was imported", self.what);
        Fault::new(FaultKind::Unsafe, "stands-in", what, self.hint)
    }

    fn borne(self, mode: Mode) -> String {
        let given = match mode {
            Mode::Act => "Given up with -Force",
            Mode::WhatIf => "With -Force this would be given up",
        };
        format!("{given}: {}.", self.what)
    }
}

impl Heard<'_> {
    /// How this pool, which has the newest, stands to the owner.
    fn stands(&self, owner: &str) -> String {
        let here = self.name();
        match (self.is(owner), self.standing.edits) {
            (true, _) => format!("{owner} is closed for changes"),
            (false, true) => format!("{here} stands in for {owner}"),
            (false, false) => format!("{here} was the last to stand in for {owner}"),
        }
    }
}

/// Refuses what would pass for changes of home's own.
fn shut(home: &str, why: &str) -> Fault {
    let what = format!("{home} changes nothing of its own: {why}; nothing was imported");
    let hint = "import it where it stands in, or bring it home with -OverwriteOwner";
    Fault::new(FaultKind::Unsafe, "stands-in", what, hint)
}

/// What a pool has of an owner.
pub(super) async fn content(hosting: &Hosting, owner: &str) -> Result<Configuration, Fault> {
    let of = OwnerFilter::Of(owner.to_owned());
    let export = hosting.export(&of).await.map_err(|it| fault(&it))?;
    let (configuration, _) = export.end().await;
    Ok(configuration)
}

/// What an import would make otherwise than it is `there`, each in words.
fn differing(coming: &Coming<'_>, there: &Configuration, at: &str, owner: &str) -> Vec<String> {
    let file = coming.of(owner);
    // Settings at home stay, unless they are to be replaced, and an audio file matters as far as an
    // object plays it.
    let settings = coming.order.destination != owner || coming.order.replace_settings;
    let is_lost = |it: &Compared| match it.what {
        What::Object(_) => it.found != Found::Same,
        What::Settings => settings && matches!(it.found, Found::Differs(_)),
        What::AudioFile => false,
    };
    let lost = compare(there, &file).into_iter().filter(is_lost);
    lost.map(|it| told(&it, at)).chain(others_signed_in(there, &file, at)).collect()
}

/// The agents of groups on both sides who are signed in on one of them alone, each in words.
fn others_signed_in(there: &Configuration, file: &Configuration, at: &str) -> Vec<String> {
    let [here, file] = [there, file].map(|it| agents_of(&it.sign_ins));
    let only = |who: &(Uuid, String), place: &str| format!("{} is signed in only {place}", who.1);
    let only_here = here.difference(&file).map(|it| only(it, &format!("at {at}")));
    let only_there = file.difference(&here).map(|it| only(it, "in the file"));
    only_here.chain(only_there).collect()
}

/// Who is signed in to which group.
pub(super) fn agents_of(sign_ins: &[SignIn]) -> BTreeSet<(Uuid, String)> {
    sign_ins.iter().map(|it| (it.group, it.agent.to_lowercase())).collect()
}

/// The first of them.
pub(super) fn named(all: &[String]) -> String {
    let first = all.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED_MAX) {
        0 => first,
        more => format!("{first}, and {more} more"),
    }
}

pub(super) fn the(it: &Compared) -> String {
    match it.what {
        What::Settings => format!("what {} has as application-level settings", it.owner),
        _ => format!("the {} {:?}", it.what, it.name),
    }
}

pub(super) fn told(it: &Compared, stand_in: &str) -> String {
    let what = the(it);
    match it.found {
        Found::OnlyHere => format!("{what} is only at {stand_in}"),
        Found::OnlyThere => format!("{what} is only in the file"),
        Found::Differs(_) | Found::Same => format!("{what} is another"),
    }
}
