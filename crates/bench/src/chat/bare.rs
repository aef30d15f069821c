//! The least that a room can do here: commit a group of posts, then give them to everybody.
//!
//! No accounts, no presence, no XML: what comes before `</message>` is a post. One connection to
//! the database, one statement for each group, writes coalesced for each socket.

use crate::stage::DATABASE;
use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use control::Credentials;
use memchr::memmem;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::unix::pipe;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Posts that wait for the database.
const WAITING_MAX: usize = 4096;

/// Posts in one group.
const GROUP_MAX: usize = 256;

/// Where a post ends.
const END: &[u8] = b"</message>";

/// As many bytes as the product adds: from, to, and the archive's and the occupant's id.
const ADDED: &str = " from='operations@rooms.bench.example/user100' \
    to='user100@bench.example/0b7d1d5c-2b0e-4b5e-9d49-0d8f6c5c4f3e'\
    <stanza-id xmlns='urn:xmpp:sid:0' by='operations@rooms.bench.example' \
    id='01990000-0000-7000-8000-000000000000'/><occupant-id xmlns='urn:xmpp:occupant-id:0' \
    id='0123456789abcdef0123456789abcdef'/>";

const INSERT: &str = "insert into bench.post (room, sender, stanza)
    select 1, 'bench', stanza from unnest($1::text[]) as new (stanza)";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The certificates of a host that runs a chat server
    #[arg(long)]
    bundle: PathBuf,
    /// Where the primary listens
    #[arg(long)]
    postgres: SocketAddr,
}

/// Bytes that wait for one client.
#[derive(Default)]
struct Queue {
    waiting: Mutex<BytesMut>,
    ready: Notify,
}

/// Everybody in the room.
type Everybody = Arc<Mutex<Vec<Arc<Queue>>>>;

/// Serves until standard input ends.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let credentials = Credentials::load(&arguments.bundle)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    let everybody = Everybody::default();
    let (posts, waiting) = mpsc::channel(WAITING_MAX);
    let (client, driver) = connect(&credentials, arguments.postgres).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(driver);
    tasks.spawn(commit(client, waiting, Arc::clone(&everybody)));
    let acceptor = TlsAcceptor::from(credentials.public_server_config());
    let input = std::io::stdin().as_fd().try_clone_to_owned().context("take standard input")?;
    let mut input = pipe::Receiver::from_owned_fd(input).context("standard input is a pipe")?;
    let mut nothing = [0];
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (socket, _) = accepted.context("accept a client")?;
                tasks.spawn(serve(socket, acceptor.clone(), posts.clone(), Arc::clone(&everybody)));
            }
            _ = input.read(&mut nothing) => return Ok(()),
        }
    }
}

async fn connect(
    credentials: &Credentials,
    address: SocketAddr,
) -> anyhow::Result<(tokio_postgres::Client, impl Future<Output = ()> + Send + 'static)> {
    let mut config = tokio_postgres::Config::new();
    config.host(address.ip().to_string()).port(address.port()).user("standfast_chat");
    config.dbname(DATABASE).ssl_mode(SslMode::Require);
    let tls = MakeRustlsConnect::new(credentials.postgres_client_config());
    let (client, connection) = config.connect(tls).await.context("connect to the primary")?;
    let driver = async {
        if let Err(error) = connection.await {
            eprintln!("the bare room's database: {error}");
        }
    };
    Ok((client, driver))
}

/// Writes what has come meanwhile, in one statement, and then shows it to everybody.
async fn commit(
    client: tokio_postgres::Client,
    mut waiting: mpsc::Receiver<Bytes>,
    everybody: Everybody,
) {
    let statement = client.prepare(INSERT).await.expect("the table was made");
    let mut group = Vec::with_capacity(GROUP_MAX);
    while waiting.recv_many(&mut group, GROUP_MAX).await > 0 {
        let texts: Vec<&str> =
            group.iter().map(|post| std::str::from_utf8(post).unwrap_or_default()).collect();
        client.execute(&statement, &[&texts]).await.expect("the database stays");
        for queue in lock(&everybody).iter() {
            let mut waiting = lock(&queue.waiting);
            for post in &group {
                waiting.extend_from_slice(post);
                waiting.extend_from_slice(ADDED.as_bytes());
            }
            drop(waiting);
            queue.ready.notify_one();
        }
        group.clear();
    }
}

async fn serve(
    socket: TcpStream,
    acceptor: TlsAcceptor,
    posts: mpsc::Sender<Bytes>,
    everybody: Everybody,
) {
    socket.set_nodelay(true).unwrap_or_default();
    let Ok(stream) = acceptor.accept(socket).await else { return };
    let (reading, writing) = tokio::io::split(stream);
    let queue = Arc::new(Queue::default());
    tokio::select! {
        () = read(reading, posts, &queue, &everybody) => {}
        () = write(writing, &queue) => {}
    }
    lock(&everybody).retain(|other| !Arc::ptr_eq(other, &queue));
}

/// The first that comes is the wish to enter; the rest are posts.
async fn read(
    mut reading: ReadHalf<TlsStream<TcpStream>>,
    posts: mpsc::Sender<Bytes>,
    queue: &Arc<Queue>,
    everybody: &Everybody,
) {
    let mut unread = BytesMut::new();
    let mut is_in = false;
    while let Ok(1..) = reading.read_buf(&mut unread).await {
        while let Some(at) = memmem::find(&unread, END) {
            let post = unread.split_to(at + END.len()).freeze();
            if is_in {
                if posts.send(post).await.is_err() {
                    return;
                }
                continue;
            }
            is_in = true;
            lock(everybody).push(Arc::clone(queue));
            lock(&queue.waiting).extend_from_slice(b"<in/>");
            queue.ready.notify_one();
        }
    }
}

/// Writes whatever waits, all at once.
async fn write(mut writing: WriteHalf<TlsStream<TcpStream>>, queue: &Queue) {
    loop {
        let bytes = lock(&queue.waiting).split();
        if bytes.is_empty() {
            queue.ready.notified().await;
            continue;
        }
        if writing.write_all(&bytes).await.is_err() || writing.flush().await.is_err() {
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
