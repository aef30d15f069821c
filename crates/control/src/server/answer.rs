//! From one request to its answer.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::{Body as _, Frame, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::error;

use super::Server;
use crate::limits::{BODY_DEADLINE, MAX_BODY_BYTES, MAX_CONNECTIONS, SHUTDOWN_GRACE};
use crate::peer::Peer;
use crate::progress::{Ended, Lines, Progress, Running, line};
use crate::refusal::Refusal;
use crate::router::{Handler, Work};

pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A refusal on its way, with the status that says the same to programs of others.
struct Refused(StatusCode, Refusal);

impl Server {
    pub(super) async fn respond(
        &self,
        peer: Peer,
        from: SocketAddr,
        request: Request<Incoming>,
    ) -> Response<Body> {
        match self.answer(peer, from, request).await {
            Ok(response) => response,
            Err(refused) => refused.into_response(),
        }
    }

    async fn answer(
        &self,
        peer: Peer,
        from: SocketAddr,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Refused> {
        let unknown = || {
            let message = format!("this host answers no request {}", request.uri().path());
            let hint = "see that both hosts run the same version";
            Refused(StatusCode::NOT_FOUND, Refusal::new("unknown-request", message, hint))
        };
        if request.method() != Method::POST {
            let message = "requests to the control port are made with POST";
            let refusal = Refusal::new("bad-method", message, "use the shell");
            return Err(Refused(StatusCode::METHOD_NOT_ALLOWED, refusal));
        }
        let path = request.uri().path().strip_prefix("/v1/").ok_or_else(unknown)?;
        let handler = self.router.find(path).ok_or_else(unknown)?;
        let permit = Arc::clone(&self.requests).try_acquire_owned().map_err(|_| {
            let message = "this host is working on as many requests as it can";
            let refusal = Refusal::new("busy", message, "try again in a moment");
            Refused(StatusCode::SERVICE_UNAVAILABLE, refusal)
        })?;
        let path = path.to_owned();
        let body = read(request.into_body()).await?;
        let bad = |refusal| Refused(StatusCode::BAD_REQUEST, refusal);
        let spawn = |work: Work, grace: Duration| {
            let shutdown = self.shutdown.clone();
            self.tasks.spawn(async move {
                let _permit = permit;
                let stopping = async {
                    shutdown.cancelled().await;
                    sleep(grace).await;
                };
                tokio::select! {
                    ended = work => ended,
                    () = stopping => Err(stopped()),
                }
            })
        };
        let ended = match handler {
            Handler::Call(start) => spawn(start(peer, &body).map_err(bad)?, SHUTDOWN_GRACE).await,
            Handler::Poll(start) => {
                let work = start(peer, &body).map_err(bad)?;
                AbortOnDropHandle::new(spawn(work, Duration::ZERO)).await
            }
            Handler::Stream(start) => {
                let (progress, told) = Progress::new(from);
                let work = start(peer, &body, progress).map_err(bad)?;
                let running = spawn(work, SHUTDOWN_GRACE);
                return Ok(streamed(path, told, running));
            }
        };
        match said(&path, ended) {
            Ok(json) => Ok(whole(StatusCode::OK, json)),
            Err(refused) => Err(refused),
        }
    }
}

/// What a connection beyond the limit is told, whatever it asks.
pub(super) fn too_many_connections() -> Response<Body> {
    let message = format!("this host has {MAX_CONNECTIONS} connections, as many as it serves");
    let refusal = Refusal::new("busy", message, "try again in a moment");
    Refused(StatusCode::SERVICE_UNAVAILABLE, refusal).into_response()
}

impl Refused {
    fn into_response(self) -> Response<Body> {
        whole(self.0, json(&self.1))
    }
}

async fn read(body: Incoming) -> Result<Bytes, Refused> {
    let too_large = || {
        let message = format!("the request has more than {MAX_BODY_BYTES} bytes");
        let refusal = Refusal::new("too-large", message, "ask for less at once");
        Refused(StatusCode::PAYLOAD_TOO_LARGE, refusal)
    };
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(too_large());
    }
    let collected = timeout(BODY_DEADLINE, Limited::new(body, MAX_BODY_BYTES).collect()).await;
    let unheard = |status, message: String| {
        Refused(status, Refusal::new("bad-request", message, "see whether the link is broken"))
    };
    match collected {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => {
            let message = format!("the request broke off: {error}");
            Err(unheard(StatusCode::BAD_REQUEST, message))
        }
        Err(_) => {
            let message = "the request did not arrive in time".to_owned();
            Err(unheard(StatusCode::REQUEST_TIMEOUT, message))
        }
    }
}

/// What a handler ended with. A panic is ours to answer for and nobody else's.
fn said(path: &str, ended: Ended) -> Result<Vec<u8>, Refused> {
    match ended {
        Ok(Ok(json)) => Ok(json),
        Ok(Err(refusal)) => Err(Refused(StatusCode::UNPROCESSABLE_ENTITY, refusal)),
        Err(panic) => {
            error!(path, %panic, "a handler panicked");
            let message = "the host made a mistake of its own, and whether it was done is unknown";
            let hint = "look at that host's trace, and report it";
            let refusal = Refusal::new("panicked", message, hint);
            Err(Refused(StatusCode::INTERNAL_SERVER_ERROR, refusal))
        }
    }
}

fn stopped() -> Refusal {
    let message = "the host stopped before this was finished";
    Refusal::new("stopping", message, "look at what was done, and ask again when it is back")
}

fn whole(status: StatusCode, json: Vec<u8>) -> Response<Body> {
    respond(status, "application/json", Full::new(json.into()).boxed_unsync())
}

fn streamed(
    path: String,
    told: tokio::sync::mpsc::Receiver<Bytes>,
    running: Running,
) -> Response<Body> {
    let conclude = Box::new(move |ended| {
        let last = match said(&path, ended) {
            Ok(answer) => line::<Infallible>("answer", Ok(answer)),
            Err(Refused(_, refusal)) => line::<Infallible>("refusal", Ok(json(&refusal))),
        };
        last.expect("it cannot fail")
    });
    let mut lines = Lines::new(told, running, conclude);
    let frames = stream::poll_fn(move |cx| {
        lines.poll_next(cx).map(|line| line.map(|it| Ok::<_, Infallible>(Frame::data(it))))
    });
    respond(StatusCode::OK, "application/x-ndjson", StreamBody::new(frames).boxed_unsync())
}

fn respond(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn json(refusal: &Refusal) -> Vec<u8> {
    serde_json::to_vec(refusal).expect("three texts are always JSON")
}
