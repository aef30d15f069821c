//! Calls that tell their progress.

use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::{CallError, Client, Destination, Exchange, Repeat, Sent, encode, refusal};
use crate::limits::MAX_BODY_BYTES;
use crate::refusal::Refusal;

/// One line of a streamed answer.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line<Told, Ans> {
    Progress(Told),
    Answer(Ans),
    Refusal(Refusal),
}

impl Client {
    /// Asks something that takes long. Every line of progress is given to `told` as it comes.
    ///
    /// `silence` is how long the host may say nothing at all. A host that is at work shows every
    /// [`crate::limits::HEARTBEAT`] that it is still there, so a step may take as long as it
    /// needs, and a dead host is noticed.
    pub async fn call_stream<Req, Told, Ans>(
        &self,
        destination: &Destination,
        path: &str,
        request: &Req,
        silence: Duration,
        mut told: impl FnMut(Told),
    ) -> Result<Ans, CallError>
    where
        Req: Serialize + ?Sized + Sync,
        Told: DeserializeOwned,
        Ans: DeserializeOwned,
    {
        let mut sent = Sent::No;
        let body = encode(request)?;
        let beginning = self.begin(destination, path, body, Repeat::Never, &mut sent);
        let mut exchange = match timeout(silence, beginning).await {
            Ok(begun) => begun?,
            Err(_) => return Err(CallError::Silent(sent)),
        };
        if exchange.status != StatusCode::OK {
            return match timeout(silence, exchange.finish()).await {
                Ok(Ok((status, body))) => Err(refusal(status, &body)),
                Ok(Err(error)) => Err(error),
                Err(_) => Err(CallError::Silent(Sent::Perhaps)),
            };
        }
        let mut unread = BytesMut::new();
        loop {
            let line = exchange.next_line(&mut unread, silence).await?;
            if line.is_empty() {
                continue;
            }
            match serde_json::from_slice(&line).map_err(|error| CallError::not_json(&error))? {
                Line::Progress(progress) => told(progress),
                Line::Answer(answer) => return Ok(answer),
                Line::Refusal(refusal) => return Err(CallError::Refused(refusal)),
            }
        }
    }
}

impl Exchange {
    /// The next line, without its end. The end of the stream is an error: an answer comes first.
    async fn next_line(
        &mut self,
        unread: &mut BytesMut,
        silence: Duration,
    ) -> Result<BytesMut, CallError> {
        let mut searched = 0;
        loop {
            if let Some(at) = unread[searched..].iter().position(|byte| *byte == b'\n') {
                let line = unread.split_to(searched + at);
                unread.advance(1);
                return Ok(line);
            }
            searched = unread.len();
            if searched > MAX_BODY_BYTES {
                let what = "a line is longer than any line may be".to_owned();
                return Err(CallError::Malformed(what));
            }
            let Exchange { connection, body, .. } = self;
            match timeout(silence, connection.drive(body.frame())).await {
                Ok(Some(Ok(frame))) => {
                    unread.extend(frame.into_data().ok());
                }
                Ok(Some(Err(error))) => return Err(CallError::of_body(&error)),
                Ok(None) => return Err(CallError::Broken(Sent::Perhaps)),
                Err(_) => return Err(CallError::Silent(Sent::Perhaps)),
            }
        }
    }
}
