//! All servers of a pool in one process, and what they tell each other.

use chat::Chat;
use chat::peers::{PeerAnswer, PeerLost, PeerMessage, PeerQuestion, Peers};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Messages that may wait for one server.
const WAITING_MAX: usize = 10_000;

/// All servers of a pool in one process.
#[derive(Debug, Default)]
pub(crate) struct Net {
    servers: Mutex<HashMap<String, Link>>,
    /// Bells are lost.
    pub(crate) mute: AtomicBool,
}

#[derive(Clone, Debug)]
struct Link {
    chat: Option<Chat>,
    messages: mpsc::Sender<(String, PeerMessage)>,
}

#[derive(Debug)]
struct Wire {
    me: String,
    net: Arc<Net>,
}

/// A server that has its place among the others.
pub(crate) struct Joined {
    me: String,
    net: Arc<Net>,
    heard: mpsc::Receiver<(String, PeerMessage)>,
}

impl Net {
    /// A place for a server of this name.
    pub(crate) fn join(self: &Arc<Self>, me: &str) -> Joined {
        let (messages, heard) = mpsc::channel(WAITING_MAX);
        let link = Link { chat: None, messages };
        self.servers.lock().unwrap().insert(me.to_owned(), link);
        Joined { me: me.to_owned(), net: Arc::clone(self), heard }
    }

    /// Takes a server out, as when its lease has ended.
    pub(crate) fn lose(&self, name: &str) {
        self.servers.lock().unwrap().remove(name);
    }

    pub(crate) fn lose_all(&self) {
        self.servers.lock().unwrap().clear();
    }
}

impl Joined {
    /// The way to the others.
    pub(crate) fn peers(&self) -> Arc<dyn Peers> {
        Arc::new(Wire { me: self.me.clone(), net: Arc::clone(&self.net) })
    }

    /// From here on this is the server that hears and answers.
    pub(crate) fn hears(mut self, chat: &Chat, tasks: &TaskTracker, end: &CancellationToken) {
        let chat = chat.clone();
        self.net.servers.lock().unwrap().get_mut(&self.me).unwrap().chat = Some(chat.clone());
        tasks.spawn(end.clone().run_until_cancelled_owned(async move {
            while let Some((from, message)) = self.heard.recv().await {
                chat.heard(&from, message);
            }
        }));
    }
}

impl Peers for Wire {
    fn me(&self) -> &str {
        &self.me
    }

    fn live(&self) -> Vec<String> {
        self.net.servers.lock().unwrap().keys().cloned().collect()
    }

    fn tell(&self, server: &str, message: PeerMessage) {
        let is_bell = matches!(message, PeerMessage::Bell { .. });
        if is_bell && self.net.mute.load(Ordering::Relaxed) {
            return;
        }
        let link = self.net.servers.lock().unwrap().get(server).cloned();
        if let Some(link) = link {
            link.messages.try_send((self.me.clone(), message)).unwrap_or_default();
        }
    }

    fn ask(
        &self,
        server: &str,
        question: PeerQuestion,
    ) -> Pin<Box<dyn Future<Output = Result<PeerAnswer, PeerLost>> + Send + '_>> {
        let chat = self.net.servers.lock().unwrap().get(server).and_then(|l| l.chat.clone());
        let server = server.to_owned();
        Box::pin(async move {
            match chat {
                Some(chat) => Ok(chat.asked(&self.me, question).await),
                None => Err(PeerLost { server, why: "gone".to_owned() }),
            }
        })
    }
}
