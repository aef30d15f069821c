//! One stream per full address in the whole pool: a newer one ends the older (RFC 6120 section
//! 7.7.2.2).
//!
//! At one server the newer stream waits until the older has ended. The other servers are only told,
//! so that nobody waits at the door for a server that is lost; whoever hears of a newer stream ends
//! its own. *Newer* is what the numbers say: each server counts on from the highest that it has
//! heard and from its clock, so a server that was told of a stream gives the next one a higher
//! number, however wrong the clocks are. Who was not told hears it from whoever has the newer one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_util::sync::CancellationToken;
use tracing::debug;
use xmpp::{BareJid, FullJid};

use crate::counts::Counts;
use crate::peers::{PeerMessage, Peers, tell_all};

/// The bound streams of this server. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Bound(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    peers: Arc<dyn Peers>,
}

/// Why an address could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// The stream that has it did not end in time.
    InUse,
    /// The user has as many streams as one may have.
    TooMany,
}

#[derive(Debug, Default)]
struct State {
    streams: HashMap<FullJid, Entry>,
    /// How many of them each user has.
    users: Counts<BareJid>,
    /// The highest number that was given or heard.
    highest: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    /// Tells which of two streams is the newer one.
    number: u64,
    replaced: CancellationToken,
    ended: CancellationToken,
}

enum Try {
    Taken(Taken),
    InUse(Entry),
}

/// An address that is taken for as long as this lives.
#[derive(Debug)]
pub(crate) struct Taken {
    bound: Bound,
    address: FullJid,
    entry: Entry,
}

impl Bound {
    pub(crate) fn new(peers: Arc<dyn Peers>) -> Self {
        Self(Arc::new(Inner { state: Mutex::default(), peers }))
    }

    /// Takes an address. A stream of this server that has it is told to end, and has really ended,
    /// rooms and all, when this returns; the other servers are told. Fails if it does not end
    /// within `patience`, or if the user would have more than `most` streams here.
    pub(crate) async fn take(
        &self,
        address: &FullJid,
        most: usize,
        patience: Duration,
    ) -> Result<Taken, NotTaken> {
        let deadline = tokio::time::Instant::now() + patience;
        let taken = loop {
            let older = match self.try_take(address, most)? {
                Try::Taken(taken) => break taken,
                Try::InUse(older) => older,
            };
            older.replaced.cancel();
            let ended = tokio::time::timeout_at(deadline, older.ended.cancelled()).await;
            ended.map_err(|_| NotTaken::InUse)?;
        };
        let (address, number) = (address.to_string(), taken.entry.number);
        tell_all(&*self.0.peers, &PeerMessage::Bound { address, number });
        Ok(taken)
    }

    fn try_take(&self, address: &FullJid, most: usize) -> Result<Try, NotTaken> {
        let mut state = self.lock();
        if let Some(older) = state.streams.get(address) {
            return Ok(Try::InUse(older.clone()));
        }
        if !state.users.add(address.to_bare(), most) {
            return Err(NotTaken::TooMany);
        }
        let number = now().max(state.highest.saturating_add(1));
        state.highest = number;
        let entry =
            Entry { number, replaced: CancellationToken::new(), ended: CancellationToken::new() };
        state.streams.insert(address.clone(), entry.clone());
        drop(state);
        Ok(Try::Taken(Taken { bound: self.clone(), address: address.clone(), entry }))
    }

    /// Another server has bound this address.
    pub(crate) fn heard(&self, from: &str, address: &str, number: u64) {
        let Ok(who) = FullJid::new(address) else { return };
        let mut state = self.lock();
        state.highest = state.highest.max(number);
        let Some(own) = state.streams.get(&who).cloned() else { return };
        drop(state);
        // The names decide between two that were bound at once.
        if (own.number, self.0.peers.me()) < (number, from) {
            debug!(address, from, "the client came in by another server");
            own.replaced.cancel();
        } else {
            let message = PeerMessage::Bound { address: address.to_owned(), number: own.number };
            self.0.peers.tell(from, message);
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().streams.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// The address.
    pub(crate) fn address(&self) -> &FullJid {
        &self.address
    }

    /// Resolves when a newer stream wants the address.
    pub(crate) async fn replaced(&self) {
        self.entry.replaced.cancelled().await;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut state = self.bound.lock();
        state.streams.remove(&self.address);
        state.users.remove(self.address.to_bare());
        drop(state);
        self.entry.ended.cancel();
    }
}

/// Microseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
