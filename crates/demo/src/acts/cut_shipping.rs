//! Log shipping is cut while people talk.
//!
//! The program that receives WAL at the backup site is stopped (SIGSTOP): nothing that home writes
//! from now on becomes durable there, as if the line carried no data any more. The backup site
//! still hears where home stands, so it knows how far behind it is. When home is lost the program
//! is killed, so that what lay in its socket is lost, as it is in a cut line.

use crate::accounting::UNSHIPPED_MIN;
use crate::protection::Protection;
use crate::stage::Stage;
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// The program that receives.
pub(super) const RECEIVER: &str = "pg_receivewal";

/// For at least so long, and so many acknowledged posts.
const CUT: Duration = Duration::from_secs(4);
const POSTS: usize = UNSHIPPED_MIN + 60;

/// As long as the posts may take.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) async fn play(stage: &mut Stage) -> anyhow::Result<()> {
    stage.narration.act("Shipping is cut");
    let host = stage.backup_host()?;
    let whole = stage.watch.until("shipping flows", DEADLINE, Protection::is_whole);
    stage.narration.during("shipping flows", whole).await?;
    let stopped = stage.deployment.host(&host).signal(RECEIVER, Signal::SIGSTOP)?;
    let begun = Instant::now();
    for process in &stopped {
        let pid = process.pid;
        stage.narration.say(format!("kill -STOP {pid}: {RECEIVER} on {host} takes nothing more."));
    }
    let before = stage.people.ledger.acknowledged();
    let cut = async {
        stage.people.acknowledged(POSTS, DEADLINE).await?;
        tokio::time::sleep(CUT.saturating_sub(begun.elapsed())).await;
        anyhow::Ok(())
    };
    stage.narration.during("people talk, nothing is shipped", cut).await?;
    stage.narration.say(format!(
        "{} posts acknowledged in {:.1} s meanwhile: on home and its mirror, and nowhere else.",
        stage.people.ledger.acknowledged() - before,
        begun.elapsed().as_secs_f64()
    ));
    Ok(())
}
