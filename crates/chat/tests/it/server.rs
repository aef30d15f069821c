//! A chat server with its clients' ports, over a real database, for one test.

use crate::net::Net;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chat::accounts::ScramKeys;
use chat::activity::Activity;
use chat::settings::Config;
use chat::stream::{Entry, Limits, Settings, Streams};
use chat::{Chat, SCHEMA};
use db::{Connections, Primary, Tls};
use rustls::pki_types::PrivateKeyDer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use testkit::client::{Client, Encryption, Login, Target, Wire};
use testkit::postgres::Postgres;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;
use xmpp::{Element, bind, ns};

pub(crate) const DOMAIN: &str = "example.org";
pub(crate) const ROOM: &str = "bridge@rooms.example.org";

const ROOMS: &str = "rooms.example.org";
const PASSWORD: &str = "secret";
const ACCOUNTS: [&str; 3] = ["ann", "bob", "eve"];
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// A chat server that serves clients.
pub(crate) struct Server {
    start_tls: SocketAddr,
    direct_tls: SocketAddr,
    trust: Arc<rustls::ClientConfig>,
    chat: Chat,
    database: String,
    stop: CancellationToken,
    tasks: TaskTracker,
    _primary: watch::Sender<Option<Primary>>,
    pub(crate) postgres: Arc<Postgres>,
}

/// What a test may set otherwise.
pub(crate) struct Knobs {
    pub(crate) streams: Limits,
    pub(crate) config: Config,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(set: impl FnOnce(&mut Knobs)) -> Self {
        let postgres = Arc::new(testkit::postgres::start().await);
        let database = postgres.fresh_database().await;
        fill(&postgres, &database).await;
        Self::over(postgres, &database, ("chat-1", &Arc::default()), set)
    }

    /// Two servers of one pool.
    pub(crate) async fn two() -> [Self; 2] {
        let postgres = Arc::new(testkit::postgres::start().await);
        let database = postgres.fresh_database().await;
        fill(&postgres, &database).await;
        let net = Arc::default();
        ["chat-1", "chat-2"]
            .map(|name| Self::over(Arc::clone(&postgres), &database, (name, &net), |_| {}))
    }

    fn over(
        postgres: Arc<Postgres>,
        database: &str,
        (name, net): (&str, &Arc<Net>),
        set: impl FnOnce(&mut Knobs),
    ) -> Self {
        let mut knobs = Knobs { streams: Limits::default(), config: Config::new(DOMAIN, ROOMS) };
        set(&mut knobs);
        database.clone_into(&mut knobs.config.database);
        let address = postgres.address();
        let primary = Primary { store: "home".to_owned(), address, reign: 1, turn: 1 };
        let (tell, told) = watch::channel(Some(primary));
        let login = db::Login {
            user: testkit::postgres::SUPERUSER.to_owned(),
            application: "test".to_owned(),
            tls: Tls::Off,
        };
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let connections = Connections::new(login, told);
        let joined = net.join(name);
        let chat = Chat::start(knobs.config.clone(), connections, joined.peers(), &tasks, &stop);
        joined.hears(&chat, &tasks, &stop);
        chat.set_activity(Activity::Active);
        let (tls, trust) = certificate();
        let settings =
            Settings { config: knobs.config, tls, limits: knobs.streams, secret: [7; 32] };
        let streams = Streams::new(settings, &chat, tasks.clone(), stop.clone());
        let mut addresses = Vec::new();
        for entry in [Entry::StartTls, Entry::DirectTls] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            let listener = TcpListener::from_std(listener).unwrap();
            addresses.push(listener.local_addr().unwrap());
            let streams = streams.clone();
            tasks.spawn(async move { streams.serve(listener, entry).await });
        }
        Self {
            start_tls: addresses[0],
            direct_tls: addresses[1],
            trust,
            chat,
            database: database.to_owned(),
            stop,
            tasks,
            _primary: tell,
            postgres,
        }
    }

    pub(crate) fn target(&self, encryption: Encryption) -> Target {
        let address = match encryption {
            Encryption::StartTls => self.start_tls,
            Encryption::Direct => self.direct_tls,
        };
        Target { address, encryption }
    }

    pub(crate) fn login(&self, name: &str) -> Login {
        // Nobody asks this name server: tests say where to go.
        let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
        let mut login = Login::new(name, PASSWORD, DOMAIN, nobody, &self.trust);
        login.patience = Duration::from_secs(30);
        login
    }

    /// Somebody who is logged in.
    pub(crate) async fn client(&self, name: &str) -> Client {
        let target = self.target(Encryption::StartTls);
        Client::connect_to(&self.login(name), &target).await.unwrap()
    }

    /// A connection with TLS, and nothing said yet.
    pub(crate) async fn wire(&self) -> Wire {
        Wire::connect_tls(self.direct_tls, DOMAIN, &self.trust).await.unwrap()
    }

    /// A bound stream, to say anything on.
    pub(crate) async fn bound(&self, name: &str) -> Wire {
        let (wire, answer) = self.binds(name).await;
        assert_eq!(answer.attribute("type"), Some("result"));
        wire
    }

    /// Logs in and asks for an address. Gives the answer, too.
    pub(crate) async fn binds(&self, name: &str) -> (Wire, Element) {
        let mut wire = self.wire().await;
        wire.open(DOMAIN).await.unwrap();
        let password = STANDARD.encode(format!("\0{name}\0{PASSWORD}"));
        let auth = Element::new(ns::SASL, "auth").with_attribute("mechanism", "PLAIN");
        wire.send(&auth.with_text(password)).await.unwrap();
        assert!(wire.next().await.unwrap().is(ns::SASL, "success"));
        wire.open(DOMAIN).await.unwrap();
        let iq = Element::new(ns::CLIENT, "iq")
            .with_attribute("type", "set")
            .with_attribute("id", "bind")
            .with_child(bind::feature());
        wire.send(&iq).await.unwrap();
        let answer = wire.next().await.unwrap();
        (wire, answer)
    }

    pub(crate) fn set_activity(&self, activity: Activity) {
        self.chat.set_activity(activity);
    }

    /// How many posts stand in the database.
    pub(crate) async fn posts(&self) -> i64 {
        let client = self.postgres.connect(&self.database).await;
        client.query_one("select count(*) from chat.post", &[]).await.unwrap().get(0)
    }

    /// Stops the server, and proves that all its tasks have ended.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        let ended = tokio::time::timeout(STOP_DEADLINE, self.tasks.wait()).await;
        ended.expect("a task of the server goes on");
    }
}

async fn fill(postgres: &Postgres, database: &str) {
    let client = postgres.connect(database).await;
    let term = "create schema recovery;
                create table recovery.term (reign bigint not null, turn bigint not null);
                insert into recovery.term values (1, 1);";
    client.batch_execute(term).await.unwrap();
    db::migrate(&client, SCHEMA).await.unwrap();
    let keys = ScramKeys::of_password(PASSWORD).unwrap();
    let iterations = i32::try_from(keys.iterations).unwrap();
    for name in ACCOUNTS {
        let sql = "insert into chat.account (localpart, salt, iterations, stored_key, server_key)
                   values ($1, $2, $3, $4, $5)";
        let ScramKeys { salt, stored_key, server_key, .. } = &keys;
        client.execute(sql, &[&name, salt, &iterations, stored_key, server_key]).await.unwrap();
    }
    let sql = "insert into chat.room (id, name, title) values ($1, 'bridge', 'The bridge')";
    client.execute(sql, &[&Uuid::new_v4()]).await.unwrap();
}

/// A certificate for the domain, and the trust in it.
fn certificate() -> (Arc<rustls::ServerConfig>, Arc<rustls::ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(vec![DOMAIN.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let mut client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"xmpp-client".to_vec()];
    (Arc::new(server), Arc::new(client))
}
