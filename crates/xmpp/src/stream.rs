//! A client's stream (RFC 6120 section 4): bytes in, stanzas out, nothing without a limit.
//!
//! [`StreamParser`] reads what a stranger sends. However the bytes are cut, it returns the same
//! events; a stream that breaks a rule or a limit ends with the [`StreamError`] to send, and the
//! parser is of no more use. What it holds is bounded by [`Limits::stanza_bytes`] times a small
//! factor, however long the stream lives.

mod builder;
#[cfg(test)]
mod tests;

use rxml::error::EndOrError;
use rxml::{Parse as _, WithOptions as _};

use crate::Element;
use crate::ns;
use crate::stream_error::{StreamCondition, StreamError};
use builder::Builder;

/// The largest stanza before login: RFC 6120 section 13.12 asks for no less.
pub const STANZA_BYTES_BEFORE_LOGIN: usize = 10_000;
/// The largest stanza after login.
pub const STANZA_BYTES_AFTER_LOGIN: usize = 262_144;
/// How deep a stanza may nest, itself included.
pub const DEPTH: usize = 32;
/// How many attributes one element may have.
pub const ATTRIBUTES: usize = 64;
/// How many elements one stanza may have, itself included.
pub const ELEMENTS: usize = 4_096;
/// The longest name or attribute value, in bytes.
pub const TOKEN_BYTES: usize = 8_192;

/// What a stream accepts. Whoever goes over a limit gets `policy-violation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one stanza as sent, or of the stream header.
    pub stanza_bytes: usize,
    /// Bytes of white space before a stanza: it keeps a stream alive, and a stranger has no need
    /// of that.
    pub white_bytes: usize,
    /// Nesting, the stanza itself being 1.
    pub depth: usize,
    /// Attributes of one element.
    pub attributes: usize,
    /// Elements of one stanza at all depths.
    pub elements: usize,
}

impl Limits {
    /// For a stream whose owner is not known yet.
    pub const fn before_login() -> Self {
        Self {
            stanza_bytes: STANZA_BYTES_BEFORE_LOGIN,
            white_bytes: STANZA_BYTES_BEFORE_LOGIN,
            depth: DEPTH,
            attributes: ATTRIBUTES,
            elements: ELEMENTS,
        }
    }

    /// For a stream whose owner has logged in.
    pub const fn after_login() -> Self {
        Self {
            stanza_bytes: STANZA_BYTES_AFTER_LOGIN,
            white_bytes: usize::MAX,
            ..Self::before_login()
        }
    }
}

/// What the XML reader says of `<!` with neither a comment nor text behind it.
const DECLARATION: &str = "malformed cdata or comment section start";

/// What happened on the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The client opened the stream.
    Opened(Header),
    /// A whole first-level element.
    Stanza(Element),
    /// The client closed the stream.
    Closed,
}

/// The attributes of a stream header (RFC 6120 section 4.7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The sender's address, if it says so.
    pub from: Option<String>,
    /// The address spoken to.
    pub to: Option<String>,
    /// The stream's id: only servers send it.
    pub id: Option<String>,
    /// The version of XMPP.
    pub version: Option<String>,
    /// The default language.
    pub lang: Option<String>,
}

impl Header {
    /// The opening of a stream as a server or client sends it.
    pub fn print(&self, out: &mut String) {
        let mut element = Element::new("", "stream");
        let attributes =
            [("from", &self.from), ("to", &self.to), ("id", &self.id), ("version", &self.version)];
        for (name, value) in attributes {
            if let Some(value) = value {
                element.set_attribute(name, value.clone());
            }
        }
        if let Some(lang) = &self.lang {
            element.set_attribute_in(ns::XML, "lang", lang.clone());
        }
        let mut text = String::new();
        element.print_in("", &mut text);
        let attributes = text.trim_start_matches("<stream").trim_end_matches("/>");
        out.push_str("<?xml version='1.0'?><stream:stream xmlns='jabber:client' ");
        out.push_str("xmlns:stream='http://etherx.jabber.org/streams'");
        out.push_str(attributes);
        out.push('>');
    }
}

/// The end of a stream.
pub const CLOSE: &str = "</stream:stream>";

/// Prints a first-level element; those of the stream itself get the usual prefix, which some
/// clients look for.
pub fn print_first_level(element: &Element, out: &mut String) {
    if element.namespace() != ns::STREAM {
        element.print_in(ns::CLIENT, out);
        return;
    }
    out.push_str("<stream:");
    out.push_str(element.name());
    out.push('>');
    for child in element.children() {
        child.print_in(ns::CLIENT, out);
    }
    out.push_str("</stream:");
    out.push_str(element.name());
    out.push('>');
}

/// Reads one stream. Made anew for every restart of the stream (after TLS, after SASL).
pub struct StreamParser {
    parser: rxml::Parser,
    builder: Builder,
    limits: Limits,
    /// Bytes read since the last event.
    used: usize,
    /// White space read since the last event.
    white: usize,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    BeforeHeader,
    AfterHeader,
    Ended,
}

impl std::fmt::Debug for StreamParser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamParser").field("place", &self.place).finish_non_exhaustive()
    }
}

impl StreamParser {
    /// A parser at the start of a stream.
    pub fn new(limits: Limits) -> Self {
        let options = rxml::Options { max_token_length: TOKEN_BYTES, ..rxml::Options::default() };
        Self {
            parser: rxml::Parser::with_options(options),
            builder: Builder::new(limits),
            limits,
            used: 0,
            white: 0,
            place: Place::BeforeHeader,
        }
    }

    /// Reads from `input` until something has happened, and leaves the rest of it there. `None`
    /// means that all of it was read and more is needed.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Event>, StreamError> {
        if self.place == Place::Ended {
            return Err(StreamError::new(StreamCondition::BadFormat, "the stream has ended"));
        }
        let event = self.read_event(input);
        match &event {
            Ok(None) => {}
            Ok(Some(Event::Closed)) | Err(_) => self.place = Place::Ended,
            Ok(Some(Event::Opened(_) | Event::Stanza(_))) => {
                self.place = Place::AfterHeader;
                self.used = 0;
                self.white = 0;
            }
        }
        event
    }

    fn read_event(&mut self, input: &mut &[u8]) -> Result<Option<Event>, StreamError> {
        loop {
            if self.used == 0 {
                self.white = self.white.saturating_add(skip_white_space(input));
                if self.white > self.limits.white_bytes {
                    let limit = self.limits.white_bytes;
                    return Err(over(format!("more than {limit} bytes of white space")));
                }
                if input.first().is_some_and(|first| *first != b'<') {
                    return Err(self.text_outside());
                }
            }
            // With no input left the parser may still hold an event: `<a/>` makes two.
            let allowance = self.limits.stanza_bytes - self.used;
            let (now, later) = input.split_at(allowance.min(input.len()));
            let mut rest = now;
            let parsed = self.parser.parse(&mut rest, false);
            self.used += now.len() - rest.len();
            *input = &input[now.len() - rest.len()..];
            match parsed {
                Ok(Some(event)) => {
                    if let Some(event) = self.builder.take(event)? {
                        return Ok(Some(event));
                    }
                }
                Ok(None) | Err(EndOrError::NeedMoreData) if later.is_empty() => {
                    self.parser.release_temporaries();
                    return Ok(None);
                }
                Ok(None) | Err(EndOrError::NeedMoreData) => {
                    let limit = self.limits.stanza_bytes;
                    return Err(over(format!("more than {limit} bytes in one stanza")));
                }
                Err(EndOrError::Error(error)) => return Err(not_xml(error)),
            }
        }
    }
}

impl StreamParser {
    /// Nothing but white space stands between stanzas; before the stream it is not even XML.
    fn text_outside(&self) -> StreamError {
        match self.place {
            Place::BeforeHeader => {
                StreamError::new(StreamCondition::NotWellFormed, "this is not an XML stream")
            }
            Place::AfterHeader | Place::Ended => {
                StreamError::new(StreamCondition::BadFormat, "text stands between stanzas")
            }
        }
    }
}

/// Tells how much of it there was.
fn skip_white_space(input: &mut &[u8]) -> usize {
    let white = input.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    let count = white.count();
    *input = &input[count..];
    count
}

fn over(text: String) -> StreamError {
    StreamError::new(StreamCondition::PolicyViolation, text)
}

fn not_xml(error: rxml::Error) -> StreamError {
    use rxml::Error;
    let condition = match error {
        Error::InvalidUtf8Byte(_) => StreamCondition::UnsupportedEncoding,
        Error::RestrictedXml("long name or reference") => StreamCondition::PolicyViolation,
        Error::RestrictedXml(_)
        | Error::UndeclaredEntity
        // What begins like a document type declaration (RFC 6120 section 11.1).
        | Error::InvalidSyntax(DECLARATION) => StreamCondition::RestrictedXml,
        _ => StreamCondition::NotWellFormed,
    };
    StreamError::new(condition, error.to_string())
}

/// Reads one element that stands alone, within the limits of a stream after login. Archived
/// stanzas may be a little larger than sent ones, since we add to them.
pub(crate) fn read_element(text: &str) -> Result<Element, StreamError> {
    let limits = Limits {
        stanza_bytes: STANZA_BYTES_AFTER_LOGIN * 2,
        depth: DEPTH + 8,
        ..Limits::after_login()
    };
    let mut header = String::new();
    Header::default().print(&mut header);
    // Without a default namespace: the element declares its own.
    let header = header.replace(" xmlns='jabber:client'", "");
    let mut parser = StreamParser::new(limits);
    let mut opening = header.as_bytes();
    parser.read(&mut opening)?;
    let mut input = text.as_bytes();
    match parser.read(&mut input)? {
        Some(Event::Stanza(element)) if input.trim_ascii().is_empty() => Ok(element),
        Some(_) | None => {
            Err(StreamError::new(StreamCondition::BadFormat, "the text is not one whole element"))
        }
    }
}
