//! What a file meets at the pool that it is brought home to: what that had changed unheard is named
//! and put aside, and its agents stay signed in or out.

use std::collections::BTreeSet;

use admin::Fault;
use admin::deployment::Mode;
use response_groups::compare::{Compared, Found, What, compare};
use response_groups::configuration::Configuration;
use response_groups::import::{Plan, agent_groups, meet_sign_ins};
use response_groups::model::SignIn;
use uuid::Uuid;

use super::Reached;
use super::given_up::{Coming, Newest, agents_of, content, named, the};
use super::response_groups::fault;
use crate::run::rgs;

/// What a file meets that is brought home.
#[derive(Default)]
pub(super) struct Home {
    /// What home had changed unheard, in sentences.
    pub(super) told: Vec<String>,
    /// Who is signed in afterwards, and out of whose groups everybody else is signed.
    signed_in: Option<(Vec<SignIn>, Option<String>)>,
}

impl Reached {
    /// Before a file is brought home where another pool stands in, or may: puts aside what home
    /// has. Tells what home had changed unheard: what the file replaces of it, and which agents
    /// stay signed in or out.
    pub(super) async fn comes_home(&self, coming: &Coming<'_>) -> Result<Home, Fault> {
        let owner = &coming.order.destination;
        let mode = coming.order.mode;
        if !coming.order.overwrite_owner {
            return Ok(Home::default());
        }
        let own = self.hosting(owner)?;
        let had = own.standing(owner).await.map_err(|it| fault(&it))?.place();
        let (given, reign) = match self.newest_of(owner).await {
            Newest::At(newest) if !newest.is(owner) => {
                let given = newest.hosting.received(owner).await.map_err(|it| fault(&it))?;
                (given, newest.standing.reign)
            }
            Newest::Received(by) => {
                let given = by.received(owner).await.map_err(|it| fault(&it))?;
                let reign = given.as_ref().map_or(0, |it| it.reign);
                (given, reign)
            }
            Newest::Perhaps { .. } => (None, 0),
            Newest::At(_) | Newest::Unknown => return Ok(Home::default()),
        };
        let is_older = given.as_ref().is_some_and(|it| had < (it.reign, it.revision));
        if mode == Mode::Act {
            own.learn(owner, reign).await.map_err(|it| fault(&it))?;
            // As a failback does: nobody changes it any more.
            rgs::send(own, own).await.map_err(|it| fault(&it))?;
        }
        let given = given.map(|it| it.configuration);
        if let Some(given) = given.as_ref().filter(|_| is_older) {
            // What home has is older than that: nobody has changed it unheard.
            let mut it = Home::met_by(coming, Some(given), given);
            it.told.push(match mode {
                Mode::Act => rgs::came_back_older(owner),
                Mode::WhatIf => format!(
                    "{owner} has come back without what it had, or with less: that would be put \
                     aside first."
                ),
            });
            return Ok(it);
        }
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
