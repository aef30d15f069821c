//! The administrator fails the pool over, and people go on talking.

use crate::accounting::missing;
use crate::people::Pace;
use crate::protection::Protection;
use crate::stage::{Cause, Kind, Stage};
use crate::table::seconds;
use anyhow::Context as _;
use std::time::{Duration, Instant};
use testkit::checker::AfterFailover;

/// What the administrator runs, first to read what would be done.
const REHEARSAL: &str = "-WhatIf";
const CONSENT: &str = "-AttestSiteIsDown -AcceptDataLoss";

/// So many posts must be acknowledged at the backup site.
const POSTS: usize = 100;
const TALKED: Duration = Duration::from_secs(30);

/// Until a mirror of the backup site has been seen.
const MIRRORED: Duration = Duration::from_secs(30);

pub(crate) async fn play(stage: &mut Stage) -> anyhow::Result<()> {
    stage.narration.act("Failover to the backup site");
    let lost_at = stage.account.lost_at.context("home has not been lost yet")?;
    let term = stage.term();
    // Nothing can be acknowledged between the loss and the failover.
    let acknowledged_until = stage.people.ledger.entries().len();
    let line = format!("Invoke-CsPersistentChatFailover -Identity {}", stage.pool().fqdn);
    stage.shell(&format!("{line} {CONSENT} {REHEARSAL}")).await?;
    let command = Instant::now();
    stage.shell(&format!("{line} {CONSENT} -Force")).await?;
    let took = command.elapsed();

    let talked = stage.people.acknowledged(POSTS, TALKED);
    stage.narration.during("people come back and go on", talked).await?;
    let mirrored = |seen: &Protection| seen.term != term && seen.is_in_sync();
    let now = stage.watch.until("the backup mirror", MIRRORED, mirrored);
    let now = stage.narration.during("the backup mirror", now).await?;
    let what = "home site lost, failed over";
    let cause = Cause { what, kind: Kind::SiteLost { command }, at: lost_at, term };
    let outage = stage.measure(&cause)?;
    stage.narration.say(format!(
        "The command took {}; the next post was acknowledged {} after it was given and {} after\n\
         the site was lost, on primary and mirror alike (alone for {}).\n{}",
        seconds(took),
        seconds(outage.since_command.unwrap_or_default()),
        seconds(outage.lasted),
        seconds(outage.exposed),
        now.line()
    ));
    for place in stage.people.places(stage.deployment.topology()) {
        stage.narration.say(format!("  {place}"));
    }
    stage.people.talk(Pace::Calm).await;
    let rooms = stage.narration.during("all rooms are read", stage.people.read_rooms()).await?;
    let entries = stage.people.ledger.entries();
    let missing = missing(&entries[..acknowledged_until], &rooms);
    stage.narration.say(format!(
        "{missing} acknowledged posts are not here: home had them and never shipped them.\n\
         People go on, with up to {} a second.",
        Pace::Calm.posts_per_second()
    ));
    stage.account.losses.push(AfterFailover::new(rooms, acknowledged_until));
    Ok(())
}
