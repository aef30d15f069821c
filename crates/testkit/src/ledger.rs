//! What clients were told, and when: the ground that the [checker](crate::checker) stands on.

use crate::client::{Post, StanzaRefusal};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// One thing that one client did or was told.
#[derive(Clone, Debug)]
pub struct Entry {
    pub at: Instant,
    /// The user's name, which is its nick in every room.
    pub who: String,
    pub what: Event,
}

/// What happened to a client.
#[derive(Clone, Debug)]
pub enum Event {
    /// It sent a post for the first time.
    Asked {
        room: String,
        origin_id: String,
        body: String,
    },
    /// It sent a post again, not having been answered.
    Repeated {
        origin_id: String,
    },
    /// It got the receipt of its own post.
    Acknowledged(Post),
    /// Its post was refused for good.
    Refused {
        origin_id: String,
        refusal: StanzaRefusal,
    },
    /// It saw a post for the first time, its own included.
    Seen(Post),
    Connected(SocketAddr),
    /// It lost its connection, or could not make one, and why.
    Lost(String),
}

/// Everything that all clients of a test were told, in the order of time.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Mutex<Vec<Entry>>,
}

impl Ledger {
    /// Writes an entry with the time of now.
    pub fn write(&self, who: &str, what: Event) {
        let mut entries = self.entries.lock().expect("nobody panics with the ledger");
        entries.push(Entry { at: Instant::now(), who: who.to_owned(), what });
    }

    /// All entries so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().expect("nobody panics with the ledger").clone()
    }

    /// The entries from this number on, as counted by [`Ledger::count`].
    pub fn entries_from(&self, number: usize) -> Vec<Entry> {
        let entries = self.entries.lock().expect("nobody panics with the ledger");
        entries[number..].to_vec()
    }

    /// How many entries there are so far.
    pub fn count(&self) -> usize {
        self.entries.lock().expect("nobody panics with the ledger").len()
    }

    /// How many posts have been acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.acknowledgements().len()
    }

    /// When each acknowledgement so far came.
    pub fn acknowledgements(&self) -> Vec<Instant> {
        let entries = self.entries.lock().expect("nobody panics with the ledger");
        let acknowledged = entries.iter().filter(|it| matches!(it.what, Event::Acknowledged(_)));
        acknowledged.map(|it| it.at).collect()
    }

    /// The longest time without an acknowledgement that ended after `from` and began before
    /// `until`, counted from `from` on. None, when no acknowledgement has ended it.
    ///
    /// The first acknowledgement after a kill does not end the outage: it may have been on its way.
    pub fn longest_silence(&self, from: Instant, until: Instant) -> Option<Duration> {
        let mut silence = None;
        let mut before = from;
        for at in self.acknowledgements() {
            if at > from && before < until {
                silence = silence.max(Some(at - before));
                before = at;
            }
        }
        silence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_silence_is_not_ended_by_an_acknowledgement_on_its_way() {
        let ledger = Ledger::default();
        let start = Instant::now();
        let post = Post {
            room: "r@rooms".to_owned(),
            nick: "a".to_owned(),
            archive_id: "1".to_owned(),
            origin_id: None,
            body: String::new(),
            stamp: None,
            recovered: false,
        };
        for milliseconds in [90, 110, 1_110, 1_120] {
            let at = start + Duration::from_millis(milliseconds);
            let what = Event::Acknowledged(post.clone());
            ledger.entries.lock().unwrap().push(Entry { at, who: "a".to_owned(), what });
        }
        let kill = start + Duration::from_millis(100);
        let end = start + Duration::from_secs(10);
        assert_eq!(ledger.longest_silence(kill, end), Some(Duration::from_secs(1)));
        assert_eq!(ledger.longest_silence(end, end), None);
    }
}
