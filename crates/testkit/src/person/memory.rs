//! What a person remembers from one connection to the next.

use std::collections::{HashSet, VecDeque};
use std::time::Instant;

/// A post that was neither acknowledged nor refused.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) room: String,
    pub(super) origin_id: String,
    pub(super) body: String,
    /// On its way on the present connection.
    pub(super) is_sent: bool,
    /// It has been sent at least once.
    pub(super) was_asked: bool,
    /// Refused for the time being; not to be sent again before this time.
    pub(super) not_before: Option<Instant>,
}

/// What was seen in one room.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) name: String,
    /// The archive id to catch up from.
    pub(super) last: Option<String>,
    seen: HashSet<String>,
}

impl Room {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Notes a post; tells whether it is new.
    pub(super) fn note(&mut self, archive_id: &str) -> bool {
        self.last = Some(archive_id.to_owned());
        self.seen.insert(archive_id.to_owned())
    }
}

/// All that outlives a connection.
#[derive(Debug)]
pub(super) struct Memory {
    who: String,
    pub(super) rooms: Vec<Room>,
    pub(super) unanswered: VecDeque<Unanswered>,
    said: u64,
}

impl Memory {
    pub(super) fn new(who: &str, rooms: &[String]) -> Self {
        let rooms = rooms.iter().map(|it| Room::new(it)).collect();
        Self { who: who.to_owned(), rooms, unanswered: VecDeque::new(), said: 0 }
    }

    pub(super) fn room(&mut self, name: &str) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|it| it.name == name)
    }

    /// Remembers something to say. The origin id is unique over all tests on this machine.
    pub(super) fn say(&mut self, room: String, body: String) {
        self.said += 1;
        self.unanswered.push_back(Unanswered {
            room,
            origin_id: format!("{}-{}-{}", self.who, std::process::id(), self.said),
            body,
            is_sent: false,
            was_asked: false,
            not_before: None,
        });
    }

    /// The next thing to say of one's own accord, and where.
    pub(super) fn next_line(&self) -> Option<(String, String)> {
        let number = self.said + 1;
        let turn = usize::try_from(number).ok()? % self.rooms.len().max(1);
        let room = self.rooms.get(turn)?;
        Some((room.name.clone(), format!("{} says line {number}", self.who)))
    }

    /// Forgets a post that was answered; tells whether it was waited for.
    pub(super) fn answered(&mut self, origin_id: &str) -> bool {
        let at = self.unanswered.iter().position(|it| it.origin_id == origin_id);
        at.and_then(|at| self.unanswered.remove(at)).is_some()
    }

    /// Nothing is on its way any more.
    pub(super) fn disconnected(&mut self) {
        for post in &mut self.unanswered {
            post.is_sent = false;
            post.not_before = None;
        }
    }
}
