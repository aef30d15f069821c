//! The asking end: calls with deadlines over connections that are kept warm.

mod connection;
mod failure;
mod hearing;
mod stream;

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::StatusCode;
use hyper::body::Incoming;
use rustls::ClientConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_util::task::TaskTracker;

use crate::credentials::Credentials;
use crate::limits::{
    IDLE_LIMIT, MAX_BODY_BYTES, MAX_CALLS_PER_DESTINATION, MAX_DESTINATIONS,
    MAX_IDLE_PER_DESTINATION,
};
use crate::refusal::Refusal;
use connection::{Connection, Failure};
pub use failure::{CallError, Sent};
use hearing::{Hearing, Judged};

/// A control port, and the host that must be behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Destination {
    /// The name of the host: its certificate must bear it.
    pub host: String,
    pub address: SocketAddr,
}

/// How long a silent host may take to show that it answers again.
const AGAIN_PATIENCE: Duration = Duration::from_secs(1);

/// Asks control ports. A cheap clone; all clones share the warm connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    from: Option<IpAddr>,
    tls: Arc<ClientConfig>,
    lanes: Mutex<HashMap<Destination, Arc<Lane>>>,
    /// Those who ask silent hosts again: at most one for each, and each for a limited time.
    asking_again: TaskTracker,
}

/// The connections to one destination.
struct Lane {
    calls: Arc<Semaphore>,
    /// The one that was used last is at the end.
    idle: Mutex<Vec<(Connection, Instant)>>,
    hearing: Hearing,
}

/// Whether a request may be executed twice without harm.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    Harmless,
    Never,
}

/// An answer whose header is there, and the connection on which its body comes.
struct Exchange {
    connection: Connection,
    body: Incoming,
    status: StatusCode,
    lane: Arc<Lane>,
    _call: OwnedSemaphorePermit,
}

impl Client {
    /// For whoever calls from anywhere.
    pub fn new(credentials: &Credentials) -> Self {
        Self::made(credentials, None)
    }

    /// For a host: it calls from its own address, by which others know it before it has shown who
    /// it is.
    pub fn of_host(credentials: &Credentials, address: IpAddr) -> Self {
        Self::made(credentials, Some(address))
    }

    fn made(credentials: &Credentials, from: Option<IpAddr>) -> Self {
        let tls = credentials.client_config();
        let asking_again = TaskTracker::new();
        Self(Arc::new(Inner { tls, from, lanes: Mutex::default(), asking_again }))
    }

    async fn open(&self, destination: &Destination) -> Result<Connection, CallError> {
        Connection::open(Arc::clone(&self.0.tls), self.0.from, destination).await
    }

    /// Asks `path` of a host, and waits for the answer at most for `patience`.
    ///
    /// A request that may have been executed is not sent again: when the connection is lost after
    /// it was written, the answer is [`CallError::Broken`] and the outcome unknown.
    pub async fn call<Req, Ans>(
        &self,
        destination: &Destination,
        path: &str,
        request: &Req,
        patience: Duration,
    ) -> Result<Ans, CallError>
    where
        Req: Serialize + ?Sized + Sync,
        Ans: DeserializeOwned,
    {
        self.ask(destination, path, encode(request)?, patience, Repeat::Never).await
    }

    /// As [`Client::call`], for a request that may be executed twice without harm. It is sent again
    /// when a warm connection turns out to be closed, as after the host was restarted.
    pub async fn call_idempotent<Req, Ans>(
        &self,
        destination: &Destination,
        path: &str,
        request: &Req,
        patience: Duration,
    ) -> Result<Ans, CallError>
    where
        Req: Serialize + ?Sized + Sync,
        Ans: DeserializeOwned,
    {
        self.ask(destination, path, encode(request)?, patience, Repeat::Harmless).await
    }

    async fn ask<Ans: DeserializeOwned>(
        &self,
        destination: &Destination,
        path: &str,
        body: Bytes,
        patience: Duration,
        repeat: Repeat,
    ) -> Result<Ans, CallError> {
        let (begun, mut sent) = (Instant::now(), Sent::No);
        let asking = async {
            let exchange = self.begin(destination, path, body, repeat, &mut sent).await?;
            exchange.finish().await
        };
        let asked = timeout(patience, asking).await;
        let asked = asked.unwrap_or(Err(CallError::Silent(sent)));
        self.lane(destination).heard(begun, asked.as_ref().err());
        let (status, answer) = asked?;
        if status == StatusCode::OK {
            serde_json::from_slice(&answer).map_err(|error| CallError::not_json(&error))
        } else {
            Err(refusal(status, &answer))
        }
    }

    /// Whether a host is known to say nothing: just now it was asked in vain for a while.
    ///
    /// It answers at once. A host that is silent is asked again behind the caller's back, and is
    /// not silent any more as soon as it answers. What it does is unknown: it need not be down.
    /// Must be called within a runtime.
    pub fn is_silent(&self, destination: &Destination) -> bool {
        let lane = self.lane(destination);
        let judged = lane.hearing.judge();
        if judged == Judged::SilentAskAgain {
            let (client, destination) = (self.clone(), destination.clone());
            self.0.asking_again.spawn(async move { client.ask_again(&destination, &lane).await });
        }
        judged != Judged::MayAnswer
    }

    /// A host that shows who it is answers. That needs no handler and no disk.
    async fn ask_again(&self, destination: &Destination, lane: &Lane) {
        let begun = Instant::now();
        let opened = timeout(AGAIN_PATIENCE, self.open(destination)).await;
        let opened = opened.unwrap_or(Err(CallError::Silent(Sent::No)));
        lane.heard(begun, opened.as_ref().err());
        if let Ok(connection) = opened {
            lane.keep(connection);
        }
        lane.hearing.was_asked_again();
    }

    /// Sends a request and waits for the header of its answer.
    async fn begin(
        &self,
        destination: &Destination,
        path: &str,
        body: Bytes,
        repeat: Repeat,
        sent: &mut Sent,
    ) -> Result<Exchange, CallError> {
        let lane = self.lane(destination);
        let call = Arc::clone(&lane.calls).acquire_owned().await;
        let call = call.expect("nobody closes the semaphore");
        // Ends: every turn but the last takes one of the few idle connections.
        loop {
            let (mut connection, warm) = match lane.take_idle() {
                Some(connection) => (connection, true),
                None => (self.open(destination).await?, false),
            };
            *sent = Sent::Perhaps;
            match connection.send(path, body.clone()).await {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    let status = head.status;
                    return Ok(Exchange { connection, body, status, lane, _call: call });
                }
                Err(Failure::Unsent(_)) if warm => *sent = Sent::No,
                Err(Failure::Broken(_)) if warm && repeat == Repeat::Harmless => {}
                Err(Failure::Unsent(error) | Failure::Broken(error)) => return Err(error),
            }
        }
    }

    fn lane(&self, destination: &Destination) -> Arc<Lane> {
        let mut lanes = self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(destination) {
            return Arc::clone(lane);
        }
        if lanes.len() >= MAX_DESTINATIONS {
            lanes.clear();
        }
        let lane = Arc::new(Lane {
            calls: Arc::new(Semaphore::new(MAX_CALLS_PER_DESTINATION)),
            idle: Mutex::default(),
            hearing: Hearing::default(),
        });
        lanes.insert(destination.clone(), Arc::clone(&lane));
        lane
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl Lane {
    /// A warm connection that its host has not closed, as far as can be seen.
    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((mut connection, since)) = idle.pop() {
            if since.elapsed() < IDLE_LIMIT && connection.is_usable() {
                return Some(connection);
            }
        }
        None
    }

    /// Remembers whether anything came from there, an answer or not.
    fn heard(&self, begun: Instant, error: Option<&CallError>) {
        match error {
            Some(CallError::Silent(_)) => self.hearing.in_vain(begun),
            Some(_) | None => self.hearing.answered(),
        }
    }

    fn keep(&self, mut connection: Connection) {
        if !connection.is_usable() {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() >= MAX_IDLE_PER_DESTINATION {
            idle.remove(0);
        }
        idle.push((connection, Instant::now()));
    }
}

impl Exchange {
    /// Reads the whole answer, and keeps the connection warm.
    async fn finish(mut self) -> Result<(StatusCode, Bytes), CallError> {
        let whole = Limited::new(self.body, MAX_BODY_BYTES).collect();
        match self.connection.drive(whole).await {
            Ok(body) => {
                self.lane.keep(self.connection);
                Ok((self.status, body.to_bytes()))
            }
            Err(error) => Err(CallError::of_body(&*error)),
        }
    }
}

fn encode<Req: Serialize + ?Sized>(request: &Req) -> Result<Bytes, CallError> {
    let json = serde_json::to_vec(request)
        .map_err(|error| CallError::Malformed(format!("the request is no JSON: {error}")))?;
    if json.len() > MAX_BODY_BYTES {
        let message = format!("the request has {} bytes, too many to be sent", json.len());
        return Err(CallError::Refused(Refusal::new("too-large", message, "ask for less at once")));
    }
    Ok(json.into())
}

fn refusal(status: StatusCode, body: &[u8]) -> CallError {
    match serde_json::from_slice(body) {
        Ok(refusal) => CallError::Refused(refusal),
        Err(_) => CallError::Malformed(format!("the answer is status {status} without a reason")),
    }
}
