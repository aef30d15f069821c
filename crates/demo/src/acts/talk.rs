//! People of both offices talk in rooms.

use crate::people::{Pace, rooms};
use crate::stage::Stage;
use std::time::Duration;

/// Everybody in all rooms.
const IN: Duration = Duration::from_secs(30);

/// So many posts before anything happens.
const POSTS: usize = 200;
const TALKED: Duration = Duration::from_secs(30);

pub(crate) async fn play(stage: &mut Stage) -> anyhow::Result<()> {
    stage.narration.act("People talk");
    stage.narration.during("people come in", stage.people.come(&stage.deployment, IN)).await?;
    let rooms = rooms(stage.pool()).join(", ");
    stage.narration.say(format!("Everybody is in {rooms}; each found a server by DNS:"));
    for place in stage.people.places(stage.deployment.topology()) {
        stage.narration.say(format!("  {place}"));
    }
    stage.people.talk(Pace::Busy).await;
    let talked = stage.people.acknowledged(POSTS, TALKED);
    stage.narration.during("they talk", talked).await?;
    stage.narration.say(format!(
        "{POSTS} posts acknowledged; they go on, with up to {} a second.",
        Pace::Busy.posts_per_second()
    ));
    Ok(())
}
