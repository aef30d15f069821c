//! How far the backup site is behind while people post.

use super::BEHIND;
use super::posts::Posts;
use crate::figures::{Report, Series};
use crate::stage::Stage;
use std::time::{Duration, Instant};

/// For how long.
const LOAD: Duration = Duration::from_secs(30);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// Looks at what the backup's keeper reports, under load.
pub(super) async fn watch(stage: &mut Stage, report: &mut Report) -> anyhow::Result<()> {
    let posts = Posts::begin(stage).await?;
    let (mut bytes, mut rates) = (Series::default(), Series::default());
    let begun = Instant::now();
    while begun.elapsed() < LOAD {
        let shipping = stage.view.backup_report().await?.shipping.unwrap_or_default();
        if let Some(behind) = shipping.behind_ms {
            report.note(BEHIND, float(behind));
        }
        bytes.push(float(shipping.behind_bytes.unwrap_or_default()));
        rates.push(float(shipping.bytes_per_second.unwrap_or_default()));
        tokio::time::sleep(LOOK).await;
    }
    posts.end().await?;
    println!(
        "  behind, bytes: median {:?}, maximum {:?}; written per second: median {:?}",
        bytes.median(),
        bytes.quantile(1.0),
        rates.median()
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn float(number: u64) -> f64 {
    number as f64
}
