//! Accepting connections, and refusing what is too much.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use xmpp::stream_error::{StreamCondition, StreamError};

use super::{Entry, Streams, client, negotiation, wire};
use crate::counts::Counts;

/// How long to wait when the system has no more sockets for us.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Connections that have not logged in, counted by address.
#[derive(Clone, Debug)]
pub(super) struct Strangers {
    counts: Arc<Mutex<Counts<IpAddr>>>,
    limit: usize,
}

/// One connection that has not logged in.
#[derive(Debug)]
pub(super) struct Stranger {
    strangers: Strangers,
    address: IpAddr,
}

impl Strangers {
    pub(super) fn new(limit: usize) -> Self {
        Self { counts: Arc::default(), limit }
    }

    fn admit(&self, address: IpAddr) -> Option<Stranger> {
        let mut counts = self.counts.lock().expect("nobody panics while holding this");
        let fits = counts.add(address, self.limit);
        drop(counts);
        fits.then(|| Stranger { strangers: self.clone(), address })
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let counts = self.strangers.counts.lock();
        counts.expect("nobody panics while holding this").remove(self.address);
    }
}

impl Streams {
    /// Serves the clients that come in by `listener`, until the server stops.
    pub async fn serve(&self, listener: TcpListener, entry: Entry) {
        loop {
            let accepted = tokio::select! {
                () = self.0.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, peer)) => self.admit(socket, peer.ip(), entry),
                Err(error) => {
                    tracing::warn!(%error, "no client could be accepted; trying again");
                    tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                }
            }
        }
    }

    fn admit(&self, socket: TcpStream, address: IpAddr, entry: Entry) {
        let domain = self.domain();
        let Ok(permit) = Arc::clone(&self.0.connections).try_acquire_owned() else {
            return refuse(&socket, entry, domain, "this server has no room for another client");
        };
        let Some(stranger) = self.0.strangers.admit(address) else {
            return refuse(&socket, entry, domain, "too many connections from your address");
        };
        let streams = self.clone();
        self.0.tasks.spawn(async move {
            streams.live(socket, entry, stranger).await;
            drop(permit);
        });
    }

    /// The whole life of one connection.
    async fn live(&self, socket: TcpStream, entry: Entry, stranger: Stranger) {
        if let Err(error) = socket.set_nodelay(true) {
            return tracing::debug!(%error, "the connection broke at once");
        }
        let address = stranger.address;
        // What a login needs is given back when it is over.
        let negotiating = Box::pin(negotiation::negotiate(self, socket, entry));
        let negotiated = tokio::select! {
            () = self.0.stop.cancelled() => return,
            negotiated = negotiating => negotiated,
        };
        drop(stranger);
        match negotiated {
            Ok(ready) => client::live(self, ready).await,
            Err(end) => tracing::debug!(%address, %end, "no login"),
        }
    }
}

/// Turns a connection away without a task and without waiting. Only in the clear it can be told
/// why.
fn refuse(socket: &TcpStream, entry: Entry, domain: &str, why: &str) {
    tracing::debug!(why, "a connection was refused");
    if entry == Entry::StartTls {
        let error = StreamError::new(StreamCondition::ResourceConstraint, why);
        if let Err(error) = socket.try_write(wire::refusal(&error, domain).as_bytes()) {
            tracing::debug!(%error, "the refusal was not heard");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Strangers;

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let strangers = Strangers::new(2);
        let (one, other) = ([127, 0, 0, 1].into(), [127, 0, 0, 2].into());
        let first = strangers.admit(one).unwrap();
        let _second = strangers.admit(one).unwrap();
        assert!(strangers.admit(one).is_none());
        assert!(strangers.admit(other).is_some());
        drop(first);
        assert!(strangers.admit(one).is_some());
        assert_eq!(strangers.counts.lock().unwrap().len(), 1, "nothing is kept of who has gone");
    }
}
