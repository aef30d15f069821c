//! How far the backup site is behind while people post.

use super::BEHIND;
use super::posts::Posts;
use crate::figures::{Report, Series};
use crate::stage::{DATABASE, Stage};
use anyhow::{Context as _, ensure};
use db::Connections;
use instance::Lsn;
use std::time::{Duration, Instant};
use tokio_util::task::TaskTracker;

/// For how long.
const LOAD: Duration = Duration::from_secs(30);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// Between two questions to the backup's keeper.
const ASK_AGAIN: Duration = Duration::from_millis(5);

/// Until what the primary has is at the backup site.
const ARRIVES: Duration = Duration::from_mins(1);

/// What the primary has made durable; what it has acknowledged lies before it.
const POSITION: &str = "select pg_current_wal_flush_lsn()::text";

/// Asks the primary where it stands, under load, and takes the time until the backup site's keeper
/// says that it has all of that. It is a little longer than the truth, by the keeper's own pace.
pub(super) async fn watch(stage: &mut Stage, report: &mut Report) -> anyhow::Result<()> {
    let posts = Posts::begin(stage).await?;
    let tasks = TaskTracker::new();
    let connections = Connections::new(stage.chat_login(), stage.view.for_connections(&tasks));
    let primary = connections.connect(DATABASE).await?;
    let mut bytes = Series::default();
    let begun = Instant::now();
    while begun.elapsed() < LOAD {
        let asked = Instant::now();
        let position: Lsn = primary.query_one(POSITION, &[]).await?.get::<_, &str>(0).parse()?;
        let mut missing = None;
        loop {
            let shipping = stage.view.backup_report().await?.shipping;
            let flushed = shipping.and_then(|it| it.flushed).context("nothing is shipped")?;
            missing.get_or_insert(position.bytes_since(flushed));
            if position <= flushed {
                break;
            }
            ensure!(asked.elapsed() < ARRIVES, "{position} does not arrive; {flushed} is there");
            tokio::time::sleep(ASK_AGAIN).await;
        }
        report.note(BEHIND, asked.elapsed().as_secs_f64() * 1000.0);
        bytes.push(float(missing.unwrap_or_default()));
        tokio::time::sleep(LOOK).await;
    }
    posts.end().await?;
    let (median, most) = (bytes.median(), bytes.quantile(1.0));
    println!("  behind, bytes at a look: median {median:?}, maximum {most:?}");
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn float(number: u64) -> f64 {
    number as f64
}
