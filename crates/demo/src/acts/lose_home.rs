//! Every process of the home site is killed at once.

use super::cut_shipping::RECEIVER;
use crate::accounting::Behind;
use crate::protection::Protection;
use crate::stage::Stage;
use crate::table;
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// Until the backup site has noticed.
const NOTICED: Duration = Duration::from_secs(15);

pub(crate) async fn play(stage: &mut Stage) -> anyhow::Result<()> {
    stage.narration.act("The home site is lost");
    let home = stage.home();
    let topology = stage.deployment.topology();
    let hosts: Vec<String> = topology.hosts_of_site(&home).map(|it| it.name.clone()).collect();
    let processes: usize = hosts.iter().map(|it| stage.deployment.host(it).processes().len()).sum();
    stage.account.lost_at = Some(Instant::now());
    stage.deployment.site_down(&home).await?;
    let backup = stage.backup_host()?;
    stage.deployment.host(&backup).signal(RECEIVER, Signal::SIGKILL)?;
    stage.narration.say(format!(
        "All {processes} processes of {} are killed, proven to be gone, and their directories \
         closed.",
        hosts.join(", ")
    ));
    let what = "the backup site misses home";
    let missed = |seen: &Protection| !seen.hears(&home) && seen.behind_bytes.is_some();
    let last = stage.watch.until(what, NOTICED, missed);
    let last = stage.narration.during(what, last).await?;
    let (bytes, time, heard_at) = (last.behind_bytes, last.behind, last.measured_at);
    let behind = Behind { bytes, time, heard_at };
    stage.narration.say(table::behind(&behind));
    stage.account.behind = Some(behind);
    Ok(())
}
