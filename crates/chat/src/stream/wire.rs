//! One socket during negotiation: events in, text out, and an end for every reason.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use xmpp::Element;
use xmpp::stream::{self, Event, Header, Limits, StreamParser};
use xmpp::stream_error::{StreamCondition, StreamError};

/// How much is read at once.
const READ_BYTES: usize = 4_096;

/// A socket, with or without TLS.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

/// Why a stream ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    /// A rule was broken, or the server has a reason: the client is told.
    #[error(transparent)]
    Error(#[from] StreamError),
    /// The client closed the stream.
    #[error("closed by the client")]
    Closed,
    /// The connection broke.
    #[error("lost")]
    Lost(#[from] io::Error),
}

/// A stream that is being negotiated.
pub(super) struct Wire<S: Socket = Box<dyn Socket>> {
    pub(super) socket: S,
    pub(super) parser: StreamParser,
    /// What was read and not parsed yet.
    pub(super) unread: Vec<u8>,
    header_sent: bool,
}

impl<S: Socket> Wire<S> {
    pub(super) fn new(socket: S, limits: Limits) -> Self {
        Self { socket, parser: StreamParser::new(limits), unread: Vec::new(), header_sent: false }
    }

    /// Begins the stream anew on the same socket (RFC 6120 section 4.3.3).
    pub(super) fn restart(&mut self, limits: Limits) {
        self.parser = StreamParser::new(limits);
        self.header_sent = false;
    }

    /// Waits for the next event.
    pub(super) async fn next(&mut self) -> Result<Event, End> {
        loop {
            let mut input = self.unread.as_slice();
            let event = self.parser.read(&mut input);
            let read = self.unread.len() - input.len();
            self.unread.drain(..read);
            if let Some(event) = event? {
                return Ok(event);
            }
            if read_more(&mut self.socket, &mut self.unread).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }

    /// Waits for the next first-level element.
    pub(super) async fn next_element(&mut self) -> Result<Element, End> {
        match self.next().await? {
            Event::Stanza(element) => Ok(element),
            Event::Closed => Err(End::Closed),
            Event::Opened(_) => {
                Err(StreamError::new(StreamCondition::BadFormat, "the stream was opened already")
                    .into())
            }
        }
    }

    /// Answers the client's stream header with ours.
    pub(super) async fn send_header(&mut self, domain: &str, to: Option<String>) -> io::Result<()> {
        let mut text = String::new();
        header(domain, to).print(&mut text);
        self.header_sent = true;
        self.send_text(&text).await
    }

    pub(super) async fn send(&mut self, element: &Element) -> io::Result<()> {
        let mut text = String::new();
        stream::print_first_level(element, &mut text);
        self.send_text(&text).await
    }

    async fn send_text(&mut self, text: &str) -> io::Result<()> {
        self.socket.write_all(text.as_bytes()).await?;
        self.socket.flush().await
    }

    /// Says why the stream ends, and ends it; a client that does not listen is not waited for.
    pub(super) async fn close(&mut self, end: &End, domain: &str, patience: Duration) {
        let last_words = async {
            if let End::Lost(_) = end {
                return Ok(());
            }
            if !self.header_sent {
                // The error of a stream stands inside a stream (RFC 6120 section 4.9.1.2).
                self.send_header(domain, None).await?;
            }
            let mut text = String::new();
            if let End::Error(error) = end {
                stream::print_first_level(&error.element(), &mut text);
            }
            text.push_str(stream::CLOSE);
            self.send_text(&text).await?;
            self.socket.shutdown().await
        };
        match tokio::time::timeout(patience, last_words).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the last words were not heard"),
            Err(_) => tracing::debug!("the last words were not heard in time"),
        }
    }
}

/// Waits until something has come, and appends it to `unread`. While nothing comes, no memory is
/// kept for it. Loses nothing when it is dropped half-way.
pub(super) async fn read_more(
    socket: &mut (impl AsyncRead + Unpin),
    unread: &mut Vec<u8>,
) -> io::Result<usize> {
    if unread.is_empty() {
        unread.shrink_to_fit();
    }
    poll_fn(|context| {
        let mut bytes = [MaybeUninit::uninit(); READ_BYTES];
        let mut read = ReadBuf::uninit(&mut bytes);
        ready!(Pin::new(&mut *socket).poll_read(context, &mut read))?;
        unread.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    })
    .await
}

/// A stream that ends as it begins, for those who are not let in.
pub(super) fn refusal(error: &StreamError, domain: &str) -> String {
    let mut text = String::new();
    header(domain, None).print(&mut text);
    stream::print_first_level(&error.element(), &mut text);
    text.push_str(stream::CLOSE);
    text
}

fn header(domain: &str, to: Option<String>) -> Header {
    Header {
        from: Some(domain.to_owned()),
        to,
        id: Some(uuid::Uuid::new_v4().to_string()),
        version: Some("1.0".to_owned()),
        lang: Some("en".to_owned()),
    }
}
