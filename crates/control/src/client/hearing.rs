//! Which hosts say nothing at all, so that nobody waits again and again for one that is silent.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A host that was asked in vain for so long, without a break, is silent. Longer than one slow
/// write to a disk, shorter than any question about how a host stands.
const SILENT_AFTER: Duration = Duration::from_millis(800);
/// How long that is believed after it was last asked in vain.
const BELIEVED_FOR: Duration = Duration::from_secs(3);

/// What is known of one destination: nothing, that it answered, or since when it does not.
#[derive(Debug, Default)]
pub(super) struct Hearing(Mutex<Heard>);

#[derive(Debug, Default)]
struct Heard {
    answered: Option<Instant>,
    in_vain: Option<InVain>,
    /// Somebody finds out whether it answers again.
    asked_again: bool,
}

#[derive(Clone, Copy, Debug)]
struct InVain {
    since: Instant,
    until: Instant,
}

/// What is to be thought of a destination now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// It may answer.
    MayAnswer,
    /// It is silent, and somebody finds out whether it still is.
    Silent,
    /// It is silent, and the caller must find out whether it still is.
    SilentAskAgain,
}

impl Hearing {
    /// Something came from there.
    pub(super) fn answered(&self) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.answered = Some(Instant::now());
        heard.in_vain = None;
    }

    /// Nothing came, though it was waited for since `begun`.
    pub(super) fn in_vain(&self, begun: Instant) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.answered.is_some_and(|at| begun <= at) {
            return;
        }
        let since = match heard.in_vain {
            Some(known) if begun < known.until + BELIEVED_FOR => known.since.min(begun),
            _ => begun,
        };
        heard.in_vain = Some(InVain { since, until: Instant::now() });
    }

    /// What is to be thought of it. Whoever is told to ask again must say when it has been done.
    pub(super) fn judge(&self) -> Judged {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let silent = heard.in_vain.is_some_and(|known| {
            SILENT_AFTER <= known.until - known.since && now < known.until + BELIEVED_FOR
        });
        match (silent, heard.asked_again) {
            (false, _) => Judged::MayAnswer,
            (true, true) => Judged::Silent,
            (true, false) => {
                heard.asked_again = true;
                Judged::SilentAskAgain
            }
        }
    }

    /// It has been asked again.
    pub(super) fn was_asked_again(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).asked_again = false;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::{BELIEVED_FOR, Hearing, Judged, SILENT_AFTER};

    #[tokio::test(start_paused = true)]
    async fn only_who_said_nothing_for_a_while_is_silent() {
        let hearing = Hearing::default();
        assert_eq!(hearing.judge(), Judged::MayAnswer, "nobody asked yet");
        let begun = Instant::now();
        advance(SILENT_AFTER / 2).await;
        hearing.in_vain(begun);
        assert_eq!(hearing.judge(), Judged::MayAnswer, "it may just be slow");
        let again = Instant::now();
        advance(SILENT_AFTER / 2).await;
        hearing.in_vain(again);
        assert_eq!(hearing.judge(), Judged::SilentAskAgain);
        assert_eq!(hearing.judge(), Judged::Silent, "it is asked by one at a time");
        hearing.was_asked_again();
        assert_eq!(hearing.judge(), Judged::SilentAskAgain);
        hearing.answered();
        assert_eq!(hearing.judge(), Judged::MayAnswer);
        hearing.in_vain(begun);
        assert_eq!(hearing.judge(), Judged::MayAnswer, "it answered after that was asked");
    }

    /// What was seen long ago says nothing of a host now.
    #[tokio::test(start_paused = true)]
    async fn silence_is_forgotten() {
        let hearing = Hearing::default();
        let begun = Instant::now();
        advance(SILENT_AFTER).await;
        hearing.in_vain(begun);
        advance(BELIEVED_FOR).await;
        assert_eq!(hearing.judge(), Judged::MayAnswer);
        let begun = Instant::now();
        advance(Duration::from_millis(500)).await;
        hearing.in_vain(begun);
        assert_eq!(hearing.judge(), Judged::MayAnswer, "what was long ago does not count");
    }
}
