//! Every host is started, and the pool becomes whole.

use crate::protection::Protection;
use crate::stage::Stage;
use std::time::{Duration, Instant};

/// From nothing to a pool that is protected.
const WHOLE: Duration = Duration::from_mins(2);

pub(crate) async fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let begun = Instant::now();
    stage.deployment.start().await?;
    let what = "databases are made, the mirror is copied, shipping begins";
    let whole = stage.watch.until(what, WHOLE, Protection::is_whole);
    let whole = stage.narration.during(what, whole).await?;
    let (home, pool) = (stage.home(), stage.pool());
    stage.narration.say(format!(
        "Up after {:.1} s. Home is {home}.\n{}\nlog shipping: {}",
        begun.elapsed().as_secs_f64(),
        whole.line(),
        whole.log_shipping,
    ));
    stage.narration.say(format!("Chat servers: {}.", pool.servers.join(", ")));
    Ok(())
}
