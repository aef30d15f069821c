//! The writing half of a bound stream: batches from the outbox, and last words.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, WriteHalf};
use tokio::sync::oneshot;
use tokio::time::timeout;
use xmpp::stream;
use xmpp::stream_error::{StreamCondition, StreamError};

use super::Limits;
use super::wire::{End, Socket};
use crate::outbox::{Ended, Outbox, Outgoing};

/// How often a write that does not end looks whether the client has been cut off meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Writes to one client.
pub(super) struct Writer<'a> {
    pub(super) socket: WriteHalf<Box<dyn Socket>>,
    pub(super) outgoing: Outgoing,
    pub(super) outbox: Outbox,
    pub(super) limits: &'a Limits,
}

impl Writer<'_> {
    /// Writes what comes out of the outbox. When that is closed, says `last_words` and closes the
    /// socket. Ends by itself when the client is lost, or too slow.
    pub(super) async fn run(mut self, last_words: oneshot::Receiver<String>) -> End {
        let mut bytes = Vec::new();
        let end = loop {
            bytes.clear();
            match self.outgoing.next_batch(&mut bytes).await {
                Ok(_) => {
                    if let Err(end) = self.write(&bytes).await {
                        return end;
                    }
                }
                Err(Ended::Closed) => break None,
                Err(Ended::Cut) => break Some(too_slow()),
            }
        };
        let (words, end) = match end {
            Some(end) => (self::last_words(&end), end),
            None => (last_words.await.unwrap_or_default(), End::Closed),
        };
        let said = async {
            self.socket.write_all(words.as_bytes()).await?;
            self.socket.shutdown().await
        };
        match timeout(self.limits.close_patience, said).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the last words were not heard"),
            Err(_) => tracing::debug!("the last words were not heard in time"),
        }
        end
    }

    /// Writes a batch, unless the client proves too slow.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        let Self { socket, outbox, limits, .. } = self;
        let write = async {
            socket.write_all(bytes).await?;
            socket.flush().await
        };
        let cut = async {
            while !outbox.is_cut() {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::select! {
            biased;
            written = timeout(limits.write_patience, write) => match written {
                Ok(written) => Ok(written?),
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            },
            // It stopped in the middle of a stanza: there is no place for last words.
            () = cut => Err(too_slow()),
        }
    }
}

/// What is said at the end of a stream.
pub(super) fn last_words(end: &End) -> String {
    let mut text = String::new();
    if let End::Error(error) = end {
        stream::print_first_level(&error.element(), &mut text);
    }
    text.push_str(stream::CLOSE);
    text
}

fn too_slow() -> End {
    StreamError::new(
        StreamCondition::PolicyViolation,
        "you read too slowly: too much waits to be sent to you",
    )
    .into()
}
