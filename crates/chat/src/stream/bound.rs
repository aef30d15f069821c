//! One stream per full address: a newer one ends the older (RFC 6120 section 7.7.2.2).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use xmpp::FullJid;

/// The bound streams of this server.
#[derive(Clone, Debug, Default)]
pub(super) struct Bound(Arc<Mutex<HashMap<FullJid, Entry>>>);

#[derive(Clone, Debug)]
struct Entry {
    replaced: CancellationToken,
    ended: CancellationToken,
}

/// An address that is taken for as long as this lives.
#[derive(Debug)]
pub(super) struct Taken {
    bound: Bound,
    address: FullJid,
    entry: Entry,
}

impl Bound {
    /// Takes an address. A stream that has it is told to end, and has really ended, rooms and all,
    /// when this returns. `None` if it did not end within `patience`.
    pub(super) async fn take(&self, address: &FullJid, patience: Duration) -> Option<Taken> {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let older = match self.try_take(address) {
                Ok(taken) => return Some(taken),
                Err(older) => older,
            };
            older.replaced.cancel();
            tokio::time::timeout_at(deadline, older.ended.cancelled()).await.ok()?;
        }
    }

    fn try_take(&self, address: &FullJid) -> Result<Taken, Entry> {
        let mut streams = self.0.lock().expect("nobody panics while holding this");
        if let Some(older) = streams.get(address) {
            return Err(older.clone());
        }
        let entry = Entry { replaced: CancellationToken::new(), ended: CancellationToken::new() };
        streams.insert(address.clone(), entry.clone());
        Ok(Taken { bound: self.clone(), address: address.clone(), entry })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.lock().expect("nobody panics while holding this").len()
    }
}

impl Taken {
    /// The address.
    pub(super) fn address(&self) -> &FullJid {
        &self.address
    }

    /// Resolves when a newer stream wants the address.
    pub(super) async fn replaced(&self) {
        self.entry.replaced.cancelled().await;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.bound.0.lock().expect("nobody panics while holding this").remove(&self.address);
        self.entry.ended.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Bound;
    use xmpp::FullJid;

    #[tokio::test]
    async fn a_newer_stream_waits_until_the_older_has_ended() {
        let bound = Bound::default();
        let address = FullJid::new("a@example.org/1").unwrap();
        let older = bound.take(&address, Duration::ZERO).await.unwrap();
        assert!(bound.take(&address, Duration::ZERO).await.is_none(), "it has not ended");
        let (newer, ()) = tokio::join!(bound.take(&address, Duration::from_secs(30)), async {
            older.replaced().await;
            drop(older);
        });
        assert_eq!(newer.unwrap().address(), &address);
        assert_eq!(bound.len(), 0);
    }
}
