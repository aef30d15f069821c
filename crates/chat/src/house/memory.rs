//! All rooms in this server's memory: who is in them, and what has been shown.
//!
//! One lock, held for moments and never across an `await`. Under it, stanzas go into outboxes,
//! which never block, so that what one occupant is told has one order. Nothing here is the truth:
//! posts are in the database, and occupants are what their servers say.

use super::occupant::{Occupant, Place, Stage};
use super::open::{Open, Rebased, Watched};
use super::room::Room;
use crate::names::{Author, RoomName, Term};
use crate::outbox::Shared;
use crate::peers::{PeerMessage, Peers, tell_all};
use crate::post::Post;
use crate::render;
use crate::settings::Limits;
use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use uuid::Uuid;
use xmpp::{BareJid, FullJid};

/// All rooms in memory.
#[derive(Debug)]
pub(crate) struct House {
    /// What this server calls this life of its.
    pub(super) incarnation: Uuid,
    pub(super) limits: Limits,
    pub(super) peers: Arc<dyn Peers>,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    /// The domain of the rooms.
    pub(super) domain: String,
    pub(super) rooms: HashMap<RoomName, Room>,
    /// The open rooms, by the database's id.
    pub(super) open: HashMap<Uuid, RoomName>,
    /// The rooms of each client of ours, by user.
    pub(super) users: HashMap<BareJid, HashMap<FullJid, BTreeSet<RoomName>>>,
    /// What is known of the other servers.
    pub(super) servers: HashMap<String, Known>,
    /// The number of our last change of occupants.
    pub(super) sequence: u64,
    /// Nicks kept for those who are entering.
    pub(super) kept: HashMap<(RoomName, String), Kept>,
}

/// What is known of another server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) incarnation: Uuid,
    pub(super) sequence: u64,
}

/// A nick that is kept.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) bare: String,
    pub(super) until: Instant,
}

impl House {
    pub(crate) fn new(domain: &str, limits: Limits, peers: Arc<dyn Peers>) -> Self {
        let state = State {
            domain: domain.to_owned(),
            rooms: HashMap::new(),
            open: HashMap::new(),
            users: HashMap::new(),
            servers: HashMap::new(),
            sequence: 0,
            kept: HashMap::new(),
        };
        let incarnation = Uuid::now_v7();
        Self { incarnation, limits, peers, state: Mutex::new(state) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rooms where a client of ours is.
    pub(crate) fn watched(&self) -> Vec<Watched> {
        let state = self.lock();
        let open = state.rooms.values().filter_map(|room| room.open.as_ref());
        open.map(|open| Watched { id: open.id, term: open.term }).collect()
    }

    /// The position up to which a room was shown; the highest of all, if nobody here looks at it.
    pub(crate) fn shown(&self, room: Uuid) -> i64 {
        let mut state = self.lock();
        let open = state.by_id(room).and_then(|room| room.open.as_ref());
        open.map_or(i64::MAX, |open| open.shown)
    }

    /// Of these, the rooms that were not yet shown so far.
    pub(crate) fn lacking(&self, tops: &[(Uuid, i64)]) -> Vec<(Uuid, i64)> {
        let mut state = self.lock();
        let mut lacks = |(id, top): &(Uuid, i64)| {
            let open = state.by_id(*id).and_then(|room| room.open.as_ref());
            open.is_some_and(|open| open.shown < *top)
        };
        tops.iter().copied().filter(|top| lacks(top)).collect()
    }

    /// Shows posts that our own writer committed, where they follow on what was shown. Tells up to
    /// where the other rooms are to be read.
    pub(crate) fn show_own(&self, term: Term, posts: &[Post]) -> Vec<(Uuid, i64)> {
        let mut state = self.lock();
        let mut lacking = Vec::new();
        for post in posts {
            let Some(room) = state.by_id(post.room) else { continue };
            let Some(open) = &mut room.open else { continue };
            if open.counts_in(term) && open.shown + 1 == post.position {
                open.term = term;
                room.show(post, &self.limits);
            } else if open.term != term || open.shown < post.position {
                lacking.push((post.room, post.position));
            }
        }
        lacking
    }

    /// Shows posts read from the database in `term`, in the order of positions. Tells how many.
    pub(crate) fn show_read(&self, term: Term, posts: &[Post]) -> usize {
        let mut state = self.lock();
        let mut shown = 0;
        for post in posts {
            let Some(room) = state.by_id(post.room) else { continue };
            let Some(open) = &room.open else { continue };
            if open.term == term && open.shown < post.position {
                room.show(post, &self.limits);
                shown += 1;
            }
        }
        shown
    }

    /// Shows a first post to somebody who repeated it, unless it was shown to him since he entered.
    pub(crate) fn echo(&self, author: &Author, post: &Post) {
        let mut state = self.lock();
        let Some(room) = state.rooms.get_mut(&author.room) else { return };
        let frame = render::live(post, &room.address);
        let Some(Occupant { place: Place::Here(here), .. }) = room.occupants.get_mut(&author.who)
        else {
            return;
        };
        let frame = frame.to(&here.recipient);
        match &mut here.stage {
            Stage::Present { since } if post.position <= *since => {
                here.outbox.push(frame);
            }
            Stage::Entering { bound: Some(bound), held } if post.position <= *bound => {
                held.push(frame);
            }
            Stage::Present { .. } | Stage::Entering { .. } => {}
        }
    }

    /// May this client of ours say one more thing in passing?
    pub(crate) fn may_pass(&self, name: &str, who: &FullJid) -> bool {
        let mut state = self.lock();
        let here = state.rooms.get_mut(name).and_then(|room| room.here(who));
        here.is_some_and(|here| here.pace.allows(self.limits.passing_per_second))
    }

    /// Shows something that is not kept to everybody in the room, here and at the other servers.
    pub(crate) fn pass_everywhere(&self, name: &str, stanza: String) {
        let passing = PeerMessage::Passing { room: name.to_owned(), stanza: stanza.clone() };
        tell_all(&*self.peers, &passing);
        self.pass(name, stanza);
    }

    /// Shows something that is not kept to our clients in the room.
    pub(crate) fn pass(&self, name: &str, stanza: String) {
        if let Some(room) = self.lock().rooms.get(name) {
            room.tell_here(None, &Shared::printed(stanza));
        }
    }

    /// Lets a room's position count in a newer term.
    pub(crate) fn rebase(&self, id: Uuid, term: Term, rebased: Rebased) {
        let mut state = self.lock();
        let Some(room) = state.by_id(id) else { return };
        let Some(open) = &mut room.open else { return };
        if open.term >= term {
            return;
        }
        if open.counts_in(term) {
            open.term = term;
            open.shown = open.shown.min(rebased.top);
            return;
        }
        let back = rebased.fork.unwrap_or(rebased.top).min(rebased.top);
        open.shown = open.shown.min(back);
        open.term = term;
        let changed = open.subject != rebased.subject;
        // What follows from here on is shown, subjects included.
        open.subject = rebased.subject;
        let subject = open.subject.render(&room.address);
        for occupant in room.occupants.values_mut() {
            let Place::Here(here) = &mut occupant.place else { continue };
            match &mut here.stage {
                // It has not been given its history yet: that is read again.
                Stage::Entering { bound, held } => {
                    *bound = None;
                    held.clear();
                }
                Stage::Present { since } => {
                    *since = back.min(*since);
                    if changed {
                        here.outbox.push(subject.to(&here.recipient));
                    }
                }
            }
        }
    }

    /// What is known of a room that is open.
    pub(crate) fn opened(&self, name: &str) -> Option<Open> {
        self.lock().rooms.get(name)?.open.clone()
    }

    /// Opens a room as the database has it, unless it is open.
    pub(crate) fn open(&self, name: &RoomName, open: Open) {
        let mut state = self.lock();
        let Some(room) = state.rooms.get_mut(name) else { return };
        if room.open.is_none() {
            let id = open.id;
            room.open = Some(open);
            state.open.insert(id, Arc::clone(name));
        }
    }
}

impl State {
    /// A client of ours is not in a room any more.
    pub(super) fn no_longer_in(&mut self, who: &FullJid, room: &str) {
        let Slot::Occupied(mut clients) = self.users.entry(who.to_bare()) else { return };
        if let Some(rooms) = clients.get_mut().get_mut(who) {
            rooms.remove(room);
            if rooms.is_empty() {
                clients.get_mut().remove(who);
            }
        }
        if clients.get().is_empty() {
            clients.remove();
        }
    }

    fn by_id(&mut self, id: Uuid) -> Option<&mut Room> {
        self.rooms.get_mut(self.open.get(&id)?)
    }

    /// The room of that name, made if it is not there; none if there can be no such address.
    pub(super) fn room(&mut self, name: &str) -> Option<(RoomName, &mut Room)> {
        if !self.rooms.contains_key(name) {
            let address = BareJid::new(&format!("{name}@{}", self.domain)).ok()?;
            self.rooms.insert(Arc::from(name), Room::new(address));
        }
        let (name, _) = self.rooms.get_key_value(name)?;
        let name = Arc::clone(name);
        let room = self.rooms.get_mut(&name)?;
        Some((name, room))
    }

    /// Forgets of a room what nobody needs any more.
    pub(super) fn tidy(&mut self, name: &str) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let here = room.occupants.values().any(|o| matches!(o.place, Place::Here(_)));
        if !here && let Some(open) = room.open.take() {
            self.open.remove(&open.id);
        }
        if room.occupants.is_empty() {
            self.rooms.remove(name);
        }
    }
}
