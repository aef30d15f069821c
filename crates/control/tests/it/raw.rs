//! The other end by hand: peers that break off, are slow, or count what reaches them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use control::Credentials;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::support::{HERE, PATIENCE};

/// Passes connections on, and counts them.
pub(crate) struct Counter {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

pub(crate) async fn counter(to: SocketAddr) -> Counter {
    let listener = TcpListener::bind((HERE, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let mut task = JoinSet::new();
    task.spawn(async move {
        let mut relays = JoinSet::new();
        while let Ok((mut from, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            relays.spawn(async move {
                let mut to = TcpStream::connect(to).await.expect("the host listens");
                copy_bidirectional(&mut from, &mut to).await.ok();
            });
        }
    });
    Counter { address, connections, _task: task }
}

/// A host that answers by hand: each connection goes through `script`, one after the other.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    pub(crate) requests: Arc<AtomicUsize>,
    pub(crate) closed: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

/// What a scripted host does with the next request of a connection.
#[derive(Clone, Copy)]
pub(crate) enum Do {
    Answer(&'static str),
    /// Reads the request and closes.
    BreakOff,
    /// Writes as it is, then closes.
    WriteAndBreakOff(&'static str),
}

pub(crate) async fn scripted(
    credentials: Credentials,
    connections: &'static [&'static [Do]],
) -> Scripted {
    let listener = TcpListener::bind((HERE, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let requests = Arc::new(AtomicUsize::new(0));
    let closed = Arc::new(AtomicUsize::new(0));
    let (counted, gone) = (Arc::clone(&requests), Arc::clone(&closed));
    let mut task = JoinSet::new();
    task.spawn(async move {
        for script in connections {
            let (socket, _) = listener.accept().await.expect("a connection");
            let acceptor = TlsAcceptor::from(credentials.server_config());
            let mut stream = acceptor.accept(socket).await.expect("TLS");
            for action in *script {
                if !read_request(&mut stream).await {
                    break;
                }
                counted.fetch_add(1, Ordering::SeqCst);
                match action {
                    Do::Answer(json) => {
                        let length = json.len();
                        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
                        stream.write_all((head + json).as_bytes()).await.expect("written");
                        stream.flush().await.expect("flushed");
                    }
                    Do::BreakOff => break,
                    Do::WriteAndBreakOff(text) => {
                        stream.write_all(text.as_bytes()).await.expect("written");
                        stream.flush().await.expect("flushed");
                        break;
                    }
                }
            }
            stream.shutdown().await.ok();
            drop(stream);
            gone.fetch_add(1, Ordering::SeqCst);
        }
    });
    Scripted { address, requests, closed, _task: task }
}

/// Reads one request, whose body is a short JSON text. `false` at the end of the connection.
async fn read_request(stream: &mut server::TlsStream<TcpStream>) -> bool {
    let mut read = Vec::new();
    loop {
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(0) | Err(_) => return false,
            Ok(n) => read.extend_from_slice(&more[..n]),
        }
        let text = String::from_utf8_lossy(&read).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split("content-length: ").nth(1).expect("a length");
        let length: usize = length.lines().next().expect("a line").parse().expect("a number");
        if body.len() >= length {
            return true;
        }
    }
}

/// A connection as the owner of `credentials`, on which the test writes what it likes.
pub(crate) async fn connect(
    credentials: &Credentials,
    to: SocketAddr,
) -> client::TlsStream<TcpStream> {
    let socket = TcpStream::connect(to).await.expect("the host listens");
    socket.set_nodelay(true).expect("it is connected");
    let name = ServerName::try_from("alpha").expect("a name");
    let connector = TlsConnector::from(credentials.client_config());
    connector.connect(name, socket).await.expect("TLS")
}

/// Writes `request` and reads until the answer contains `end`, or to the end of the connection.
pub(crate) async fn converse(
    stream: &mut client::TlsStream<TcpStream>,
    request: &[u8],
    end: &str,
) -> String {
    let talk = async {
        // The host may refuse, and close, before it has read everything.
        stream.write_all(request).await.ok();
        stream.flush().await.ok();
        let mut answer = String::new();
        let mut more = [0; 4096];
        while !answer.contains(end) {
            match stream.read(&mut more).await {
                Ok(0) | Err(_) => break,
                Ok(n) => answer.push_str(&String::from_utf8_lossy(&more[..n])),
            }
        }
        answer
    };
    tokio::time::timeout(PATIENCE, talk).await.expect("an answer comes in time")
}
