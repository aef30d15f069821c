//! The life of a bound stream: read, route, acknowledge, and end politely.
//!
//! One task reads and writes. What many may say to this client waits in its outbox; what it says is
//! handled in order, except that a post becomes durable while the next stanza is handled already.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::io::ReadHalf;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;
use uuid::Uuid;
use xmpp::stanza_error::{self, Condition, StanzaError};
use xmpp::stream::{Event, StreamParser};
use xmpp::stream_error::{StreamCondition, StreamError};
use xmpp::{Element, FullJid, Jid, ping, sm, stanza};

use super::acknowledge::{Handled, Mark};
use super::negotiation::Ready;
use super::wire::{End, Socket, read_more};
use super::{Streams, writer};
use crate::activity::Activity;
use crate::bound::Taken;
use crate::outbox::{Frame, Outbox, outbox};
use crate::rooms::{RoomError, Ticket};

/// A client whose stream is bound.
pub(super) struct Client<'a> {
    pub(super) streams: &'a Streams,
    pub(super) address: &'a FullJid,
    pub(super) outbox: Outbox,
    /// Since stream management was turned on.
    handled: Option<Handled>,
    /// Posts that are neither durable nor refused yet.
    posts: FuturesUnordered<OnItsWay>,
    listening: Listening,
}

/// A post that is neither durable nor refused yet.
struct OnItsWay {
    ticket: Ticket,
    mark: Option<Mark>,
    message: Element,
}

/// What became of a post.
struct Posted {
    mark: Option<Mark>,
    /// The message without its content, for an answer.
    message: Element,
    result: Result<Uuid, RoomError>,
}

/// When a silent client is asked whether it is there, and given up.
#[derive(Clone, Copy, Debug)]
enum Listening {
    Since(Instant),
    Asked(Instant),
}

/// Lives until the stream has ended, and leaves nothing behind.
pub(super) async fn live(streams: &Streams, ready: Ready) {
    let Ready { wire, taken } = ready;
    let address = taken.address().clone();
    let limits = streams.limits();
    let (outbox, outgoing) = outbox(&streams.0.settings.config.limits);
    let (socket, writing_half) = tokio::io::split(wire.socket);
    let (say, last_words) = oneshot::channel();
    let writing = writer::Writer { socket: writing_half, outgoing, outbox: outbox.clone(), limits };
    let mut writing = pin!(writing.run(last_words).fuse());
    let mut client = Client {
        streams,
        address: &address,
        outbox: outbox.clone(),
        handled: None,
        posts: FuturesUnordered::new(),
        listening: Listening::Since(Instant::now()),
    };
    tracing::debug!(%address, "a client is bound");
    let end = tokio::select! {
        end = client.read(Reading { socket, parser: wire.parser, unread: wire.unread }, &taken) => {
            end
        }
        end = &mut writing => end,
    };
    streams.0.rooms.gone(&address);
    // From here on a newer stream may have the address; the rest concerns this socket only.
    drop(taken);
    outbox.close();
    let words = writer::last_words(&end);
    if say.send(words).is_ok() {
        // Still there: it has something to say yet.
        let wait = limits.write_patience + limits.close_patience;
        if tokio::time::timeout(wait, writing).await.is_err() {
            tracing::debug!(%address, "the last words were not heard in time");
        }
    }
    tracing::debug!(%address, %end, "a client is gone");
}

/// The reading half of a bound stream.
struct Reading {
    socket: ReadHalf<Box<dyn Socket>>,
    parser: StreamParser,
    unread: Vec<u8>,
}

impl Client<'_> {
    async fn read(&mut self, mut reading: Reading, taken: &Taken) -> End {
        let mut activity = self.streams.0.activity.clone();
        let stop = self.streams.0.stop.clone();
        loop {
            match self.handle_read(&mut reading).await {
                Ok(()) => {}
                Err(End::Closed) => return self.finish(&mut reading, End::Closed).await,
                Err(end) => return end,
            }
            let listen_until = self.listen_until();
            let room = self.has_room();
            tokio::select! {
                biased;
                () = taken.replaced() => return conflict().into(),
                () = stop.cancelled() => return self.finish(&mut reading, shutdown().into()).await,
                other = moved(&mut activity) => {
                    let end = StreamError::see_other_host(other).into();
                    return self.finish(&mut reading, end).await;
                }
                Some(posted) = self.posts.next() => self.posted(&posted),
                read = read_more(&mut reading.socket, &mut reading.unread), if room => match read {
                    Ok(0) => return std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into(),
                    Ok(_) => self.listening = Listening::Since(Instant::now()),
                    Err(error) => return error.into(),
                },
                () = tokio::time::sleep_until(listen_until), if room => {
                    if let Err(error) = self.ask_whether_there() {
                        return error.into();
                    }
                }
            }
        }
    }

    /// May more of it be handled now?
    fn has_room(&self) -> bool {
        let limits = self.streams.limits();
        let waiting = self.handled.as_ref().map_or(0, Handled::waiting);
        self.posts.len() < limits.posts_in_flight && waiting < limits.unacknowledged
    }

    /// Handles what was read, until it needs more or has too many posts on their way.
    async fn handle_read(&mut self, reading: &mut Reading) -> Result<(), End> {
        while self.has_room() {
            let mut input = reading.unread.as_slice();
            let event = reading.parser.read(&mut input);
            let read = reading.unread.len() - input.len();
            reading.unread.drain(..read);
            match event? {
                None => return Ok(()),
                Some(Event::Stanza(element)) => self.first_level(element).await?,
                Some(Event::Closed) => return Err(End::Closed),
                Some(Event::Opened(_)) => {
                    let text = "the stream was opened already";
                    return Err(StreamError::new(StreamCondition::BadFormat, text).into());
                }
            }
        }
        Ok(())
    }

    /// Reads no more, finishes what was read, and acknowledges it for the last time.
    async fn finish(&mut self, reading: &mut Reading, end: End) -> End {
        let patience = self.streams.limits().finish_patience;
        let settled = async {
            loop {
                if let Err(end) = self.handle_read(reading).await {
                    tracing::debug!(%end, "while finishing");
                }
                match self.posts.next().await {
                    Some(posted) => self.posted(&posted),
                    None => return,
                }
            }
        };
        if tokio::time::timeout(patience, settled).await.is_err() {
            tracing::info!(address = %self.address, "a client leaves with posts on their way");
        }
        if let Some(handled) = &mut self.handled {
            let count = handled.asked();
            self.push_nonza(&sm::acknowledge(count));
        }
        end
    }

    async fn first_level(&mut self, element: Element) -> Result<(), StreamError> {
        if let Some(request) = sm::Request::parse(&element) {
            return self.manage(request);
        }
        let Some(kind) = stanza::Kind::of(&element) else {
            let text = format!("<{}/> is no stanza", element.name());
            return Err(StreamError::new(StreamCondition::UnsupportedStanzaType, text));
        };
        let mark = self.handled.as_mut().map(Handled::arrived);
        let stanza = self.signed(element)?;
        let bare = Element::new(stanza.namespace(), stanza.name().to_owned())
            .with_attribute_if("id", stanza.attribute("id"))
            .with_attribute_if("type", stanza.attribute("type"))
            .with_attribute_if("from", stanza.attribute("from"))
            .with_attribute_if("to", stanza.attribute("to"));
        match self.route(kind, stanza).await {
            Ok(None) => self.done(mark),
            Ok(Some(ticket)) => self.posts.push(OnItsWay { ticket, mark, message: bare }),
            Err(error) => {
                self.refuse(&bare, &error);
                self.done(mark);
            }
        }
        Ok(())
    }

    /// The stanza with the sender's full address, which no client may choose (RFC 6120 section
    /// 8.1.2.1).
    fn signed(&self, mut stanza: Element) -> Result<Element, StreamError> {
        if let Some(from) = stanza.attribute("from") {
            let own = from
                .parse::<Jid>()
                .is_ok_and(|from| from == *self.address || from == self.address.to_bare());
            if !own {
                return Err(StreamError::new(
                    StreamCondition::InvalidFrom,
                    "speak for yourself only",
                ));
            }
        }
        stanza.set_attribute("from", self.address.to_string());
        Ok(stanza)
    }

    fn manage(&mut self, request: sm::Request) -> Result<(), StreamError> {
        let unexpected = sm::failed(Condition::UnexpectedRequest.name());
        match (request, &mut self.handled) {
            (sm::Request::Enable, None) => {
                self.handled = Some(Handled::since(self.outbox.stanzas()));
                self.push_nonza(&sm::enabled());
            }
            (sm::Request::Enable | sm::Request::Resume, _) => self.push_nonza(&unexpected),
            (sm::Request::Ask, Some(handled)) => {
                let count = handled.asked();
                self.push_nonza(&sm::acknowledge(count));
            }
            // It shows that the client is there, and nothing is kept for it that could be dropped.
            (sm::Request::Acknowledge(count), Some(handled)) => {
                handled.believe(count, self.outbox.stanzas())?;
            }
            (sm::Request::Ask | sm::Request::Acknowledge(_), None) => {
                let text = "stream management is not turned on";
                return Err(StreamError::new(StreamCondition::UnsupportedStanzaType, text));
            }
            (sm::Request::Malformed, _) => {
                let text = "this is not stream management";
                return Err(StreamError::new(StreamCondition::BadFormat, text));
            }
        }
        Ok(())
    }

    fn posted(&mut self, posted: &Posted) {
        if let Err(error) = &posted.result {
            self.refuse(&posted.message, &error.stanza_error());
        }
        self.done(posted.mark);
    }

    fn done(&mut self, mark: Option<Mark>) {
        let (Some(handled), Some(mark)) = (&mut self.handled, mark) else { return };
        handled.done(mark);
        if let Some(count) = handled.owed() {
            self.push_nonza(&sm::acknowledge(count));
        }
    }

    fn refuse(&self, stanza: &Element, error: &StanzaError) {
        if stanza_error::answerable(stanza) {
            self.push(&error.answer(stanza));
        }
    }

    /// Says a stanza to this client. One that is cut off hears nothing more: its writer ends it.
    pub(super) fn push(&self, stanza: &Element) {
        let _: bool = self.outbox.push(Frame::stanza(stanza));
    }

    fn push_nonza(&self, element: &Element) {
        let _: bool = self.outbox.push(Frame::nonza(element));
    }

    fn listen_until(&self) -> Instant {
        let limits = self.streams.limits();
        match self.listening {
            Listening::Since(heard) => heard + limits.probe_after,
            Listening::Asked(asked) => asked + limits.probe_patience,
        }
    }

    /// Asks a silent client whether it is there; whoever was asked before is not.
    fn ask_whether_there(&mut self) -> Result<(), StreamError> {
        if let Listening::Asked(_) = self.listening {
            let text = "nothing was heard from you";
            return Err(StreamError::new(StreamCondition::ConnectionTimeout, text));
        }
        self.listening = Listening::Asked(Instant::now());
        if self.handled.is_some() {
            self.push_nonza(&sm::ask());
        } else {
            let domain = &self.streams.0.settings.config.domain;
            let id = Uuid::new_v4().to_string();
            self.push(&ping::request(domain, self.address.as_str(), &id));
        }
        Ok(())
    }
}

impl Future for OnItsWay {
    type Output = Posted;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Posted> {
        Pin::new(&mut self.ticket).poll(cx).map(|result| {
            let message = std::mem::replace(&mut self.message, Element::new("", "taken"));
            Posted { mark: self.mark, message, result }
        })
    }
}

/// Resolves when clients are to go on elsewhere, with the place.
async fn moved(activity: &mut watch::Receiver<Activity>) -> String {
    loop {
        if let Activity::Inactive { move_to } = &*activity.borrow_and_update() {
            return move_to.clone();
        }
        if activity.changed().await.is_err() {
            // Nobody decides any more: the server is stopping, which is told elsewhere.
            std::future::pending::<()>().await;
        }
    }
}

fn conflict() -> StreamError {
    StreamError::new(StreamCondition::Conflict, "another stream took this address")
}

fn shutdown() -> StreamError {
    StreamError::new(StreamCondition::SystemShutdown, "this server stops: connect again")
}
