//! From the events of the XML parser to the events of a stream, with every count bounded.

use rxml::{AttrMap, QName};

use super::{Event, Header, Limits, over};
use crate::Element;
use crate::ns;
use crate::stream_error::{StreamCondition, StreamError};

/// Builds one stanza at a time on a list of open elements.
#[derive(Debug)]
pub(super) struct Builder {
    limits: Limits,
    header_seen: bool,
    /// The stanza and what is open inside it, outermost first.
    open: Vec<Element>,
    elements: usize,
}

impl Builder {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, header_seen: false, open: Vec::new(), elements: 0 }
    }

    /// Takes one event of the XML parser; something may have happened on the stream with it.
    pub(super) fn take(&mut self, event: rxml::Event) -> Result<Option<Event>, StreamError> {
        match event {
            rxml::Event::XmlDeclaration(..) => Ok(None),
            rxml::Event::StartElement(_, name, attributes) if self.header_seen => {
                self.begin(name, attributes).map(|()| None)
            }
            rxml::Event::StartElement(_, name, attributes) => {
                self.header_seen = true;
                header(&name, &attributes).map(|header| Some(Event::Opened(header)))
            }
            rxml::Event::Text(_, text) => self.text(text).map(|()| None),
            rxml::Event::EndElement(_) => Ok(self.end()),
        }
    }

    fn begin(&mut self, (namespace, name): QName, attributes: AttrMap) -> Result<(), StreamError> {
        self.elements += 1;
        if self.open.len() >= self.limits.depth {
            return Err(over(format!("more than {} elements inside another", self.limits.depth)));
        }
        if self.elements > self.limits.elements {
            return Err(over(format!("more than {} elements in one stanza", self.limits.elements)));
        }
        if attributes.len() > self.limits.attributes {
            return Err(over(format!("more than {} attributes", self.limits.attributes)));
        }
        let mut element = Element::new(namespace.as_str(), name.to_string());
        for ((namespace, name), value) in attributes {
            element.set_attribute_in(namespace.as_str(), name.to_string(), value);
        }
        self.open.push(element);
        Ok(())
    }

    fn text(&mut self, text: String) -> Result<(), StreamError> {
        match self.open.last_mut() {
            Some(element) => {
                element.push_text(text);
                Ok(())
            }
            None if text.bytes().all(|byte| byte.is_ascii_whitespace()) => Ok(()),
            None => {
                Err(StreamError::new(StreamCondition::BadFormat, "text stands between stanzas"))
            }
        }
    }

    fn end(&mut self) -> Option<Event> {
        let Some(element) = self.open.pop() else { return Some(Event::Closed) };
        if let Some(parent) = self.open.last_mut() {
            parent.push(element);
            return None;
        }
        self.elements = 0;
        Some(Event::Stanza(element))
    }
}

fn header(name: &QName, attributes: &AttrMap) -> Result<Header, StreamError> {
    if name.0.as_str() != ns::STREAM {
        return Err(StreamError::new(
            StreamCondition::InvalidNamespace,
            format!("a stream belongs to the namespace {}", ns::STREAM),
        ));
    }
    if name.1 != "stream" {
        return Err(StreamError::new(StreamCondition::BadFormat, "expected <stream:stream>"));
    }
    let value = |wanted_namespace: &str, wanted: &str| {
        let of_that_name = attributes
            .iter()
            .find(|((ns, name), _)| ns.as_str() == wanted_namespace && name.as_str() == wanted);
        of_that_name.map(|(_, value)| value.clone())
    };
    Ok(Header {
        from: value("", "from"),
        to: value("", "to"),
        id: value("", "id"),
        version: value("", "version"),
        lang: value(ns::XML, "lang"),
    })
}
