//! A database, chat servers over it, and clients that only have an outbox.

use crate::net::Net;
use chat::Chat;
use chat::activity::Activity;
use chat::other_site::OtherSite;
use chat::outbox::{self, Outbox, Outgoing};
use chat::provision::{self, NewRoom};
use chat::rooms::{Enter, RoomError, Ticket};
use chat::settings::{Config, Limits};
use db::{Connections, Login, Primary, Tls};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::postgres::Postgres;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use xmpp::muc::HistoryWanted;
use xmpp::stream::{Event, Limits as WireLimits, StreamParser};
use xmpp::{BareJid, Element, FullJid, ns, stanza_id};

/// For everything that must happen, on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

const DOMAIN: &str = "example.org";
const ROOMS: &str = "rooms.example.org";

/// A database and what follows it.
pub(crate) struct World {
    pub(crate) postgres: Postgres,
    pub(crate) primary: watch::Sender<Option<Primary>>,
    pub(crate) net: Arc<Net>,
    pub(crate) limits: Limits,
    pub(crate) other_site: OtherSite,
    database: String,
    servers: Vec<Server>,
}

/// A chat server, which ends when dropped.
struct Server {
    tasks: TaskTracker,
    end: CancellationToken,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end.cancel();
        self.tasks.close();
    }
}

pub(crate) async fn prepare(postgres: &Postgres, database: &str) {
    let client = postgres.connect(database).await;
    client
        .batch_execute(
            "create schema recovery;
             create table recovery.term (reign bigint not null, turn bigint not null);
             insert into recovery.term values (1, 1)",
        )
        .await
        .unwrap();
    provision::prepare(&client).await.unwrap();
    for name in ["ops", "desk", "lab"] {
        let room = NewRoom { name: name.to_owned(), ..NewRoom::default() };
        provision::create_room(&client, &room).await.unwrap();
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let postgres = testkit::postgres::start().await;
        let database = postgres.fresh_database().await;
        prepare(&postgres, &database).await;
        let limits = Limits { poll: Duration::from_millis(200), ..Limits::default() };
        let primary = watch::Sender::new(None);
        let net = Arc::default();
        let other_site = OtherSite::default();
        let world =
            Self { postgres, primary, net, limits, other_site, database, servers: Vec::new() };
        world.tell_primary(1, 1);
        world
    }

    pub(crate) fn tell_primary(&self, reign: i64, turn: i64) {
        let address = self.postgres.address();
        let store = "home".to_owned();
        self.primary.send_replace(Some(Primary { store, address, reign, turn }));
    }

    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    pub(crate) async fn sql(&self) -> tokio_postgres::Client {
        self.postgres.connect(&self.database).await
    }

    /// Starts a server of the pool.
    pub(crate) fn server(&mut self, name: &str) -> Chat {
        self.server_as(name, "standfast", &self.database.clone(), self.primary.subscribe())
    }

    pub(crate) fn server_as(
        &mut self,
        name: &str,
        user: &str,
        database: &str,
        primary: watch::Receiver<Option<Primary>>,
    ) -> Chat {
        let login = Login { user: user.to_owned(), application: name.to_owned(), tls: Tls::Off };
        let (tasks, end) = (TaskTracker::new(), CancellationToken::new());
        let joined = self.net.join(name);
        let config = Config {
            database: database.to_owned(),
            limits: self.limits,
            other_site: self.other_site.clone(),
            ..Config::new(DOMAIN, ROOMS)
        };
        let connections = Connections::new(login, primary);
        let chat = Chat::start(config, connections, joined.peers(), &tasks, &end);
        joined.hears(&chat, &tasks, &end);
        chat.set_activity(Activity::Active);
        self.servers.push(Server { tasks, end });
        chat
    }

    /// Takes a server out of the pool, as when its lease has ended.
    pub(crate) fn lose(&self, name: &str) {
        self.net.lose(name);
    }

    /// Ends all servers.
    pub(crate) async fn stop_servers(&mut self) {
        for server in self.servers.drain(..) {
            server.end.cancel();
            server.tasks.close();
            server.tasks.wait().await;
        }
        self.net.lose_all();
    }

    /// The bodies of a room in the order of positions.
    pub(crate) async fn archived(&self, room: &str) -> Vec<String> {
        archived(&self.sql().await, room).await
    }
}

/// The bodies of a room in the order of positions.
pub(crate) async fn archived(sql: &tokio_postgres::Client, room: &str) -> Vec<String> {
    let query = "select p.stanza from chat.post p join chat.room r on r.id = p.room
                 where r.name = $1 order by p.position";
    let rows = sql.query(query, &[&room]).await.unwrap();
    let body = |row: &tokio_postgres::Row| {
        let stanza: &str = row.get(0);
        let stanza = stanza.replacen("<message", "<message xmlns='jabber:client'", 1);
        let stanza: Element = stanza.parse().unwrap();
        stanza.child_text(ns::CLIENT, "body").unwrap_or_default()
    };
    rows.iter().map(body).collect()
}

pub(crate) fn room(name: &str) -> BareJid {
    BareJid::new(&format!("{name}@{ROOMS}")).unwrap()
}

/// A groupchat message.
pub(crate) fn says(body: &str, origin_id: Option<&str>) -> Element {
    let mut message = Element::new(ns::CLIENT, "message")
        .with_attribute("type", "groupchat")
        .with_child(Element::new(ns::CLIENT, "body").with_text(body));
    if let Some(id) = origin_id {
        message.push(stanza_id::origin(id));
    }
    message
}

/// A client: an address and an outbox that is read at once.
pub(crate) struct Client {
    pub(crate) chat: Chat,
    pub(crate) who: FullJid,
    pub(crate) outbox: Outbox,
    seen: Arc<Mutex<Vec<Element>>>,
    _reading: JoinSet<()>,
}

impl Client {
    pub(crate) fn new(chat: &Chat, who: &str) -> Self {
        Self::at(chat, who, "phone")
    }

    pub(crate) fn at(chat: &Chat, who: &str, resource: &str) -> Self {
        let who = FullJid::new(&format!("{who}@{DOMAIN}/{resource}")).unwrap();
        let (outbox, outgoing) = outbox::outbox(&Limits::default());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut reading = JoinSet::new();
        reading.spawn(read(outgoing, Arc::clone(&seen)));
        Self { chat: chat.clone(), who, outbox, seen, _reading: reading }
    }

    pub(crate) async fn enters(&self, name: &str, nick: &str) -> Result<(), RoomError> {
        self.enters_with(name, nick, HistoryWanted::default()).await
    }

    pub(crate) async fn enters_with(
        &self,
        name: &str,
        nick: &str,
        history: HistoryWanted,
    ) -> Result<(), RoomError> {
        let enter = Enter {
            room: room(name),
            who: self.who.clone(),
            nick: nick.to_owned(),
            history,
            payloads: Vec::new(),
            outbox: self.outbox.clone(),
        };
        self.chat.rooms().enter(enter).await
    }

    pub(crate) fn posts(&self, name: &str, body: &str, origin_id: Option<&str>) -> Ticket {
        self.chat.rooms().post(&room(name), &self.who, says(body, origin_id))
    }

    /// All stanzas so far.
    pub(crate) fn stanzas(&self) -> Vec<Element> {
        self.seen.lock().unwrap().clone()
    }

    /// Forgets what was seen so far.
    pub(crate) fn forget(&self) {
        self.seen.lock().unwrap().clear();
    }

    /// The bodies of the room's messages so far.
    pub(crate) fn bodies(&self, name: &str) -> Vec<String> {
        let prefix = format!("{}/", room(name));
        let seen = self.seen.lock().unwrap();
        let messages = seen.iter().filter(|s| {
            s.name() == "message" && s.attribute("from").is_some_and(|f| f.starts_with(&prefix))
        });
        messages.filter_map(|message| message.child_text(ns::CLIENT, "body")).collect()
    }

    /// Waits until so many bodies have come.
    pub(crate) async fn has_bodies(&self, name: &str, count: usize) -> Vec<String> {
        testkit::eventually(DEADLINE, "the room's messages arrive", async || {
            let bodies = self.bodies(name);
            if bodies.len() >= count { Ok(bodies) } else { Err(bodies) }
        })
        .await
    }

    /// Waits for a presence that `matches`.
    pub(crate) async fn has_presence(
        &self,
        what: &str,
        matches: impl Fn(&Element) -> bool,
    ) -> Element {
        testkit::eventually(DEADLINE, what, async || {
            let stanzas = self.stanzas();
            let found = stanzas.iter().find(|s| s.name() == "presence" && matches(s));
            found.cloned().ok_or(stanzas)
        })
        .await
    }
}

/// Reads all that comes, as a client's stream would carry it.
async fn read(mut outgoing: Outgoing, seen: Arc<Mutex<Vec<Element>>>) {
    let mut parser = StreamParser::new(WireLimits::after_login());
    let header = "<stream:stream xmlns='jabber:client' version='1.0' \
                  xmlns:stream='http://etherx.jabber.org/streams'>";
    parser.read(&mut header.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    while outgoing.next_batch(&mut bytes).await.is_ok() {
        let mut input = bytes.as_slice();
        while let Some(event) = parser.read(&mut input).unwrap() {
            let Event::Stanza(stanza) = event else { continue };
            seen.lock().unwrap().push(stanza);
        }
        bytes.clear();
    }
}
