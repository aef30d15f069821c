//! The serving end: connections in, requests to their handlers, answers out.

mod answer;
mod refused;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use crate::credentials::Credentials;
use crate::limits::{
    ACCEPT_PAUSE, HANDSHAKE_DEADLINE, HEAD_DEADLINE, MAX_CONNECTIONS, MAX_HANDSHAKES,
    MAX_HEAD_BYTES, MAX_HEADERS, MAX_REQUESTS, MAX_WAITING_HANDSHAKES, SHUTDOWN_GRACE,
};
use crate::peer::Peer;
use crate::router::Router;
use crate::stall::Stall;
use refused::Refused;

/// Serves `router` on `listener`, in tasks of `tasks`, until `shutdown` is cancelled. Requests
/// that are then at work have [`SHUTDOWN_GRACE`] to end.
///
/// Whoever comes from one of `hosts`, the deployment's addresses, has places of its own to say who
/// it is: strangers who take all the others keep no host out.
pub fn serve(
    listener: TcpListener,
    credentials: Credentials,
    router: Router,
    hosts: BTreeSet<IpAddr>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
) {
    info!(identity = %credentials.identity(), "the control port is open");
    let server = Arc::new(Server {
        router,
        credentials,
        tasks,
        shutdown,
        hosts,
        of_hosts: Places::new(),
        of_strangers: Places::new(),
        refused: Refused::default(),
        connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        requests: Arc::new(Semaphore::new(MAX_REQUESTS)),
    });
    let accepting = Arc::clone(&server).accept(listener);
    server.tasks.spawn(accepting);
}

struct Server {
    router: Router,
    credentials: Credentials,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    hosts: BTreeSet<IpAddr>,
    of_hosts: Places,
    of_strangers: Places,
    refused: Refused,
    connections: Arc<Semaphore>,
    requests: Arc<Semaphore>,
}

/// Where connections are that have not shown yet who they are.
struct Places {
    handshakes: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Places {
    fn new() -> Self {
        let of = |count| Arc::new(Semaphore::new(count));
        Self { handshakes: of(MAX_HANDSHAKES), waiting: of(MAX_WAITING_HANDSHAKES) }
    }
}

impl Server {
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.shutdown.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, from)) => self.admit(socket, from),
                Err(error) => {
                    warn!(%error, "no connection could be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Lets a connection wait for a place to say who it is, or closes it: nobody else waits for
    /// that.
    fn admit(self: &Arc<Self>, socket: TcpStream, from: SocketAddr) {
        let places =
            if self.hosts.contains(&from.ip()) { &self.of_hosts } else { &self.of_strangers };
        let Ok(waiting) = Arc::clone(&places.waiting).try_acquire_owned() else {
            return self.refused.tell(from, &"too many others are saying who they are");
        };
        let place = Arc::clone(&places.handshakes).acquire_owned();
        let server = Arc::clone(self);
        self.tasks.spawn(async move {
            let placed = tokio::select! {
                () = server.shutdown.cancelled() => return,
                placed = timeout(HANDSHAKE_DEADLINE, place) => placed,
            };
            drop(waiting);
            match placed {
                Ok(place) => server.greet(socket, from, place.expect("it is never closed")).await,
                Err(_) => server.refused.tell(from, &"others take long to say who they are"),
            }
        });
    }

    /// One connection, from its first byte to its last.
    async fn greet(
        self: Arc<Self>,
        socket: TcpStream,
        from: SocketAddr,
        handshake: OwnedSemaphorePermit,
    ) {
        let established = tokio::select! {
            () = self.shutdown.cancelled() => None,
            established = self.establish(socket, from) => established,
        };
        drop(handshake);
        if let Some((stream, peer, place)) = established {
            self.talk(stream, peer, from, place).await;
        }
    }

    /// Finds out who connects. Nothing of a stranger is read beyond the handshake.
    async fn establish(
        &self,
        socket: TcpStream,
        from: SocketAddr,
    ) -> Option<(TlsStream<Stall<TcpStream>>, Peer, Option<OwnedSemaphorePermit>)> {
        if let Err(error) = socket.set_nodelay(true) {
            debug!(%from, %error, "the connection was gone at once");
            return None;
        }
        let accepting =
            TlsAcceptor::from(self.credentials.server_config()).accept(Stall::new(socket));
        let stream = match timeout(HANDSHAKE_DEADLINE, accepting.into_fallible()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err((error, stream))) => {
                self.refused.tell(from, &error);
                part(stream).await;
                return None;
            }
            Err(_) => {
                self.refused.tell(from, &"it did not say who it is");
                return None;
            }
        };
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        match Peer::from_certificate(shown.expect("the verifier demands a certificate")) {
            Ok(peer) => {
                let place = Arc::clone(&self.connections).try_acquire_owned().ok();
                Some((stream, peer, place))
            }
            Err(error) => {
                self.refused.tell(from, &error);
                None
            }
        }
    }

    /// Answers requests until the peer closes. One without a `place` is only told so.
    async fn talk(
        self: Arc<Self>,
        stream: TlsStream<Stall<TcpStream>>,
        peer: Peer,
        from: SocketAddr,
        place: Option<OwnedSemaphorePermit>,
    ) {
        if place.is_none() {
            warn!(%peer, %from, limit = MAX_CONNECTIONS, "too many connections");
        }
        let shutdown = self.shutdown.clone();
        let has_place = place.is_some();
        let service = service_fn(|request| {
            let (server, peer) = (Arc::clone(&self), peer.clone());
            async move {
                let answer = if has_place {
                    server.respond(peer, from, request).await
                } else {
                    answer::too_many_connections()
                };
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(if has_place { HEAD_DEADLINE } else { HANDSHAKE_DEADLINE })
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEAD_BYTES)
            .keep_alive(has_place)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                timeout(SHUTDOWN_GRACE, connection).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = ended {
            debug!(%peer, %from, %error, "a connection broke");
        }
        drop(place);
    }
}

/// Closes a refused connection so that the peer can read why: closing with bytes unread would
/// make the kernel throw the alert away.
async fn part(mut stream: Stall<TcpStream>) {
    let farewell = async {
        stream.shutdown().await?;
        let mut rest = [0; 1024];
        for _ in 0..MAX_HEAD_BYTES / rest.len() {
            if stream.read(&mut rest).await? == 0 {
                break;
            }
        }
        Ok::<_, io::Error>(())
    };
    if let Ok(Err(error)) = timeout(HANDSHAKE_DEADLINE, farewell).await {
        debug!(%error, "a refused connection was gone before it was told");
    }
}
