//! Moving between the sites: home is lost, the backup serves, home returns.

use super::posts::Posts;
use super::{FAILBACK, FAILBACK_TOOK, FAILOVER, FAILOVER_OPEN, told};
use crate::figures::Report;
use crate::stage::Stage;
use anyhow::{Context as _, ensure};
use recovery::record::PoolRecord;
use std::time::{Duration, Instant};

/// For everything that is not measured.
const DEADLINE: Duration = Duration::from_mins(3);

/// How long the administrator thinks after the loss.
const THINKS: Duration = Duration::from_secs(3);

/// Loses the home site, fails over, lets home return, and fails back.
pub(super) async fn there_and_back(stage: &mut Stage, report: &mut Report) -> anyhow::Result<()> {
    stage.view.shipping(DEADLINE).await?;
    stage.view.in_sync(DEADLINE).await?;
    let home = stage.deployment.topology().home_site(&stage.view.pool);
    let home = home.context("a pool has a home")?.name.clone();
    let (_, term) = stage.view.primary_host()?;
    let posts = Posts::begin(stage).await?;
    stage.deployment.site_down(&home).await?;
    tokio::time::sleep(THINKS).await;

    let command = Instant::now();
    let order = ["failover", "--attest-site-is-down", "--accept-data-loss"];
    let opened = async {
        let at = stage.view.open_after(term, DEADLINE).await?;
        let known = stage.view.known();
        let two = known.borrow().serving().is_some_and(PoolRecord::is_synchronized);
        anyhow::Ok((at, two))
    };
    let (ordered, opened) = tokio::join!(stage.deployment.administer(&order), opened);
    let (said, (opened, two)) = (ordered?, opened?);
    ensure!(two, "the gate was opened with one machine only: {said}");
    posts.go_on().await?;
    let first = posts.first_after(command)?;
    told(FAILOVER_OPEN, (opened - command).as_secs_f64(), report);
    told(FAILOVER, (first - command).as_secs_f64(), report);

    stage.deployment.site_up(&home).await?;
    let (_, term) = stage.view.primary_host()?;
    let end = Instant::now() + DEADLINE;
    let begun = loop {
        let begun = Instant::now();
        match stage.deployment.administer(&["failback"]).await {
            Ok(_) => break begun,
            Err(error) if Instant::now() > end => return Err(error),
            // Home has only just returned: not everything is heard yet.
            Err(_) => tokio::time::sleep(THINKS / 10).await,
        }
    };
    let took = begun.elapsed();
    stage.view.open_after(term, DEADLINE).await?;
    posts.go_on().await?;
    let (from, until) = posts.longest_pause(begun)?;
    told(FAILBACK, (until - from).as_secs_f64(), report);
    told(FAILBACK_TOOK, took.as_secs_f64(), report);
    stage.view.in_sync(DEADLINE).await?;
    posts.end().await
}
