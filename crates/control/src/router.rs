//! Which handler answers which request.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits::MAX_BODY_BYTES;
use crate::peer::Peer;
use crate::progress::Progress;
use crate::refusal::Refusal;

/// A handler at work: it ends with the answer's JSON.
pub(crate) type Work = Pin<Box<dyn Future<Output = Result<Vec<u8>, Refusal>> + Send>>;

type Start = Arc<dyn Fn(Peer, &Bytes) -> Result<Work, Refusal> + Send + Sync>;
type StartStream = Arc<dyn Fn(Peer, &Bytes, Progress) -> Result<Work, Refusal> + Send + Sync>;

#[derive(Clone)]
pub(crate) enum Handler {
    /// Runs to its end, also when whoever asked has gone.
    Call(Start),
    /// Only waits and reads, so it ends when whoever asked has gone.
    Poll(Start),
    /// Runs to its end, and tells how far it is.
    Stream(StartStream),
}

/// The requests that a host answers. A cheap clone.
#[derive(Clone, Default)]
pub struct Router {
    handlers: BTreeMap<String, Handler>,
}

impl Router {
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers `POST /v1/PATH`. The handler runs to its end, also when whoever asked gives up:
    /// what it changes is never left half done. When the host stops it has a few seconds.
    pub fn on<Req, Ans, Fut>(
        self,
        path: &str,
        handler: impl Fn(Peer, Req) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        Req: DeserializeOwned,
        Ans: Serialize,
        Fut: Future<Output = Result<Ans, Refusal>> + Send + 'static,
    {
        self.add(path, Handler::Call(start(handler)))
    }

    /// Answers a long poll: a handler that waits for news and changes nothing. It is dropped when
    /// whoever asked gives up, and at once when the host stops.
    pub fn on_poll<Req, Ans, Fut>(
        self,
        path: &str,
        handler: impl Fn(Peer, Req) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        Req: DeserializeOwned,
        Ans: Serialize,
        Fut: Future<Output = Result<Ans, Refusal>> + Send + 'static,
    {
        self.add(path, Handler::Poll(start(handler)))
    }

    /// Answers a long request, whose handler tells its [`Progress`] until it ends with the answer.
    /// It runs to its end, also when whoever asked gives up.
    pub fn on_stream<Req, Ans, Fut>(
        self,
        path: &str,
        handler: impl Fn(Peer, Req, Progress) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        Req: DeserializeOwned,
        Ans: Serialize,
        Fut: Future<Output = Result<Ans, Refusal>> + Send + 'static,
    {
        let start: StartStream = Arc::new(move |peer, body, progress| {
            Ok(finish(handler(peer, decode(body)?, progress)))
        });
        self.add(path, Handler::Stream(start))
    }

    pub(crate) fn find(&self, path: &str) -> Option<Handler> {
        self.handlers.get(path).cloned()
    }

    fn add(mut self, path: &str, handler: Handler) -> Self {
        let replaced = self.handlers.insert(path.to_owned(), handler);
        assert!(replaced.is_none(), "the request `{path}` has one handler");
        self
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.handlers.keys()).finish()
    }
}

fn start<Req, Ans, Fut>(handler: impl Fn(Peer, Req) -> Fut + Send + Sync + 'static) -> Start
where
    Req: DeserializeOwned,
    Ans: Serialize,
    Fut: Future<Output = Result<Ans, Refusal>> + Send + 'static,
{
    Arc::new(move |peer, body| Ok(finish(handler(peer, decode(body)?))))
}

fn decode<Req: DeserializeOwned>(body: &Bytes) -> Result<Req, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("the request is not what this host understands: {error}");
        Refusal::new("bad-request", message, "see that both hosts run the same version")
    })
}

fn finish<Ans: Serialize>(
    handler: impl Future<Output = Result<Ans, Refusal>> + Send + 'static,
) -> Work {
    Box::pin(async move { encode(&handler.await?) })
}

fn encode<Ans: Serialize>(answer: &Ans) -> Result<Vec<u8>, Refusal> {
    let unsaid = |why: String| Refusal::new("answer-unsaid", why, "ask for less at once");
    let json = serde_json::to_vec(answer)
        .map_err(|error| unsaid(format!("it was done, and the answer cannot be told: {error}")))?;
    if json.len() > MAX_BODY_BYTES {
        let length = json.len();
        return Err(unsaid(format!("it was done, and the answer of {length} bytes is too long")));
    }
    Ok(json)
}
