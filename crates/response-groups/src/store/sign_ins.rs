//! Formal agents who are signed in to their groups.
//!
//! The pool that may edit a group takes its calls and keeps this. What was read goes on changing
//! until its group is removed; a [`Turnover`] is what has changed meanwhile.

use std::collections::{BTreeSet, HashSet};
use std::time::SystemTime;

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::change::Change;
use super::lease::Lease;
use super::{Hosting, RgsError, looked};
use crate::checks::{self, Complaint};
use crate::model::SignIn;

/// Who has signed out and in since it was read who was signed in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Turnover {
    out: Vec<SignIn>,
    come: Vec<SignIn>,
}

impl Turnover {
    /// From those who were signed in to those who are. Who went and came again did both.
    pub(super) fn between(before: &[SignIn], now: &[SignIn]) -> Self {
        let lacking = |from: &[SignIn], those: &[SignIn]| {
            let here: HashSet<_> = from.iter().map(key).collect();
            those.iter().filter(|it| !here.contains(&key(it))).cloned().collect()
        };
        Self { out: lacking(now, before), come: lacking(before, now) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.out.is_empty() && self.come.is_empty()
    }

    /// The groups in which it happened.
    pub(super) fn groups(&self) -> BTreeSet<Uuid> {
        self.out.iter().chain(&self.come).map(|it| it.group).collect()
    }
}

fn key(it: &SignIn) -> (Uuid, &str, Timestamp) {
    (it.group, &it.agent, it.since)
}

impl Hosting {
    /// Who is signed in to the groups of an owner.
    pub async fn sign_ins(&self, owner: &str) -> Result<Vec<SignIn>, RgsError> {
        let lease = self.look().await?;
        let sign_ins = all(&lease, Some(owner)).await;
        looked(lease, sign_ins).await
    }

    /// Everybody who is signed in, with the names of their groups.
    pub async fn all_sign_ins(&self) -> Result<Vec<(SignIn, String)>, RgsError> {
        let lease = self.look().await?;
        let sign_ins = with_names(&lease, None).await;
        looked(lease, sign_ins).await
    }

    /// Signs an agent in to a formal group, or out. Signing in twice, or out twice, is the same as
    /// once. Of a group whose agents are a distribution list, nobody here knows them; every SIP
    /// address may sign in.
    pub async fn sign_in(&self, group: Uuid, agent: &str, is_in: bool) -> Result<(), RgsError> {
        let mut change = self.change().await?;
        let done = sign_in(&mut change, group, agent, is_in).await;
        change.end(done).await
    }

    /// Has those sign out and in here who did so where their groups are hosted as well.
    pub(super) async fn follow(&self, turnover: &Turnover) -> Result<(), RgsError> {
        let mut change = self.change().await?;
        let followed = follow(&mut change, turnover).await;
        change.end(followed).await
    }
}

async fn sign_in(
    change: &mut Change,
    group: Uuid,
    agent: &str,
    is_in: bool,
) -> Result<(), RgsError> {
    let sql = "select name, owner, participation_policy, agents_by_uri,
                 distribution_group_address is not null
               from rgs.agent_group where id = $1";
    let row = change.maybe_row(sql, &[&group]).await?;
    let missing = || RgsError::Missing { what: format!("agent group {group}") };
    let row = row.ok_or_else(missing)?;
    let (name, owner, policy): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
    let (agents, any): (Vec<String>, bool) = (row.get(3), row.get(4));
    if !change.standing(owner).await?.edits {
        let (owner, pool) = (owner.to_owned(), change.pool().to_owned());
        return Err(RgsError::NotEditor { owner, pool });
    }
    let agent = agent.to_lowercase();
    if !is_in {
        let sql = "delete from rgs.sign_in where agent_group = $1 and agent = $2";
        if change.execute(sql, &[&group, &agent]).await? > 0 {
            change.touch(owner).await?;
        }
        return Ok(());
    }
    let refused = |field, what, remedy: &str| {
        RgsError::Refused(vec![Complaint { field, what, remedy: remedy.to_owned() }])
    };
    if policy != "Formal" {
        let what = format!("nobody signs in to the agent group {name:?}");
        let remedy = "set ParticipationPolicy to Formal, or leave it";
        return Err(refused("ParticipationPolicy", what, remedy));
    }
    let is_listed = agents.iter().any(|it| it.to_lowercase() == agent);
    let may_be = is_listed || (any && checks::is_agent(&agent));
    if !may_be {
        let what = format!("{agent} is not an agent of {name:?}");
        return Err(refused("AgentsByUri", what, "add the agent to the group first"));
    }
    let sql = "insert into rgs.sign_in (agent_group, agent, since) values ($1, $2, now())
               on conflict do nothing";
    if change.execute(sql, &[&group, &agent]).await? > 0 {
        change.touch(owner).await?;
    }
    Ok(())
}

/// Who may be signed in to a group `g`, as a condition on `s.agent`.
const MAY: &str = "g.participation_policy = 'Formal'
                   and (g.distribution_group_address is not null
                        or exists (select from unnest(g.agents_by_uri) as a (uri)
                                   where lower(a.uri) = s.agent))";

/// Signs out whoever is not an agent any more, or whose group does not ask for it.
pub(super) async fn prune(lease: &Lease) -> Result<(), RgsError> {
    let sql = format!(
        "delete from rgs.sign_in s using rgs.agent_group g where g.id = s.agent_group
         and not ({MAY})"
    );
    lease.execute(&sql, &[]).await?;
    Ok(())
}

/// Signs everybody out of an owner's groups who is not among these.
pub(super) async fn keep_only(
    change: &mut Change,
    owner: &str,
    sign_ins: &[SignIn],
) -> Result<(), RgsError> {
    let groups: Vec<Uuid> = sign_ins.iter().map(|it| it.group).collect();
    let agents: Vec<String> = sign_ins.iter().map(|it| it.agent.to_lowercase()).collect();
    let sql = "delete from rgs.sign_in s using rgs.agent_group g
               where g.id = s.agent_group and g.owner = $1
                 and not exists (select from unnest($2::uuid[], $3::text[]) as k (grp, agent)
                                 where k.grp = s.agent_group and k.agent = s.agent)";
    if change.execute(sql, &[&owner, &groups, &agents]).await? > 0 {
        change.touch(owner).await?;
    }
    Ok(())
}

/// Signs in those who may be, beside those who are.
pub(super) async fn put(change: &mut Change, sign_ins: &[SignIn]) -> Result<(), RgsError> {
    let groups: Vec<Uuid> = sign_ins.iter().map(|it| it.group).collect();
    let agents: Vec<String> = sign_ins.iter().map(|it| it.agent.to_lowercase()).collect();
    let since: Vec<SystemTime> = sign_ins.iter().map(|it| it.since.into()).collect();
    let sql = format!(
        "with done as (
           insert into rgs.sign_in (agent_group, agent, since)
           select s.agent_group, s.agent, s.since
           from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as s (agent_group, agent, since)
           join rgs.agent_group g on g.id = s.agent_group
           where {MAY}
           on conflict do nothing
           returning agent_group
         )
         select distinct g.owner from done join rgs.agent_group g on g.id = done.agent_group"
    );
    for row in change.rows(&sql, &[&groups, &agents, &since]).await? {
        change.touch(row.get(0)).await?;
    }
    Ok(())
}

/// Whoever has signed in here later than it is told stays.
async fn follow(change: &mut Change, turnover: &Turnover) -> Result<(), RgsError> {
    let groups: Vec<Uuid> = turnover.out.iter().map(|it| it.group).collect();
    let agents: Vec<String> = turnover.out.iter().map(|it| it.agent.to_lowercase()).collect();
    let since: Vec<SystemTime> = turnover.out.iter().map(|it| it.since.into()).collect();
    let sql = "with gone as (
                 delete from rgs.sign_in s
                 using unnest($1::uuid[], $2::text[], $3::timestamptz[]) as o (grp, agent, since)
                 where s.agent_group = o.grp and s.agent = o.agent and s.since <= o.since
                 returning s.agent_group
               )
               select distinct g.owner from gone join rgs.agent_group g on g.id = gone.agent_group";
    for row in change.rows(sql, &[&groups, &agents, &since]).await? {
        change.touch(row.get(0)).await?;
    }
    put(change, &turnover.come).await
}

/// Who is signed in to these groups.
pub(super) async fn of_groups(lease: &Lease, groups: &[Uuid]) -> Result<Vec<SignIn>, RgsError> {
    let sql = "select agent_group, agent, since from rgs.sign_in where agent_group = any($1)";
    lease.rows(sql, &[&groups]).await?.iter().map(of_row).collect()
}

/// Who is signed in to the groups of one owner, or of all.
pub(super) async fn all(lease: &Lease, owner: Option<&str>) -> Result<Vec<SignIn>, RgsError> {
    let sign_ins = with_names(lease, owner).await?;
    Ok(sign_ins.into_iter().map(|(it, _)| it).collect())
}

/// The same, with the names of the groups.
async fn with_names(lease: &Lease, owner: Option<&str>) -> Result<Vec<(SignIn, String)>, RgsError> {
    let sql = "select s.agent_group, s.agent, s.since, g.name
               from rgs.sign_in s join rgs.agent_group g on g.id = s.agent_group
               where $1::text is null or g.owner = $1
               order by s.agent_group, s.agent collate \"C\"";
    let rows = lease.rows(sql, &[&owner]).await?;
    rows.iter().map(|row| Ok((of_row(row)?, row.get(3)))).collect()
}

fn of_row(row: &Row) -> Result<SignIn, RgsError> {
    let since = Timestamp::try_from(row.get::<_, SystemTime>(2));
    let since = since.map_err(|error| RgsError::Garbled {
        what: "a sign-in".to_owned(),
        why: error.to_string(),
    })?;
    Ok(SignIn { group: row.get(0), agent: row.get(1), since })
}
