//! The other servers' occupants, as they tell us of them.
//!
//! Each server numbers its changes. Whoever misses one (the numbers have a gap, or a server that
//! compares notes is further than we know) asks for the whole state and takes over the difference.

use super::memory::{House, Known, State};
use super::occupant::{Occupant, Place};
use crate::peers::{Change, PeerAnswer, Seen};
use std::collections::BTreeSet;
use tracing::{debug, info};
use uuid::Uuid;
use xmpp::muc::status;
use xmpp::{Element, FullJid};

impl House {
    /// Takes over a change. False if something before it was missed.
    pub(crate) fn heard(
        &self,
        server: &str,
        incarnation: Uuid,
        sequence: u64,
        change: Change,
    ) -> bool {
        let mut state = self.lock();
        let Some(known) = state.servers.get_mut(server) else { return false };
        if known.incarnation != incarnation || known.sequence + 1 < sequence {
            // An older life's message is late; a newer life's is not known yet.
            return known.incarnation > incarnation;
        }
        if known.sequence >= sequence {
            return true;
        }
        known.sequence = sequence;
        match change {
            Change::Present(seen) => self.present(&mut state, server, &seen),
            Change::Left { room, who, status } => {
                Self::left(&mut state, server, &room, &who, status.as_deref(), &[]);
            }
        }
        true
    }

    /// Do we know all that the server has told? (It compares notes.)
    pub(crate) fn is_level(&self, server: &str, incarnation: Uuid, sequence: u64) -> bool {
        let state = self.lock();
        state.servers.get(server).is_some_and(|known| {
            let same = known.incarnation == incarnation && known.sequence >= sequence;
            same || known.incarnation > incarnation
        })
    }

    /// Do we know the server's occupants at all?
    pub(crate) fn knows(&self, server: &str) -> bool {
        self.lock().servers.contains_key(server)
    }

    /// The servers whose occupants we know.
    pub(crate) fn known_servers(&self) -> Vec<String> {
        self.lock().servers.keys().cloned().collect()
    }

    /// This life of ours, and the number of our last change.
    pub(crate) fn note(&self) -> (Uuid, u64) {
        (self.incarnation, self.lock().sequence)
    }

    /// All our occupants.
    pub(crate) fn all(&self) -> PeerAnswer {
        let state = self.lock();
        let mut occupants = Vec::new();
        for (name, room) in &state.rooms {
            for (who, occupant) in &room.occupants {
                if matches!(&occupant.place, Place::Here(here) if here.announced) {
                    occupants.extend(room.seen(name, who));
                }
            }
        }
        let sequence = state.sequence;
        PeerAnswer::Occupants { incarnation: self.incarnation, sequence, occupants }
    }

    /// Takes over the whole state of a server.
    pub(crate) fn adopt(&self, server: &str, incarnation: Uuid, sequence: u64, occupants: &[Seen]) {
        let mut state = self.lock();
        let known = Known { incarnation, sequence };
        if let Some(before) = state.servers.get(server) {
            let older = before.incarnation > incarnation
                || before.incarnation == incarnation && before.sequence > sequence;
            if older {
                return;
            }
        }
        state.servers.insert(server.to_owned(), known);
        debug!(server, occupants = occupants.len(), "took over a server's occupants");
        let told: BTreeSet<(&str, Uuid)> =
            occupants.iter().map(|seen| (seen.room.as_str(), seen.stay)).collect();
        for (room, who, stay) in state.of_server(server) {
            if !told.contains(&(room.as_str(), stay)) {
                Self::left(&mut state, server, &room, &who, None, &[status::TECHNICAL]);
            }
        }
        for seen in occupants {
            self.present(&mut state, server, seen);
        }
    }

    /// A server is gone: its occupants leave everywhere.
    pub(crate) fn server_gone(&self, server: &str) {
        let mut state = self.lock();
        if state.servers.remove(server).is_none() {
            return;
        }
        let occupants = state.of_server(server);
        info!(server, occupants = occupants.len(), "a server is gone, and its occupants with it");
        for (room, who, _) in occupants {
            Self::left(&mut state, server, &room, &who, None, &[status::TECHNICAL]);
        }
    }

    fn present(&self, state: &mut State, server: &str, seen: &Seen) {
        let Ok(who) = FullJid::new(&seen.who) else { return };
        let Some((name, room)) = state.room(&seen.room) else { return };
        let Ok(address) = room.address.with_resource_str(&seen.nick) else {
            state.tidy(&name);
            return;
        };
        let payloads = seen.payloads.iter().filter_map(|text| text.parse::<Element>().ok());
        let payloads: Vec<Element> = payloads.collect();
        let place = Place::There { server: server.to_owned(), stay: seen.stay };
        if let Some(before) = room.occupants.get(&who) {
            let same = before.stay() == seen.stay;
            if !same && before.stay() > seen.stay {
                // The same client, but this server's news of it is older than what we know.
                return;
            }
            if matches!(before.place, Place::Here(_)) && !same {
                // Our client came back by way of another server.
                self.remove(state, &name, &who, None, &[status::TECHNICAL]);
            }
        }
        let Some((name, room)) = state.room(&seen.room) else { return };
        if room.occupants.contains_key(&who) {
            room.rename(&who, address.clone());
        }
        let occupant = Occupant::new(&who, address, payloads, place);
        room.occupants.insert(who.clone(), occupant);
        room.announce(&who);
        // If two servers let different accounts have one nick, the later one loses it.
        let bare = who.to_bare();
        let loses = |(other, o): &(&FullJid, &Occupant)| {
            o.nick() == seen.nick
                && other.to_bare() != bare
                && o.stay() > seen.stay
                && matches!(&o.place, Place::Here(here) if here.announced)
        };
        let losers: Vec<FullJid> =
            room.occupants.iter().filter(loses).map(|(other, _)| other.clone()).collect();
        for loser in losers {
            info!(%loser, nick = seen.nick, "two had the same nick; the later one goes");
            let codes = [status::KICKED, status::TECHNICAL];
            self.remove(state, &name, &loser, Some("somebody else has this nick"), &codes);
        }
    }

    fn left(
        state: &mut State,
        server: &str,
        name: &str,
        who: &str,
        status: Option<&str>,
        codes: &[u16],
    ) {
        let Ok(who) = FullJid::new(who) else { return };
        let Some(room) = state.rooms.get_mut(name) else { return };
        let is_theirs =
            |o: &Occupant| matches!(&o.place, Place::There { server: s, .. } if s == server);
        if !room.occupants.get(&who).is_some_and(is_theirs) {
            return;
        }
        if let Some(occupant) = room.occupants.remove(&who) {
            room.announce_gone(&who, &occupant.address, status, codes);
        }
        state.tidy(name);
    }
}

impl State {
    /// The occupants of another server: room, full address, stay.
    fn of_server(&self, server: &str) -> Vec<(String, String, Uuid)> {
        let mut found = Vec::new();
        for (name, room) in &self.rooms {
            for (who, occupant) in &room.occupants {
                if let Place::There { server: theirs, stay } = &occupant.place
                    && theirs == server
                {
                    found.push((name.to_string(), who.to_string(), *stay));
                }
            }
        }
        found
    }
}
