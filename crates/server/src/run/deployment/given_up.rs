//! What an import would give up: what was changed at the pool that stands in, or was the last one
//! to, and is not in the file; and what home had made unheard.

use std::collections::{BTreeMap, BTreeSet};

use admin::deployment::Mode;
use admin::deployment::response_groups::Import;
use admin::{Fault, FaultKind};
use response_groups::compare::{Compared, Found, What, compare};
use response_groups::configuration::Configuration;
use response_groups::import::{Plan, Standing, agent_groups, meet_sign_ins};
use response_groups::model::{Object, SignIn};
use response_groups::store::{Hosting, OwnerFilter};
use uuid::Uuid;

use super::Reached;
use super::response_groups::fault;
use crate::run::rgs;

/// How many differences are named.
const NAMED_MAX: usize = 10;

/// A pool that answers, and what it knows of an owner.
struct Heard<'a> {
    hosting: &'a Hosting,
    standing: Standing,
}

/// Who has the newest of what belongs to an owner.
enum Newest<'a> {
    /// This pool.
    At(Heard<'a>),
    /// This one, as far as is known: it is not heard, and the other one changes nothing.
    Perhaps { unheard: &'a str, heard: Heard<'a> },
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
    fn owners(&self) -> BTreeSet<&str> {
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

/// What a file meets that is brought home.
#[derive(Default)]
pub(super) struct Home {
    /// What home had changed unheard, in sentences.
    pub(super) told: Vec<String>,
    /// Who is signed in afterwards, and out of whose groups everybody else is signed.
    signed_in: Option<(Vec<SignIn>, Option<String>)>,
}

impl Reached {
    /// Which of an owner's own pool and the one that it is paired with has come to the higher
    /// reign. One that closed has a higher one than before; a failback makes both reigns the same
    /// before home opens.
    async fn newest_of(&self, owner: &str) -> Newest<'_> {
        let (Some(own), Some(pair)) = (self.hostings.get(owner), self.hostings.pair(owner)) else {
            return Newest::Unknown;
        };
        let partner = pair.partner();
        let [mine, theirs] = [own, partner].map(|hosting| Box::pin(heard(hosting, owner)));
        let (mine, theirs) = tokio::join!(mine, theirs);
        match (mine, theirs) {
            (Some(mine), Some(theirs)) => {
                let (home, other) = (mine.standing, theirs.standing);
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

    /// Before a file is brought home where another pool stands in, or may: puts aside what home
    /// has. Tells what home had changed unheard: what the file replaces of it, and which agents stay
    /// signed in or out.
    pub(super) async fn comes_home(&self, coming: &Coming<'_>) -> Result<Home, Fault> {
        let owner = &coming.order.destination;
        let mode = coming.order.mode;
        if !coming.order.overwrite_owner {
            return Ok(Home::default());
        }
        let own = self.hosting(owner)?;
        let given = match self.newest_of(owner).await {
            Newest::At(newest) if !newest.is(owner) => {
                if mode == Mode::Act {
                    let learnt = own.learn(owner, newest.standing.reign).await;
                    learnt.map_err(|it| fault(&it))?;
                }
                newest.hosting.received(owner).await.map_err(|it| fault(&it))?
            }
            Newest::Perhaps { .. } => None,
            Newest::At(_) | Newest::Unknown => return Ok(Home::default()),
        };
        if mode == Mode::Act {
            // As a failback does: nobody changes it any more.
            rgs::send(own, own).await.map_err(|it| fault(&it))?;
        }
        let given = given.map(|it| it.configuration);
        let home = content(own, owner).await?;
        let mut it = Home::met_by(coming, given.as_ref(), &home);
        let replaced = unheard(&home, &given.unwrap_or_default(), coming.configuration);
        if !replaced.is_empty() {
            let of = format!("Changed at {owner}, unheard");
            let all = named(&replaced);
            let were = if replaced.len() == 1 { "was" } else { "were" };
            it.told.push(match mode {
                Mode::Act => format!("{of}: {all} {were} replaced. {}", rgs::put_aside(owner)),
                Mode::WhatIf => format!("{of}: {all} would be replaced, and put aside first."),
            });
        }
        Ok(it)
    }
}

impl Home {
    /// Who is signed in at home afterwards, to the groups of the file and to those that stay beside
    /// them. Where it is not known what the other pool was `given`, nobody is signed out.
    fn met_by(coming: &Coming<'_>, given: Option<&Configuration>, home: &Configuration) -> Self {
        let file = coming.configuration;
        let groups = agent_groups(&file.objects);
        let base = given.cloned().unwrap_or_default();
        let (mut sign_ins, agents) = meet_sign_ins(&base, file, home, &groups);
        let others = home.sign_ins.iter().filter(|it| !groups.contains_key(&it.group));
        sign_ins.extend(others.cloned());
        let mut told = agents.told();
        if given.is_none() {
            let [own, all] = [&home.sign_ins, &sign_ins].map(|it| agents_of(it));
            let new: Vec<_> = all.difference(&own).map(|(_, agent)| agent.clone()).collect();
            if !new.is_empty() {
                told.push(format!("Signed in as in the file, and not at home: {}.", named(&new)));
            }
        }
        let sign_out_of = given.map(|_| coming.order.destination.clone());
        Self { told, signed_in: Some((sign_ins, sign_out_of)) }
    }

    /// Has the plan sign in whoever is to be.
    pub(super) fn amend(&self, plan: &mut Plan) {
        if let Some((sign_ins, sign_out_of)) = &self.signed_in {
            plan.sign_ins.clone_from(sign_ins);
            plan.sign_out_of.clone_from(sign_out_of);
        }
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

    fn is(&self, pool: &str) -> bool {
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
        // Settings at home stay, unless they are to be replaced, and an audio file matters as far
        // as an object plays it.
        let settings = coming.order.destination != owner || coming.order.replace_settings;
        let is_lost = |it: &Compared| match it.what {
            What::Object(_) => it.found != Found::Same,
            What::Settings => settings && matches!(it.found, Found::Differs(_)),
            What::AudioFile => false,
        };
        let lost: Vec<_> = compare(&there, &coming.of(owner)).into_iter().filter(is_lost).collect();
        let at = newest.name();
        let mut lost: Vec<_> = lost.iter().map(|it| told(it, at)).collect();
        lost.extend(others_signed_in(&there, &coming.of(owner), at));
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

/// The agents of groups on both sides who are signed in on one of them alone, each in words.
fn others_signed_in(there: &Configuration, file: &Configuration, at: &str) -> Vec<String> {
    let [here, file] = [there, file].map(|it| agents_of(&it.sign_ins));
    let only = |who: &(Uuid, String), place: &str| format!("{} is signed in only {place}", who.1);
    let only_here = here.difference(&file).map(|it| only(it, &format!("at {at}")));
    let only_there = file.difference(&here).map(|it| only(it, "in the file"));
    only_here.chain(only_there).collect()
}

/// Who is signed in to which group.
fn agents_of(sign_ins: &[SignIn]) -> BTreeSet<(Uuid, String)> {
    sign_ins.iter().map(|it| (it.group, it.agent.to_lowercase())).collect()
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
pub(super) fn named(all: &[String]) -> String {
    let first = all.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED_MAX) {
        0 => first,
        more => format!("{first}, and {more} more"),
    }
}

fn the(it: &Compared) -> String {
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
