//! Losing the primary inside a site: its instance, its host, or every word from it.

use super::inserts::Inserts;
use super::posts::Posts;
use super::{CUT, HOST, INSTANCE_INSERTS, INSTANCE_POSTS, INSTANCE_RETURN, STOPPED, told};
use crate::figures::Report;
use crate::stage::Stage;
use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::{Duration, Instant};
use testkit::processes::{self, Process};

/// Until a new primary has been seen.
const NEW_PRIMARY: Duration = Duration::from_mins(1);

/// Until the mirror is back and in sync.
const IN_SYNC: Duration = Duration::from_mins(3);

/// How a postmaster shows itself.
const POSTGRES: &str = "postgres";

/// Kills the primary's PostgreSQL under people's posts.
pub(super) async fn instance_under_posts(
    stage: &mut Stage,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (host, term) = stage.view.primary_host()?;
    let posts = Posts::begin(stage).await?;
    let killed_at = kill_instance(stage, &host)?;
    stage.view.open_after(term, NEW_PRIMARY).await?;
    posts.go_on().await?;
    let (_, ended) = posts.longest_pause(killed_at)?;
    told(INSTANCE_POSTS, (ended - killed_at).as_secs_f64(), report);
    stage.view.in_sync(IN_SYNC).await?;
    posts.go_on().await?;
    let (begun, ended) = posts.longest_pause(ended)?;
    told(INSTANCE_RETURN, (ended - begun).as_secs_f64(), report);
    posts.end().await
}

/// Kills the primary's PostgreSQL under inserts.
pub(super) async fn instance_under_inserts(
    stage: &mut Stage,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (host, _) = stage.view.primary_host()?;
    let inserts = Inserts::begin(stage).await?;
    let before = stage.view.primary().map(|primary| primary.term).unwrap_or_default();
    let killed_at = kill_instance(stage, &host)?;
    let half = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let at = inserts.later_than((half(before.reign), half(before.turn))).await?;
    told(INSTANCE_INSERTS, (at - killed_at).as_secs_f64(), report);
    drop(inserts);
    stage.view.in_sync(IN_SYNC).await
}

/// Kills keeper and PostgreSQL at once, and lets the host come back.
pub(super) async fn host_killed(stage: &mut Stage, report: &mut Report) -> anyhow::Result<()> {
    let (host, term) = stage.view.primary_host()?;
    let posts = Posts::begin(stage).await?;
    let killed_at = Instant::now();
    stage.deployment.host(&host).kill_host().await?;
    stage.view.open_after(term, NEW_PRIMARY).await?;
    posts.go_on().await?;
    let (_, ended) = posts.longest_pause(killed_at)?;
    told(HOST, (ended - killed_at).as_secs_f64(), report);
    stage.deployment.host(&host).start().await?;
    stage.view.in_sync(IN_SYNC).await?;
    posts.end().await
}

/// Stops every process of the host, and lets them go on when somebody else is primary.
pub(super) async fn host_stopped(stage: &mut Stage, report: &mut Report) -> anyhow::Result<()> {
    let (host, term) = stage.view.primary_host()?;
    let posts = Posts::begin(stage).await?;
    let stopped_at = Instant::now();
    stage.deployment.host(&host).stop_all().await?;
    let seen = stage.view.open_after(term, NEW_PRIMARY).await;
    let gone_on = posts.go_on().await;
    stage.deployment.host(&host).continue_all().await?;
    seen?;
    gone_on?;
    let (_, ended) = posts.longest_pause(stopped_at)?;
    told(STOPPED, (ended - stopped_at).as_secs_f64(), report);
    stage.view.in_sync(IN_SYNC).await?;
    posts.end().await
}

/// Cuts the host's link, and mends it when somebody else is primary.
pub(super) async fn host_cut_off(stage: &mut Stage, report: &mut Report) -> anyhow::Result<()> {
    let (host, term) = stage.view.primary_host()?;
    let posts = Posts::begin(stage).await?;
    let cut_at = Instant::now();
    stage.deployment.network()?.cut(&host)?;
    let seen = stage.view.open_after(term, NEW_PRIMARY).await;
    let gone_on = posts.go_on().await;
    stage.deployment.network()?.mend(&host)?;
    seen?;
    gone_on?;
    let (_, ended) = posts.longest_pause(cut_at)?;
    told(CUT, (ended - cut_at).as_secs_f64(), report);
    stage.view.in_sync(IN_SYNC).await?;
    posts.end().await
}

/// Kills the primary's postmaster and its children, and nothing else, and tells when.
fn kill_instance(stage: &mut Stage, host: &str) -> anyhow::Result<Instant> {
    let store = stage.view.primary().context("a primary is known")?.store;
    // Another pool's instance may run on the same host.
    let data = format!("instances/{store} ");
    let is_postmaster = |it: &Process| {
        let command = format!("{} ", it.command);
        command.contains(POSTGRES) && command.contains(&data)
    };
    let found = stage.deployment.host(host).processes().into_iter().find(is_postmaster);
    let postmaster = found.with_context(|| format!("{store} does not run on host {host}"))?;
    let children = processes::descendants(postmaster.pid);
    let killed_at = Instant::now();
    // The postmaster first, so that it has no time to mourn.
    for process in [postmaster].iter().chain(&children) {
        // It may have ended since it was seen.
        kill(Pid::from_raw(process.pid), Signal::SIGKILL).unwrap_or_default();
    }
    Ok(killed_at)
}
