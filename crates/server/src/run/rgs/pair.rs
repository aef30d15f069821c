//! The word of the pool that another one is paired with: whether it stands in for that one.
//!
//! A pool that comes back does not know what happened meanwhile. So nobody changes what a pool owns
//! before its pair was asked, each time anew: a pool that the pair stands in for is fenced in its
//! own database before the change is tried there. One whose pair is really gone is changed all the
//! same, once that one has had its time to answer. One that has come back without what it had, on
//! new machines, is fenced, too: what its pair has received is all that is left, and must not be
//! replaced by less. So one that was just made changes nothing before its pair was heard.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use response_groups::import::Standing;
use response_groups::store::{Hosting, RgsError, Word};
use tokio::time::Instant;
use tracing::{info, warn};

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
pub(crate) enum Asked {
    /// It answered, and whatever it said was heeded.
    Heard,
    /// It has received more of what belongs to our pool than that has.
    HasMore,
    /// It did not, and nobody needs it: our pool may not change its own, or stands in for it.
    NotNeeded,
    /// It did not; why.
    Unheard(String),
    /// It did not, and our pool's database was just made: it may have lost all that it had.
    Needed(String),
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
    pub(crate) async fn heed(&self) -> Result<Asked, RgsError> {
        let wait = if self.was_in_vain() { SHORT_WAIT } else { WORD_WAIT };
        let heard = self.ask(Instant::now() + wait).await;
        if heard.is_ok() || wait == WORD_WAIT {
            let in_vain = heard.is_err().then(Instant::now);
            *self.in_vain.lock().unwrap_or_else(PoisonError::into_inner) = in_vain;
        }
        match heard {
            Ok(theirs) => {
                let mine = self.heeded(&theirs).await?;
                let has_more = theirs.received > Some(mine.place());
                Ok(if has_more && !mine.edits { Asked::HasMore } else { Asked::Heard })
            }
            Err(why) => {
                let mine = self.own.standings().await?;
                let known = |owner: &Hosting| mine.get(owner.parent()).copied().unwrap_or_default();
                let (own, partner) = (known(&self.own), known(&self.partner));
                Ok(match () {
                    () if !own.edits || partner.edits => Asked::NotNeeded,
                    () if self.own.knows_its_own().await? => Asked::Unheard(why),
                    () => Asked::Needed(why),
                })
            }
        }
    }

    /// Where the pair edits under a higher reign, or has received more than our pool has, that may
    /// not any more. Gives what it knows of its own.
    pub(super) async fn heeded(&self, theirs: &Word) -> Result<Standing, RgsError> {
        let (pool, by) = (self.own.parent(), self.partner.parent());
        let heeded = self.own.heed(theirs, &[pool, by]).await?;
        if heeded.lost {
            let received = theirs.received;
            warn!(pool, by, ?received, "what it had is lost: only its pair has received it");
        }
        for of in heeded.fenced {
            info!(pool, of, by, "changed elsewhere from now on");
        }
        let own = heeded.standings.get(pool).copied().unwrap_or_default();
        if own.place() == (0, 0) && !self.own.knows_its_own().await? {
            self.own.know_its_own().await?;
        }
        Ok(own)
    }

    /// What the pair says, if it does so in time.
    async fn ask(&self, end: Instant) -> Result<Word, String> {
        let (partner, pool) = (&self.partner, self.own.parent());
        let mut why = String::new();
        while Instant::now() < end {
            match tokio::time::timeout_at(end, partner.word(pool)).await {
                Ok(Ok(word)) => return Ok(word),
                Ok(Err(error)) => why = error.to_string(),
                Err(_) => break,
            }
            tokio::time::sleep_until(end.min(Instant::now() + ASK_EVERY)).await;
        }
        if why.is_empty() {
            why = format!("{} does not answer in time", partner.parent());
        }
        Err(why)
    }

    fn was_in_vain(&self) -> bool {
        let in_vain = *self.in_vain.lock().unwrap_or_else(PoisonError::into_inner);
        in_vain.is_some_and(|it| it.elapsed() < OF_LATE)
    }
}
