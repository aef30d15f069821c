//! Home returns; what it never shipped is put back; the pool comes home.

use crate::protection::Protection;
use crate::stage::{Cause, Kind, Stage};
use crate::table::seconds;
use std::time::{Duration, Instant};

/// Until the returned hosts answer.
const RETURNED: Duration = Duration::from_secs(30);

/// So many posts must be acknowledged at home again.
const POSTS: usize = 60;
const TALKED: Duration = Duration::from_secs(30);

/// Until the pool is whole again.
const WHOLE: Duration = Duration::from_mins(1);

pub(crate) async fn play(stage: &mut Stage) -> anyhow::Result<()> {
    stage.narration.act("Home returns");
    let home = stage.home();
    stage.deployment.site_up(&home).await?;
    let what = "its hosts start and hear the other site";
    let returned = stage.watch.until(what, RETURNED, |seen| seen.hears(&home));
    let returned = stage.narration.during(what, returned).await?;
    let ready = stage.administrator.until_ready("failback", RETURNED);
    stage.narration.during("a rehearsal says that home is not ready yet", ready).await?;
    stage.narration.say(format!("The hosts of {home} run again. {}", returned.sites.join("; ")));

    stage.narration.act("Salvage and failback");
    let term = stage.term();
    let command = Instant::now();
    stage.standfast("failback").await?;
    let took = command.elapsed();
    let talked = stage.people.acknowledged(POSTS, TALKED);
    stage.narration.during("people come home", talked).await?;
    let is_home = |seen: &Protection| seen.term != term && seen.is_whole();
    let what = "mirror in sync, shipping flows, pool Normal";
    let whole = stage.watch.until(what, WHOLE, is_home);
    let whole = stage.narration.during(what, whole).await?;
    let what = "came home (planned)";
    let cause = Cause { what, kind: Kind::Planned, at: command, term };
    let outage = stage.measure(&cause)?;
    stage.narration.say(format!(
        "The command took {}; people waited {} of it for an acknowledgement.\n{}",
        seconds(took),
        seconds(outage.lasted),
        whole.line()
    ));
    Ok(())
}
