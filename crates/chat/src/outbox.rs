//! What waits to be written to one client: bounded, and cut off rather than waited for.
//!
//! Many may put stanzas into an [`Outbox`]; the client's own task takes them from the [`Outgoing`]
//! end, as many at once as fit one write. A client that does not read fast enough fills its outbox;
//! then it is *cut*: what waits is dropped, nothing more is taken, and its task closes the stream.

use crate::settings::Limits;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use xmpp::{Element, ns};

/// Bytes that one batch is filled up to.
const BATCH_BYTES: usize = 64 << 10;

/// Frames for which an empty outbox keeps room.
const KEPT_FRAMES: usize = 16;

/// One stanza as it goes to one client.
#[derive(Clone)]
pub struct Frame {
    /// The text. Where `to` is set, it is `<NAME` and `rest`, with the address between them.
    text: Arc<str>,
    /// Where the recipient's address belongs, and the address as an attribute.
    to: Option<(usize, Arc<str>)>,
    counted: bool,
}

/// A stanza printed once for many recipients.
#[derive(Clone, Debug)]
pub struct Shared {
    text: Arc<str>,
    gap: usize,
}

/// The putting end of a client's outbox. Cheap to clone.
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

/// The taking end of a client's outbox; there is one.
#[derive(Debug)]
pub struct Outgoing(Outbox);

/// Why nothing more comes out of an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The client did not read fast enough: close its stream with `policy-violation`.
    #[error("the client did not read fast enough and was cut off")]
    Cut,
    /// [`Outbox::close`] was called and everything before it has been taken.
    #[error("the outbox is closed")]
    Closed,
}

struct Inner {
    state: Mutex<State>,
    ready: Notify,
    frames_max: usize,
    bytes_max: usize,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Frame>,
    bytes: usize,
    /// How many stanzas were ever put in.
    stanzas: u64,
    ended: Option<Ended>,
}

/// Makes the two ends of a client's outbox.
pub fn outbox(limits: &Limits) -> (Outbox, Outgoing) {
    let outbox = Outbox(Arc::new(Inner {
        state: Mutex::default(),
        ready: Notify::new(),
        frames_max: limits.queue_stanzas,
        bytes_max: limits.queue_bytes,
    }));
    (outbox.clone(), Outgoing(outbox))
}

impl Outbox {
    /// Puts a frame at the end. Tells whether the client still gets anything at all.
    pub fn push(&self, frame: Frame) -> bool {
        let mut state = self.0.lock();
        if state.ended.is_some() {
            return false;
        }
        state.bytes += frame.len();
        state.stanzas += u64::from(frame.counted);
        state.frames.push_back(frame);
        let sound = state.frames.len() <= self.0.frames_max && state.bytes <= self.0.bytes_max;
        if !sound {
            *state = State { ended: Some(Ended::Cut), ..State::default() };
        }
        drop(state);
        self.0.ready.notify_one();
        sound
    }

    /// Takes no more. What waits can still be taken.
    pub fn close(&self) {
        self.0.lock().ended.get_or_insert(Ended::Closed);
        self.0.ready.notify_one();
    }

    /// How many stanzas were ever put in, taken or not.
    pub(crate) fn stanzas(&self) -> u64 {
        self.0.lock().stanzas
    }

    /// Has the client been cut off?
    pub fn is_cut(&self) -> bool {
        self.0.lock().ended == Some(Ended::Cut)
    }
}

impl Outgoing {
    /// Waits until something is there and appends as much as fits one write to `bytes`. Tells how
    /// many *stanzas* (XEP-0198 counts them) that was. Loses nothing when it is dropped half-way,
    /// and keeps no memory in `bytes` while nothing is there.
    pub async fn next_batch(&mut self, bytes: &mut Vec<u8>) -> Result<usize, Ended> {
        loop {
            if let Some(taken) = self.take(bytes) {
                return taken;
            }
            bytes.shrink_to_fit();
            self.0.0.ready.notified().await;
        }
    }

    fn take(&mut self, bytes: &mut Vec<u8>) -> Option<Result<usize, Ended>> {
        let mut state = self.0.0.lock();
        if state.frames.is_empty() {
            return state.ended.map(Err);
        }
        let mut stanzas = 0;
        let start = bytes.len();
        bytes.reserve(state.bytes.min(BATCH_BYTES));
        while bytes.len() - start < BATCH_BYTES
            && let Some(frame) = state.frames.pop_front()
        {
            state.bytes -= frame.len();
            frame.write(bytes);
            stanzas += usize::from(frame.counted);
        }
        if state.frames.is_empty() {
            state.frames.shrink_to(KEPT_FRAMES);
        }
        Some(Ok(stanzas))
    }
}

impl Frame {
    /// A stanza with its `to` in it.
    pub fn stanza(stanza: &Element) -> Self {
        Self { counted: true, ..Self::nonza(stanza) }
    }

    /// A first-level element that is no stanza, which XEP-0198 does not count.
    pub fn nonza(element: &Element) -> Self {
        let mut text = String::new();
        element.print_in(ns::CLIENT, &mut text);
        Self { text: text.into(), to: None, counted: false }
    }

    /// How many bytes it is on the wire.
    pub fn len(&self) -> usize {
        self.text.len() + self.to.as_ref().map_or(0, |(_, to)| to.len())
    }

    /// Never true: even the smallest stanza has a tag.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        let (gap, to) = self.to.as_ref().map_or((0, ""), |(gap, to)| (*gap, &**to));
        bytes.extend_from_slice(&self.text.as_bytes()[..gap]);
        bytes.extend_from_slice(to.as_bytes());
        bytes.extend_from_slice(&self.text.as_bytes()[gap..]);
    }
}

impl Shared {
    /// A stanza without `to`.
    pub fn of(stanza: &Element) -> Self {
        let mut text = String::new();
        stanza.print_in(ns::CLIENT, &mut text);
        Self::printed(text)
    }

    /// A stanza without `to` that is printed already, with its own name first.
    pub(crate) fn printed(text: String) -> Self {
        let gap = text.find([' ', '>', '/']).unwrap_or(text.len());
        Self { text: text.into(), gap }
    }

    /// The frame for one recipient.
    pub fn to(&self, to: &Recipient) -> Frame {
        Frame {
            text: Arc::clone(&self.text),
            to: Some((self.gap, Arc::clone(&to.0))),
            counted: true,
        }
    }
}

/// A recipient's address, made ready for many stanzas.
#[derive(Clone, Debug)]
pub struct Recipient(Arc<str>);

impl Recipient {
    /// Makes an address ready.
    pub fn new(jid: &xmpp::FullJid) -> Self {
        // The printer knows how to escape: let it print an element with nothing but this.
        let mut text = String::new();
        Element::new(ns::CLIENT, "a")
            .with_attribute("to", jid.to_string())
            .print_in(ns::CLIENT, &mut text);
        let attribute = text.trim_start_matches("<a").trim_end_matches("/>");
        Self(attribute.into())
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.lock();
        f.debug_struct("Outbox")
            .field("frames", &state.frames.len())
            .field("bytes", &state.bytes)
            .field("ended", &state.ended)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        f.write_str(&String::from_utf8_lossy(&bytes))
    }
}

#[cfg(test)]
mod tests;
