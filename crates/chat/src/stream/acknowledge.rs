//! Which of a client's stanzas are handled (XEP-0198): a post only when it is durable or refused.
//!
//! The count that we tell is of an unbroken beginning: with the third post still on its way, a
//! fourth that is durable does not count.

use std::collections::VecDeque;

use xmpp::sm;
use xmpp::stream_error::StreamError;

/// The place of one stanza in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u64);

/// What has arrived since acknowledgements were turned on.
#[derive(Debug, Default)]
pub(super) struct Handled {
    /// So many from the beginning are handled.
    count: u64,
    /// Those that arrived after them: handled?
    later: VecDeque<bool>,
    /// The client asked, and was told less than it had sent.
    owed: bool,
    /// So many stanzas had been said to the client before.
    said_before: u64,
}

impl Handled {
    /// From now on, when so many stanzas have been said to the client.
    pub(super) fn since(said: u64) -> Self {
        Self { said_before: said, ..Self::default() }
    }

    /// May the client have handled `count` stanzas, when `said` were ever said to it? One that has
    /// handled more counts something else (XEP-0198 section 4). It begins to count when it asks for
    /// acknowledgements: what was under way to it then counts, the answer to its binding too.
    pub(super) fn believe(&self, count: u32, said: u64) -> Result<(), StreamError> {
        match u32::try_from(said + 1) {
            Ok(most) if count > most => {
                let since = u32::try_from(said - self.said_before).unwrap_or(most);
                Err(sm::count_too_high(count, since))
            }
            // Past the largest number the count begins again at 0: any may be true.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// A stanza has arrived.
    pub(super) fn arrived(&mut self) -> Mark {
        let mark = Mark(self.count + self.later.len() as u64);
        self.later.push_back(false);
        mark
    }

    /// A stanza is handled.
    pub(super) fn done(&mut self, mark: Mark) {
        let at = mark.0.checked_sub(self.count).and_then(|at| usize::try_from(at).ok());
        if let Some(done) = at.and_then(|at| self.later.get_mut(at)) {
            *done = true;
        }
        while self.later.front() == Some(&true) {
            self.later.pop_front();
            self.count += 1;
        }
    }

    /// How many have arrived and cannot be acknowledged yet.
    pub(super) fn waiting(&self) -> usize {
        self.later.len()
    }

    /// The client asks: the count to tell, modulo 2^32 (XEP-0198 section 4).
    pub(super) fn asked(&mut self) -> u32 {
        self.owed = !self.later.is_empty();
        self.told()
    }

    /// The count to tell without being asked, once what was owed is complete.
    pub(super) fn owed(&mut self) -> Option<u32> {
        (self.owed && self.later.is_empty()).then(|| self.asked())
    }

    fn told(&self) -> u32 {
        u32::try_from(self.count % (1 << 32)).expect("a remainder of 2^32 has 32 bits")
    }
}

#[cfg(test)]
mod tests {
    use super::Handled;

    #[test]
    fn only_an_unbroken_beginning_counts() {
        let mut handled = Handled::default();
        let marks: Vec<_> = (0..4).map(|_| handled.arrived()).collect();
        assert_eq!(handled.asked(), 0);
        handled.done(marks[1]);
        handled.done(marks[2]);
        assert_eq!(handled.asked(), 0);
        handled.done(marks[0]);
        assert_eq!(handled.asked(), 3);
        assert_eq!(handled.owed(), None);
        handled.done(marks[3]);
        assert_eq!(handled.owed(), Some(4), "the client asked, and is told when all is done");
        assert_eq!(handled.owed(), None, "once");
    }

    #[test]
    fn the_count_wraps_as_the_standard_says() {
        let mut handled = Handled { count: u64::from(u32::MAX), ..Handled::default() };
        let mark = handled.arrived();
        assert_eq!(handled.asked(), u32::MAX);
        handled.done(mark);
        assert_eq!(handled.asked(), 0);
    }

    #[test]
    fn nobody_has_handled_more_than_there_was() {
        let handled = Handled::since(2);
        handled.believe(0, 2).unwrap();
        handled.believe(4, 3).unwrap();
        let refused = handled.believe(5, 3).unwrap_err();
        assert_eq!(refused.condition.name(), "undefined-condition");
        let particular = refused.particular.unwrap();
        assert_eq!(particular.attribute("send-count"), Some("1"), "since they are counted");
        handled.believe(u32::MAX, u64::from(u32::MAX)).unwrap();
    }
}
