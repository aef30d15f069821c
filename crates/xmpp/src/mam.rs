//! Message archives (XEP-0313), with result set management (XEP-0059).

use crate::form::{Field, Form};
use crate::stanza_error::{Condition, StanzaError};
use crate::{Element, delay, ns};

/// A question to an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Repeated in every result.
    pub query_id: Option<String>,
    /// Only messages from this address.
    pub with: Option<String>,
    /// Only from this time on (XEP-0082).
    pub start: Option<String>,
    /// Only up to this time (XEP-0082).
    pub end: Option<String>,
    /// Only before the message of this archive id, which is not included.
    pub before_id: Option<String>,
    /// Only after the message of this archive id, which is not included.
    pub after_id: Option<String>,
    /// Only the messages of these archive ids.
    pub ids: Vec<String>,
    /// Newest first within the page.
    pub flip_page: bool,
    /// At most so many.
    pub max: Option<u64>,
    /// Which page.
    pub page: Page,
}

/// Which page of a result set (XEP-0059).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The first.
    #[default]
    First,
    /// The last.
    Last,
    /// What follows this archive id.
    After(String),
    /// What precedes this archive id.
    Before(String),
}

/// How a page of results ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fin {
    /// Nothing follows in the direction of paging.
    pub complete: bool,
    /// The archive ids of the page's first and last message.
    pub bounds: Option<(String, String)>,
    /// How many there are in all, if that is known.
    pub count: Option<u64>,
}

/// The most archive ids that one query may name.
pub const IDS: usize = 250;

fn bad(text: impl Into<String>) -> StanzaError {
    StanzaError::new(Condition::BadRequest, text)
}

impl Query {
    /// Does `iq` query an archive?
    pub fn is_query(iq: &Element) -> bool {
        iq.attribute("type") == Some("set") && iq.has_child(ns::MAM, "query")
    }

    /// Reads the query in `iq`, or says what is wrong with it.
    pub fn parse(iq: &Element) -> Result<Self, StanzaError> {
        let element = iq.child(ns::MAM, "query").ok_or_else(|| bad("no query"))?;
        let mut query = Self {
            query_id: element.attribute("queryid").map(str::to_owned),
            flip_page: element.has_child(ns::MAM, "flip-page"),
            ..Self::default()
        };
        if let Some(form) = Form::inside(element) {
            if form.form_type != ns::MAM {
                return Err(bad("the form is not one of this archive"));
            }
            for field in form.fields {
                query.filter(field)?;
            }
        }
        if let Some(set) = element.child(ns::RSM, "set") {
            query.set(set)?;
        }
        Ok(query)
    }

    fn filter(&mut self, field: Field) -> Result<(), StanzaError> {
        let place = match field.name.as_str() {
            "with" => &mut self.with,
            "start" => &mut self.start,
            "end" => &mut self.end,
            "before-id" => &mut self.before_id,
            "after-id" => &mut self.after_id,
            "ids" if field.values.len() <= IDS => {
                self.ids = field.values;
                return Ok(());
            }
            "ids" => return Err(bad(format!("more than {IDS} ids"))),
            other => {
                return Err(StanzaError::new(
                    Condition::FeatureNotImplemented,
                    format!("this archive has no filter {other}"),
                ));
            }
        };
        *place = field.values.into_iter().next();
        Ok(())
    }

    fn set(&mut self, set: &Element) -> Result<(), StanzaError> {
        if let Some(max) = set.child_text(ns::RSM, "max") {
            self.max = Some(max.trim().parse().map_err(|_| bad("max is not a number"))?);
        }
        if set.has_child(ns::RSM, "index") {
            return Err(StanzaError::new(
                Condition::FeatureNotImplemented,
                "this archive is paged by id, not by index",
            ));
        }
        let text = |name| set.child_text(ns::RSM, name);
        self.page = match (text("after"), text("before")) {
            (None, None) => Page::First,
            (Some(after), None) => Page::After(after),
            (None, Some(before)) if before.is_empty() => Page::Last,
            (None, Some(before)) => Page::Before(before),
            (Some(_), Some(_)) => return Err(bad("after and before exclude each other")),
        };
        Ok(())
    }

    /// The payload of a query, as a client sends it.
    pub fn payload(&self) -> Element {
        let single = [
            ("with", &self.with),
            ("start", &self.start),
            ("end", &self.end),
            ("before-id", &self.before_id),
            ("after-id", &self.after_id),
        ];
        let mut form = Form { form_type: ns::MAM.to_owned(), fields: Vec::new() };
        for (name, value) in single {
            form.fields.extend(value.clone().map(|value| Field::new(name, value)));
        }
        if !self.ids.is_empty() {
            form.fields.push(Field { values: self.ids.clone(), ..Field::new("ids", "") });
        }
        let text = |name, text: &str| Element::new(ns::RSM, name).with_text(text);
        let mut set = Element::new(ns::RSM, "set");
        if let Some(max) = self.max {
            set.push(text("max", &max.to_string()));
        }
        match &self.page {
            Page::First => {}
            Page::Last => set.push(text("before", "")),
            Page::After(id) => set.push(text("after", id)),
            Page::Before(id) => set.push(text("before", id)),
        }
        let mut query = Element::new(ns::MAM, "query")
            .with_attribute_if("queryid", self.query_id.clone())
            .with_child(form.element("submit"))
            .with_child(set);
        if self.flip_page {
            query.push(Element::new(ns::MAM, "flip-page"));
        }
        query
    }
}

/// One result: the archived `message`, as it was sent at `stamp`, for whoever asked. `archive` is
/// the room's address.
pub fn result(
    archive: &str,
    query_id: Option<&str>,
    archive_id: &str,
    stamp: &str,
    message: Element,
) -> Element {
    let when = delay::element(archive, stamp);
    let forwarded = Element::new(ns::FORWARD, "forwarded").with_child(when).with_child(message);
    let result = Element::new(ns::MAM, "result")
        .with_attribute("id", archive_id)
        .with_attribute_if("queryid", query_id)
        .with_child(forwarded);
    Element::new(ns::CLIENT, "message").with_attribute("from", archive).with_child(result)
}

impl Fin {
    /// The payload of the iq result that ends the page.
    pub fn payload(&self) -> Element {
        let text = |name, text: &str| Element::new(ns::RSM, name).with_text(text);
        let mut set = Element::new(ns::RSM, "set");
        if let Some((first, last)) = &self.bounds {
            set.push(text("first", first));
            set.push(text("last", last));
        }
        if let Some(count) = self.count {
            set.push(text("count", &count.to_string()));
        }
        let mut fin = Element::new(ns::MAM, "fin").with_child(set);
        if self.complete {
            fin.set_attribute("complete", "true");
        }
        fin
    }

    /// Reads the payload, as a client does.
    pub fn parse(iq: &Element) -> Option<Self> {
        let fin = iq.child(ns::MAM, "fin")?;
        let set = fin.child(ns::RSM, "set")?;
        let text = |name| set.child_text(ns::RSM, name);
        Some(Self {
            complete: fin.attribute("complete") == Some("true"),
            bounds: text("first").zip(text("last")),
            count: text("count").and_then(|count| count.parse().ok()),
        })
    }
}

/// The form that tells which filters there are.
pub fn filters() -> Element {
    let kinds = [
        ("with", "jid-single"),
        ("start", "text-single"),
        ("end", "text-single"),
        ("before-id", "text-single"),
        ("after-id", "text-single"),
        ("ids", "list-multi"),
    ];
    let fields = kinds.iter().map(|(name, kind)| Field::of_type(*name, *kind)).collect();
    let form = Form { form_type: ns::MAM.to_owned(), fields };
    Element::new(ns::MAM, "query").with_child(form.element("form"))
}
