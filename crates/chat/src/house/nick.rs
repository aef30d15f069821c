//! A nick is reserved in one place: for each room, one of the pool's living servers.
//!
//! Which one follows from the names alone (rendezvous hashing), so every server knows it, and when
//! servers come and go only their rooms move. What is reserved is what the reserving server knows:
//! all servers' occupants, and the nicks it has promised to those who are just entering. If two
//! servers disagree for a moment about who lives, two accounts may get one nick; the later one
//! loses it when the servers compare notes.

use super::memory::{House, Kept};
use crate::error::RoomError;
use crate::names::RoomName;
use crate::peers::{PeerAnswer, PeerMessage, PeerQuestion, Peers};
use sha2::{Digest as _, Sha256};
use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Instant;
use tracing::info;
use xmpp::BareJid;

/// How many servers are asked to reserve a nick when the first ones do not answer.
const ASKED_MAX: usize = 3;

/// The servers that may reserve nicks in `room`, the first choice first.
fn in_order(room: &str, mut servers: Vec<String>) -> Vec<String> {
    servers.sort_by_cached_key(|server| Reverse(Sha256::digest(format!("{room}\n{server}"))));
    servers
}

impl House {
    /// Has `nick` kept for `bare` in `room`.
    pub(crate) async fn reserve(
        &self,
        room: &RoomName,
        nick: &str,
        bare: &BareJid,
    ) -> Result<(), RoomError> {
        if !self.nick_is_free(room, nick, bare) {
            return Err(RoomError::NickTaken);
        }
        for server in in_order(room, self.peers.live()).into_iter().take(ASKED_MAX) {
            if server == self.peers.me() {
                let kept = self.keep_nick(room, nick, bare.as_str());
                return if kept { Ok(()) } else { Err(RoomError::NickTaken) };
            }
            let question = PeerQuestion::ReserveNick {
                room: room.to_string(),
                nick: nick.to_owned(),
                bare: bare.to_string(),
            };
            match self.peers.ask(&server, question).await {
                Ok(PeerAnswer::ReserveNick(true)) => return Ok(()),
                Ok(PeerAnswer::ReserveNick(false)) => return Err(RoomError::NickTaken),
                Ok(PeerAnswer::Occupants { .. }) => {}
                Err(error) => info!(%error, "asking the next server to keep a nick"),
            }
        }
        Err(RoomError::Wait)
    }

    /// Gives back a nick that was reserved and is not needed.
    pub(crate) fn release(&self, room: &RoomName, nick: &str, bare: &BareJid) {
        let servers = in_order(room, self.peers.live());
        let Some(server) = servers.first() else { return };
        if server == self.peers.me() {
            self.release_nick(room, nick, bare.as_str());
        } else {
            let message = PeerMessage::ReleaseNick {
                room: room.to_string(),
                nick: nick.to_owned(),
                bare: bare.to_string(),
            };
            self.peers.tell(server, message);
        }
    }

    /// Keeps a nick, if nobody else has it or waits with it.
    pub(crate) fn keep_nick(&self, room: &str, nick: &str, bare: &str) -> bool {
        let Ok(address) = BareJid::new(bare) else { return false };
        let now = Instant::now();
        let key = (RoomName::from(room), nick.to_owned());
        let mut state = self.lock();
        if state.rooms.get(room).is_some_and(|room| room.has_other(nick, &address)) {
            return false;
        }
        if state.kept.get(&key).is_some_and(|kept| kept.until > now && kept.bare != bare) {
            return false;
        }
        let kept = Kept { bare: bare.to_owned(), until: now + self.limits.nick_wait };
        state.kept.insert(key, kept);
        true
    }

    /// Gives a nick free that was kept for `bare`.
    pub(crate) fn release_nick(&self, room: &str, nick: &str, bare: &str) {
        let key = (RoomName::from(room), nick.to_owned());
        let mut state = self.lock();
        if state.kept.get(&key).is_some_and(|kept| kept.bare == bare) {
            state.kept.remove(&key);
        }
    }

    /// Forgets nicks whose takers never came, or came.
    pub(crate) fn release_old_nicks(&self) {
        let now = Instant::now();
        self.lock().kept.retain(|_, kept| kept.until > now);
    }

    /// The way to the other servers.
    pub(crate) fn peers(&self) -> &Arc<dyn Peers> {
        &self.peers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dead_servers_rooms_move() {
        let all: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        let two: Vec<String> = ["a", "c"].map(str::to_owned).into();
        let rooms: Vec<String> = (0..300).map(|n| format!("room-{n}")).collect();
        let mut counts = [0; 3];
        for room in &rooms {
            let before = in_order(room, all.clone())[0].clone();
            let after = in_order(room, two.clone())[0].clone();
            counts[all.iter().position(|s| *s == before).unwrap()] += 1;
            assert!(before == after || before == "b", "{room}: {before} to {after}");
        }
        assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
    }
}
