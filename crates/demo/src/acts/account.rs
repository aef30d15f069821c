//! Every acknowledged post is accounted for.

use crate::accounting::complaints;
use crate::stage::Stage;
use crate::table;
use std::time::Duration;
use testkit::checker::Verdict;

/// Until everything said has been answered.
const ANSWERED: Duration = Duration::from_secs(30);

/// Tells how much is not as promised.
pub(crate) async fn play(stage: &mut Stage) -> anyhow::Result<usize> {
    stage.narration.act("The account");
    stage.narration.during("the last posts are answered", stage.people.hush(ANSWERED)).await?;
    let rooms = stage.narration.during("all rooms are read", stage.people.read_rooms()).await?;
    let verdict = Verdict::reach(&stage.people.ledger, &stage.account.losses, &rooms);
    println!("\n{}", table::of(&stage.account, &verdict));
    let complaints = complaints(&stage.account, &verdict);
    if complaints.is_empty() {
        stage.narration.say(
            "Nothing acknowledged was lost inside a site. Posts stand in the order in which they \
             were\ncommitted; those that had not been shipped are all back, behind the others, in \
             their own order.",
        );
    }
    for complaint in &complaints {
        stage.narration.say(format!("NOT AS PROMISED: {complaint}"));
    }
    let took = stage.narration.elapsed();
    stage.narration.say(format!("The story took {:.0} s.", took.as_secs_f64()));
    Ok(complaints.len())
}
