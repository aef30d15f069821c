//! What chat servers of a pool tell each other, carried by the control port.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chat::Chat;
use chat::peers::{PeerAnswer, PeerLost, PeerMessage, PeerQuestion, Peers};
use control::{Client, Destination, Peer, Refusal, Router};
use serde::{Deserialize, Serialize};
use tokio::sync::{OnceCell, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::debug;

const TELL: &str = "chat/tell";
const ASK: &str = "chat/ask";
/// Messages that may wait for one server; the next is dropped, which costs a poll interval.
const WAITING_MAX: usize = 4096;
/// Messages in one request.
const BATCH_MAX: usize = 256;
/// How long a server may take to hear.
const TELL_PATIENCE: Duration = Duration::from_millis(900);
/// How long a server may take to answer.
const ASK_PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Serialize, Deserialize)]
struct Told {
    pool: String,
    from: String,
    messages: Vec<PeerMessage>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    pool: String,
    from: String,
    question: PeerQuestion,
}

/// The other servers of one pool.
#[derive(Debug)]
pub(crate) struct ControlPeers {
    pool: String,
    me: String,
    living: watch::Receiver<BTreeSet<String>>,
    lanes: BTreeMap<String, mpsc::Sender<PeerMessage>>,
    destinations: BTreeMap<String, Destination>,
    client: Client,
}

impl ControlPeers {
    /// Ways to `others`, each with a queue of its own.
    pub(crate) fn new(
        pool: &str,
        me: &str,
        others: Vec<Destination>,
        living: watch::Receiver<BTreeSet<String>>,
        client: &Client,
        (tasks, shutdown): (&TaskTracker, &CancellationToken),
    ) -> Self {
        let mut lanes = BTreeMap::new();
        let mut destinations = BTreeMap::new();
        for destination in others {
            let (lane, waiting) = mpsc::channel(WAITING_MAX);
            let carry = carry(
                (pool.to_owned(), me.to_owned()),
                destination.clone(),
                waiting,
                client.clone(),
            );
            tasks.spawn(shutdown.clone().run_until_cancelled_owned(carry));
            lanes.insert(destination.host.clone(), lane);
            destinations.insert(destination.host.clone(), destination);
        }
        let (pool, me) = (pool.to_owned(), me.to_owned());
        Self { pool, me, living, lanes, destinations, client: client.clone() }
    }
}

/// Sends what waits for one server, in order, as much at once as there is.
async fn carry(
    (pool, me): (String, String),
    destination: Destination,
    mut waiting: mpsc::Receiver<PeerMessage>,
    client: Client,
) {
    let mut messages = Vec::with_capacity(BATCH_MAX);
    while 0 < waiting.recv_many(&mut messages, BATCH_MAX).await {
        let told =
            Told { pool: pool.clone(), from: me.clone(), messages: std::mem::take(&mut messages) };
        let heard: Result<(), _> = client.call(&destination, TELL, &told, TELL_PATIENCE).await;
        if let Err(error) = heard {
            debug!(to = destination.host, %error, "a server did not hear; it will ask");
        }
    }
}

impl Peers for ControlPeers {
    fn me(&self) -> &str {
        &self.me
    }

    fn live(&self) -> Vec<String> {
        let mut living = self.living.borrow().clone();
        living.insert(self.me.clone());
        living.into_iter().collect()
    }

    fn tell(&self, server: &str, message: PeerMessage) {
        if let Some(lane) = self.lanes.get(server)
            && lane.try_send(message).is_err()
        {
            debug!(to = server, "a server hears too slowly; it will ask");
        }
    }

    fn ask(
        &self,
        server: &str,
        question: PeerQuestion,
    ) -> Pin<Box<dyn Future<Output = Result<PeerAnswer, PeerLost>> + Send + '_>> {
        let server = server.to_owned();
        Box::pin(async move {
            let lost = |why: String| PeerLost { server: server.clone(), why };
            let destination = self
                .destinations
                .get(&server)
                .ok_or_else(|| lost("it is no server of this pool".to_owned()))?;
            let asked = Asked { pool: self.pool.clone(), from: self.me.clone(), question };
            let answer = self.client.call(destination, ASK, &asked, ASK_PATIENCE).await;
            answer.map_err(|error| lost(error.to_string()))
        })
    }
}

/// The chat servers of this host, by pool; each is there once it has been started.
pub(crate) type Chats = Arc<BTreeMap<String, OnceCell<Chat>>>;

/// Serves what other servers tell and ask.
pub(crate) fn install(router: Router, chats: &Chats) -> Router {
    let (telling, asking) = (Arc::clone(chats), Arc::clone(chats));
    router
        .on(TELL, move |peer: Peer, told: Told| {
            let chats = Arc::clone(&telling);
            async move {
                let chat = find(&chats, &told.pool, &peer, &told.from)?;
                for message in told.messages {
                    chat.heard(&told.from, message);
                }
                Ok(())
            }
        })
        .on(ASK, move |peer: Peer, asked: Asked| {
            let chats = Arc::clone(&asking);
            async move {
                let chat = find(&chats, &asked.pool, &peer, &asked.from)?.clone();
                Ok(chat.asked(&asked.from, asked.question).await)
            }
        })
}

/// The chat server that is meant, if the host that speaks is who it says.
fn find<'a>(chats: &'a Chats, pool: &str, peer: &Peer, from: &str) -> Result<&'a Chat, Refusal> {
    if !matches!(peer, Peer::Host(host) if host == from) {
        let message = format!("{peer} speaks as {from}");
        return Err(Refusal::new("not_you", message, "a host speaks for itself only"));
    }
    chats.get(pool).and_then(OnceCell::get).ok_or_else(|| {
        let message = format!("this host runs no chat server of {pool}");
        Refusal::new("no_such_pool", message, "compare the topology files of both hosts")
    })
}
