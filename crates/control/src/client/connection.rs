//! One connection to a control port. It runs only while a call polls it: no task, no owner.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{CallError, Destination, Sent};
use crate::limits::CONNECT_DEADLINE;
use crate::peer::Peer;

type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

pub(super) struct Connection {
    requests: SendRequest<Full<Bytes>>,
    /// Moves bytes in and out. `None` once the connection is closed.
    driver: Option<Driver>,
}

/// Why a request got no answer on this connection.
pub(super) enum Failure {
    /// Nothing of it was written.
    Unsent(CallError),
    /// Something of it was.
    Broken(CallError),
}

impl Connection {
    /// Connects, and makes sure that the host is the one that was meant.
    pub(super) async fn open(
        tls: Arc<ClientConfig>,
        from: Option<IpAddr>,
        destination: &Destination,
    ) -> Result<Self, CallError> {
        timeout(CONNECT_DEADLINE, Self::connect(tls, from, destination))
            .await
            .unwrap_or(Err(CallError::Silent(Sent::No)))
    }

    async fn connect(
        tls: Arc<ClientConfig>,
        from: Option<IpAddr>,
        destination: &Destination,
    ) -> Result<Self, CallError> {
        let broken = |error: io::Error| CallError::of(&error, Sent::No);
        let name = ServerName::try_from(destination.host.clone()).map_err(|_| {
            CallError::Malformed(format!("`{}` is no name of a host", destination.host))
        })?;
        let socket = dial(from, destination.address).await.map_err(broken)?;
        socket.set_nodelay(true).map_err(broken)?;
        let stream = TlsConnector::from(tls).connect(name, socket).await.map_err(broken)?;
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let peer = Peer::from_certificate(shown.expect("the verifier demands a certificate"))
            .map_err(|error| CallError::Untrusted(error.to_string()))?;
        if peer != Peer::Host(destination.host.clone()) {
            let why = format!("{} was meant, and {peer} is there", destination.host);
            return Err(CallError::Untrusted(why));
        }
        let (requests, driver) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| CallError::of(&error, Sent::No))?;
        Ok(Self { requests, driver: Some(Box::pin(driver)) })
    }

    /// Whether another request can be sent: looks once whether the host has closed.
    pub(super) fn is_usable(&mut self) -> bool {
        self.poll_driver(&mut Context::from_waker(Waker::noop()));
        self.driver.is_some() && self.requests.is_ready()
    }

    /// Sends a request and waits for the header of its answer.
    pub(super) async fn send(
        &mut self,
        path: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, Failure> {
        let mut request = Request::post(format!("/v1/{path}"))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(HOST, HeaderValue::from_static("standfast"))
            .body(Full::new(body))
            .map_err(|error| Failure::Unsent(CallError::Malformed(error.to_string())))?;
        *request.version_mut() = hyper::Version::HTTP_11;
        let sending = self.requests.try_send_request(request);
        match drive(&mut self.driver, sending).await {
            Ok(response) => Ok(response),
            Err(mut failed) => {
                if failed.take_message().is_some() {
                    return Err(Failure::Unsent(CallError::of(failed.error(), Sent::No)));
                }
                Err(Failure::Broken(CallError::of(failed.error(), Sent::Perhaps)))
            }
        }
    }

    /// Runs the connection until `future` is done.
    pub(super) async fn drive<F: Future>(&mut self, future: F) -> F::Output {
        drive(&mut self.driver, future).await
    }

    fn poll_driver(&mut self, cx: &mut Context<'_>) {
        poll(&mut self.driver, cx);
    }
}

async fn drive<F: Future>(driver: &mut Option<Driver>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Poll::Ready(done) = future.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        let was_open = driver.is_some();
        poll(driver, cx);
        // What the connection left behind when it closed may be all that the future waits for.
        if was_open && driver.is_none() { future.as_mut().poll(cx) } else { Poll::Pending }
    })
    .await
}

/// Connects, from an address of our own where there is one of that family.
async fn dial(from: Option<IpAddr>, to: SocketAddr) -> io::Result<TcpStream> {
    let Some(from) = from.filter(|it| it.is_ipv4() == to.is_ipv4()) else {
        return TcpStream::connect(to).await;
    };
    let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.bind(SocketAddr::new(from, 0))?;
    socket.connect(to).await
}

/// An error of the connection is told to the request that waits on it, so it is not lost here.
fn poll(driver: &mut Option<Driver>, cx: &mut Context<'_>) {
    if let Some(running) = driver
        && running.as_mut().poll(cx).is_ready()
    {
        *driver = None;
    }
}
