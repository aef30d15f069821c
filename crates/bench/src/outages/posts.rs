//! People who post, as load and as the ones who notice an outage.

use super::WRITERS;
use crate::stage::Stage;
use anyhow::{Context as _, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::ledger::Ledger;
use testkit::{Character, Person, Repeat};

/// Each says something so often.
const EVERY: Duration = Duration::from_millis(25);

/// After how long without a word a client looks for another server.
const PATIENCE: Duration = Duration::from_secs(3);

/// So many acknowledged posts show that all is well.
const WELL: usize = 100;

/// For everything that is not measured.
const DEADLINE: Duration = Duration::from_mins(1);

/// Between two looks into the ledger.
const PAUSE: Duration = Duration::from_millis(10);

/// People in the room, at work.
pub(super) struct Posts {
    people: Vec<Person>,
    ledger: Arc<Ledger>,
}

impl Posts {
    /// Lets people come and talk until posts are acknowledged.
    pub(super) async fn begin(stage: &Stage) -> anyhow::Result<Self> {
        let ledger = Arc::new(Ledger::default());
        let person = |number| {
            let character = Character {
                login: stage.login(number),
                rooms: vec![stage.room()],
                repeat: Repeat::EverythingUnanswered,
                patience: PATIENCE,
            };
            Person::arrive(character, &ledger)
        };
        let people: Vec<Person> = (0..WRITERS).map(person).collect();
        for person in &people {
            person.is_in(DEADLINE).await?;
        }
        for person in &people {
            person.talk(EVERY).await;
        }
        let posts = Self { people, ledger };
        posts.go_on().await?;
        Ok(posts)
    }

    /// Waits until more posts have been acknowledged from now on.
    pub(super) async fn go_on(&self) -> anyhow::Result<()> {
        let wanted = self.ledger.acknowledged() + WELL;
        let end = Instant::now() + DEADLINE;
        while self.ledger.acknowledged() < wanted {
            ensure!(Instant::now() < end, "people's posts are not acknowledged");
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// The longest time without an acknowledgement between `from` and now: when it began and ended.
    ///
    /// The first acknowledgement after a kill does not end the outage: it may have been on its way.
    pub(super) fn longest_pause(&self, from: Instant) -> anyhow::Result<(Instant, Instant)> {
        let acknowledged = self.ledger.acknowledgements();
        let later = acknowledged.iter().copied().filter(|at| *at > from);
        let pauses = [from].into_iter().chain(later.clone()).zip(later);
        let longest = pauses.max_by_key(|(begun, ended)| *ended - *begun);
        longest.context("no post was acknowledged")
    }

    /// The first acknowledgement after `from`.
    pub(super) fn first_after(&self, from: Instant) -> anyhow::Result<Instant> {
        let first = self.ledger.acknowledgements().into_iter().find(|at| *at > from);
        first.context("no post was acknowledged")
    }

    /// Lets people finish and go.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        for person in &self.people {
            person.hush().await;
        }
        for person in self.people {
            person.is_answered(DEADLINE).await?;
            person.go().await;
        }
        Ok(())
    }
}
