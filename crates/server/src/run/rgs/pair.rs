//! The word of the pool that another one is paired with: whether it stands in for that one.
//!
//! A pool that comes back does not know what happened meanwhile. So nobody changes what a pool owns
//! before its pair was asked, each time anew: a pool that the pair stands in for is fenced in its
//! own database before the change is tried there. One whose pair is really gone is changed all the
//! same, once that one has had its time to answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use response_groups::import::Standing;
use response_groups::store::{Hosting, RgsError};
use tokio::time::Instant;
use tracing::info;

/// How long the pair's word is waited for. A host that has just started needs some of it to hear
/// where the pair's primary is.
const WORD_WAIT: Duration = Duration::from_secs(4);

/// The same, where it was waited for in vain of late.
const SHORT_WAIT: Duration = Duration::from_millis(500);

/// For how long that is of late.
const OF_LATE: Duration = Duration::from_secs(30);

/// Between two questions.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// A pool and the one that it is paired with. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    own: Hosting,
    partner: Hosting,
    /// When it was last waited for in vain; none once it was heard.
    in_vain: Arc<Mutex<Option<Instant>>>,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// It answered, and whatever it said was heeded.
    Heard,
    /// It did not, and nobody needs it: our pool may not change its own, or stands in for it.
    NotNeeded,
    /// It did not; why.
    Unheard(String),
}

impl Pair {
    pub(crate) fn new(own: Hosting, partner: Hosting) -> Self {
        Self { own, partner, in_vain: Arc::default() }
    }

    pub(crate) fn own(&self) -> &Hosting {
        &self.own
    }

    pub(crate) fn partner(&self) -> &Hosting {
        &self.partner
    }

    /// Asks the pair until it answers or its time is over, and heeds what it says.
    pub(crate) async fn heed(&self) -> Result<Word, RgsError> {
        let wait = if self.was_in_vain() { SHORT_WAIT } else { WORD_WAIT };
        let heard = ask(&self.partner, Instant::now() + wait).await;
        if heard.is_ok() || wait == WORD_WAIT {
            let in_vain = heard.is_err().then(Instant::now);
            *self.in_vain.lock().unwrap_or_else(PoisonError::into_inner) = in_vain;
        }
        match heard {
            Ok(theirs) => self.heeded(&theirs).await.map(|_| Word::Heard),
            Err(why) => {
                let mine = self.own.standings().await?;
                let edits = |owner: &Hosting| mine.get(owner.parent()).is_some_and(|it| it.edits);
                let needed = edits(&self.own) && !edits(&self.partner);
                Ok(if needed { Word::Unheard(why) } else { Word::NotNeeded })
            }
        }
    }

    /// Where the pair edits under a higher reign, our pool may not any more. Gives what it knows.
    pub(super) async fn heeded(
        &self,
        theirs: &BTreeMap<String, Standing>,
    ) -> Result<BTreeMap<String, Standing>, RgsError> {
        let (pool, by) = (self.own.parent(), self.partner.parent());
        let heeded = self.own.heed(theirs, &[pool, by]).await?;
        for of in heeded.fenced {
            info!(pool, of, by, "changed elsewhere from now on");
        }
        Ok(heeded.standings)
    }

    fn was_in_vain(&self) -> bool {
        let in_vain = *self.in_vain.lock().unwrap_or_else(PoisonError::into_inner);
        in_vain.is_some_and(|it| it.elapsed() < OF_LATE)
    }
}

/// What a pool knows of each owner, if it says so in time.
async fn ask(hosting: &Hosting, end: Instant) -> Result<BTreeMap<String, Standing>, String> {
    let mut why = String::new();
    while Instant::now() < end {
        match tokio::time::timeout_at(end, hosting.standings()).await {
            Ok(Ok(standings)) => return Ok(standings),
            Ok(Err(error)) => why = error.to_string(),
            Err(_) => break,
        }
        tokio::time::sleep_until(end.min(Instant::now() + ASK_EVERY)).await;
    }
    if why.is_empty() {
        why = format!("{} does not answer in time", hosting.parent());
    }
    Err(why)
}
