//! Entering, changing, leaving, and what the other servers are told of it.

use super::memory::{House, State};
use super::occupant::{Here, Occupant, Place, Stage};
use super::presence::{gone, says};
use super::room::Enter;
use crate::error::RoomError;
use crate::names::{RoomName, Term};
use crate::outbox::Shared;
use crate::peers::{Change, PeerMessage, tell_all};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;
use xmpp::muc::status;
use xmpp::{BareJid, Element, FullJid};

/// How a client's attempt to enter went on.
#[derive(Debug)]
pub(crate) enum Settled {
    /// It is in.
    In,
    /// The term changed meanwhile: its history must be read again.
    Again,
}

/// A stay that ends when this is dropped, unless it was [settled](House::settle).
#[derive(Debug)]
pub(crate) struct Stay {
    house: Arc<House>,
    pub(crate) room: RoomName,
    who: FullJid,
    id: Uuid,
    settled: bool,
}

impl Drop for Stay {
    fn drop(&mut self) {
        if !self.settled {
            let mut state = self.house.lock();
            let stays = |o: &Occupant| matches!(&o.place, Place::Here(h) if h.stay == self.id);
            let room = state.rooms.get(&self.room);
            if room.and_then(|room| room.occupants.get(&self.who)).is_some_and(stays) {
                self.house.remove(&mut state, &self.room, &self.who, None, &[]);
            }
        }
    }
}

impl House {
    /// May `bare` have this nick, as far as is known here?
    pub(crate) fn nick_is_free(&self, room: &str, nick: &str, bare: &BareJid) -> bool {
        self.lock().rooms.get(room).is_none_or(|room| !room.has_other(nick, bare))
    }

    /// Puts a client into a room, unseen by the others as yet.
    pub(crate) fn begin(
        self: &Arc<Self>,
        name: &RoomName,
        enter: &Enter,
    ) -> Result<Stay, RoomError> {
        let mut state = self.lock();
        let limit = self.limits.rooms_per_user;
        let user = enter.who.to_bare();
        let rooms: BTreeSet<&RoomName> =
            state.users.get(&user).into_iter().flat_map(|it| it.values()).flatten().collect();
        if rooms.len() >= limit && !rooms.contains(name) {
            return Err(RoomError::TooManyRooms(limit));
        }
        let Some((name, room)) = state.room(name) else { return Err(RoomError::NoSuchRoom) };
        let id = Uuid::now_v7();
        let result = room.begin(enter, id);
        if result.is_ok() {
            let clients = state.users.entry(user).or_default();
            clients.entry(enter.who.clone()).or_default().insert(Arc::clone(&name));
        } else {
            state.tidy(&name);
        }
        result?;
        let who = enter.who.clone();
        Ok(Stay { house: Arc::clone(self), room: name, who, id, settled: false })
    }

    /// Decides up to where a client that is entering gets history: what was shown so far, if that
    /// counts in `term`.
    pub(crate) fn bound(&self, stay: &Stay, term: Term) -> Option<i64> {
        let mut state = self.lock();
        let room = state.rooms.get_mut(&stay.room)?;
        let shown = room.open.as_ref().filter(|open| open.term == term)?.shown;
        let here = room.here(&stay.who).filter(|here| here.stay == stay.id)?;
        here.stage = Stage::Entering { bound: Some(shown), held: Vec::new() };
        Some(shown)
    }

    /// Lets a client in: gives it the others' presence, its own, history, subject, and what was
    /// held back, in the order of XEP-0045 section 7.1; and tells the others.
    pub(crate) fn settle(
        &self,
        stay: &mut Stay,
        term: Term,
        history: &[Shared],
    ) -> Result<Settled, RoomError> {
        let mut state = self.lock();
        let state = &mut *state;
        let gone = RoomError::Wait;
        let Some(room) = state.rooms.get_mut(&stay.room) else { return Err(gone) };
        let Some(open) = room.open.clone() else { return Err(gone) };
        let mine = |here: &&mut Here| here.stay == stay.id;
        let Some(here) = room.here(&stay.who).filter(mine) else { return Err(gone) };
        let decided = matches!(here.stage, Stage::Entering { bound: Some(_), .. });
        if !decided || open.term != term {
            return Ok(Settled::Again);
        }
        let nick = room.occupants[&stay.who].nick().to_owned();
        if room.has_other(&nick, &stay.who.to_bare()) {
            return Err(RoomError::NickTaken);
        }
        let Some(here) = room.here(&stay.who) else { return Err(gone) };
        let Stage::Entering { bound: Some(bound), held } =
            std::mem::replace(&mut here.stage, Stage::Present { since: 0 })
        else {
            return Ok(Settled::Again);
        };
        here.stage = Stage::Present { since: bound };
        here.announced = true;
        room.welcome(&stay.who, &open, history, held);
        room.announce(&stay.who);
        stay.settled = true;
        let change = room.seen(&stay.room, &stay.who).map(Change::Present);
        self.tell(state, change);
        Ok(Settled::In)
    }

    /// The room's id and the address in it of a client of ours that may speak there.
    pub(crate) fn speaks(&self, name: &str, who: &FullJid) -> Option<(Uuid, FullJid)> {
        let mut state = self.lock();
        let room = state.rooms.get_mut(name)?;
        let id = room.open.as_ref()?.id;
        let present = matches!(room.here(who)?.stage, Stage::Present { .. });
        present.then(|| (id, room.occupants[who].address.clone()))
    }

    /// How many are in a room, on all servers.
    pub(crate) fn occupants(&self, name: &str) -> usize {
        let state = self.lock();
        let room = state.rooms.get(name);
        room.map_or(0, |room| room.occupants.values().filter(|o| o.is_announced()).count())
    }

    /// Gives an occupant another nick, which has been reserved.
    pub(crate) fn rename(&self, name: &str, who: &FullJid, to: FullJid) -> Result<(), RoomError> {
        let mut state = self.lock();
        let state = &mut *state;
        let room = state.rooms.get_mut(name).ok_or(RoomError::NotAnOccupant)?;
        if !room.occupants.contains_key(who) {
            return Err(RoomError::NotAnOccupant);
        }
        room.rename(who, to);
        let change = room.seen(name, who).map(Change::Present);
        self.tell(state, change);
        Ok(())
    }

    /// Takes over an occupant's new presence and tells the others.
    pub(crate) fn change(
        &self,
        name: &str,
        who: &FullJid,
        payloads: Vec<Element>,
    ) -> Result<(), RoomError> {
        let mut state = self.lock();
        let state = &mut *state;
        let room = state.rooms.get_mut(name).ok_or(RoomError::NotAnOccupant)?;
        let occupant = room.occupants.get_mut(who).ok_or(RoomError::NotAnOccupant)?;
        occupant.wear(who, payloads);
        if !occupant.is_announced() {
            return Ok(());
        }
        room.announce(who);
        room.announce_to_self(who);
        let change = room.seen(name, who).map(Change::Present);
        self.tell(state, change);
        Ok(())
    }

    /// A client of ours leaves a room.
    pub(crate) fn leave(&self, name: &str, who: &FullJid, status: Option<&str>) {
        let mut state = self.lock();
        let here = state.rooms.get_mut(name).and_then(|room| room.here(who)).is_some();
        if here {
            self.remove(&mut state, name, who, status, &[]);
        }
    }

    /// A client of ours is gone from everywhere.
    pub(crate) fn gone(&self, who: &FullJid) {
        let mut state = self.lock();
        let clients = state.users.get_mut(&who.to_bare());
        let rooms = clients.and_then(|clients| clients.get(who)).cloned();
        for room in rooms.unwrap_or_default() {
            self.remove(&mut state, &room, who, None, &[]);
        }
    }

    /// Takes a client of ours out of a room, and tells it, the others and the other servers.
    pub(super) fn remove(
        &self,
        state: &mut State,
        name: &str,
        who: &FullJid,
        status: Option<&str>,
        codes: &[u16],
    ) {
        state.no_longer_in(who, name);
        let Some(room) = state.rooms.get_mut(name) else { return };
        let Some(occupant) = room.occupants.remove(who) else { return };
        let Place::Here(here) = &occupant.place else { return };
        if here.announced {
            let own = [&[status::SELF], codes].concat();
            let farewell = gone(&occupant.address, who, &says(status), None, &own);
            here.outbox.push(farewell.to(&here.recipient));
            room.announce_gone(who, &occupant.address, status, codes);
            let left = Change::Left {
                room: name.to_owned(),
                who: who.to_string(),
                status: status.map(str::to_owned),
            };
            self.tell(state, Some(left));
        }
        state.tidy(name);
    }

    /// Tells the other servers of a change among our occupants.
    fn tell(&self, state: &mut State, change: Option<Change>) {
        let Some(change) = change else { return };
        state.sequence += 1;
        let (incarnation, sequence) = (self.incarnation, state.sequence);
        let message = PeerMessage::Occupants { incarnation, sequence, change };
        tell_all(&*self.peers, &message);
    }
}
