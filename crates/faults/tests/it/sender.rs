//! A client that says something again and again on one connection, never repeats anything, and
//! notes what it was told of each post.

use crate::ground::Ground;
use crate::people::room;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use testkit::client::{Client, Encryption, Lost, Post, StanzaRefusal, Target};
use testkit::deployment::Bootstrap;
use testkit::eventually;
use testkit::ledger::{Event, Ledger};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};
use xmpp::muc::HistoryWanted;

use crate::ground::LONG;

/// Between two posts.
const EVERY: Duration = Duration::from_millis(100);

/// What the sender of a post was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Nothing,
    /// It stands.
    Echo,
    Refused(StanzaRefusal),
}

/// A sender at work; it goes away when dropped.
pub(crate) struct Sender {
    name: &'static str,
    told: Arc<Mutex<BTreeMap<String, Told>>>,
    ended: Arc<Mutex<Option<Lost>>>,
    hush: CancellationToken,
    _task: JoinSet<()>,
    _leave: DropGuard,
}

impl Sender {
    /// Connects to one server, enters a room, and talks there.
    pub(crate) async fn begin(
        ground: &Ground,
        ledger: &Arc<Ledger>,
        name: &'static str,
        server: &str,
        at: &str,
    ) -> Self {
        let login = ground.deployment.login(name, &Bootstrap::password(name));
        let target =
            Target { address: ground.client_address(server), encryption: Encryption::Direct };
        let mut client = Client::connect_to(&login, &target).await.unwrap();
        let nothing = HistoryWanted { max_stanzas: Some(0), ..HistoryWanted::default() };
        client.join(&room(at), name, nothing).await.unwrap();
        let (told, ended) = (Arc::default(), Arc::<Mutex<Option<Lost>>>::default());
        let (hush, leave) = (CancellationToken::new(), CancellationToken::new());
        let work = Work {
            client,
            name,
            room: room(at),
            ledger: Arc::clone(ledger),
            told: Arc::clone(&told),
        };
        let mut task = JoinSet::new();
        let (quiet, left) = (hush.clone(), leave.clone());
        let end = Arc::clone(&ended);
        task.spawn(async move {
            if let Some(Err(lost)) = left.run_until_cancelled(work.talk(quiet)).await {
                *end.lock().unwrap() = Some(lost);
            }
        });
        Self { name, told, ended, hush, _task: task, _leave: leave.drop_guard() }
    }

    /// Says nothing more, and waits until it was told something of every post.
    pub(crate) async fn is_told(&self) -> BTreeMap<String, Told> {
        self.hush.cancel();
        let what = format!("{} is told what became of every post", self.name);
        eventually(LONG, &what, async || {
            let lost = self.ended.lock().unwrap().as_ref().map(Lost::to_string);
            let told = self.told();
            let silent: Vec<_> = told.iter().filter(|it| *it.1 == Told::Nothing).collect();
            assert!(lost.is_none() || silent.is_empty(), "{what}: {lost:?}, {silent:?}");
            if silent.is_empty() { Ok(()) } else { Err(format!("{silent:?}")) }
        })
        .await;
        self.told()
    }

    /// What it was told of each post so far, by origin id.
    pub(crate) fn told(&self) -> BTreeMap<String, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Is it still on its first connection?
    pub(crate) fn is_connected(&self) -> bool {
        self.ended.lock().unwrap().is_none()
    }
}

struct Work {
    client: Client,
    name: &'static str,
    room: String,
    ledger: Arc<Ledger>,
    told: Arc<Mutex<BTreeMap<String, Told>>>,
}

impl Work {
    async fn talk(mut self, hush: CancellationToken) -> Result<std::convert::Infallible, Lost> {
        let mut tick = tokio::time::interval(EVERY);
        let mut said = 0;
        loop {
            tokio::select! {
                stanza = self.client.next() => self.hear(&stanza?),
                _ = tick.tick(), if !hush.is_cancelled() => {
                    said += 1;
                    self.say(said).await?;
                }
            }
        }
    }

    async fn say(&mut self, number: u32) -> Result<(), Lost> {
        let origin_id = format!("{}-{}-{number}", self.name, std::process::id());
        let body = format!("{} says line {number}", self.name);
        let (room, id) = (self.room.clone(), origin_id.clone());
        let asked = Event::Asked { room, origin_id: id.clone(), body: body.clone() };
        self.ledger.write(self.name, asked);
        self.told.lock().unwrap().insert(id, Told::Nothing);
        self.client.post(&self.room, &origin_id, &body).await
    }

    fn hear(&self, stanza: &xmpp::Element) {
        if let Some(post) = Post::read(stanza) {
            if post.nick == self.name {
                self.note(post.origin_id.as_deref().unwrap_or_default(), Told::Echo);
                self.ledger.write(self.name, Event::Acknowledged(post.clone()));
            }
            self.ledger.write(self.name, Event::Seen(post));
        } else if let Some(refusal) = StanzaRefusal::read(stanza) {
            self.note(stanza.attribute("id").unwrap_or_default(), Told::Refused(refusal));
        }
    }

    fn note(&self, origin_id: &str, what: Told) {
        let mut told = self.told.lock().unwrap();
        let known = told.get_mut(origin_id).expect("it was told of its own posts");
        assert_eq!(*known, Told::Nothing, "{origin_id} is answered once");
        *known = what;
    }
}
