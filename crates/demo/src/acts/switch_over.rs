//! The primary's `PostgreSQL` is killed, and the mirror takes over by itself.

use crate::accounting::missing;
use crate::protection::Protection;
use crate::stage::{Cause, Kind, Stage};
use crate::table::seconds;
use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

/// So many posts must be acknowledged by the new primary.
const POSTS: usize = 100;
const TALKED: Duration = Duration::from_secs(30);

/// Until the killed instance is back, as the mirror.
const BACK: Duration = Duration::from_mins(1);

pub(crate) async fn play(stage: &mut Stage) -> anyhow::Result<()> {
    stage.narration.act("The primary instance is killed");
    let before = stage.administrator.look().await?;
    let store = before.primary_database.clone().context("nobody knows who is primary")?;
    let host = stage.host_of(&store)?;
    let postmaster = postmaster(stage, &host, &store)?;
    let acknowledged_until = stage.people.ledger.entries().len();
    kill(postmaster, Signal::SIGKILL).with_context(|| format!("kill process {postmaster}"))?;
    let at = Instant::now();
    let what = "instance killed, mirror took over";
    let cause = Cause { what, kind: Kind::InstanceKilled, at, term: before.term.clone() };
    stage.narration.say(format!("kill -9 {postmaster}: the postmaster of {store} on {host}."));

    let talked = stage.people.acknowledged(POSTS, TALKED);
    stage.narration.during("people wait for the mirror", talked).await?;
    let is_back = |seen: &Protection| seen.term != before.term && seen.is_in_sync();
    let what = "the killed instance comes back as the mirror";
    let now = stage.watch.until(what, BACK, is_back);
    let now = stage.narration.during(what, now).await?;
    let outage = stage.measure(&cause)?;
    stage.narration.say(format!(
        "Next acknowledged post {} after the kill. Without a mirror for {}; now again:\n{}",
        seconds(outage.lasted),
        seconds(outage.exposed),
        now.line()
    ));
    let rooms = stage.narration.during("all rooms are read", stage.people.read_rooms()).await?;
    let entries = stage.people.ledger.entries();
    stage.account.lost_in_site = missing(&entries[..acknowledged_until], &rooms);
    stage.narration.say(format!(
        "Posts acknowledged before the kill that are not in the rooms: {}.",
        stage.account.lost_in_site
    ));
    Ok(())
}

/// The first process of an instance, as it wrote it down itself.
fn postmaster(stage: &mut Stage, host: &str, store: &str) -> anyhow::Result<Pid> {
    let data = &stage.deployment.host(host).plan().directory;
    let file = data.join("instances").join(store).join("postmaster.pid");
    let text =
        std::fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
    let pid = text.lines().next().and_then(|it| it.trim().parse().ok());
    Ok(Pid::from_raw(pid.with_context(|| format!("{} names no process", file.display()))?))
}
