//! Service discovery (XEP-0030).

use crate::form::Form;
use crate::{Element, ns};

/// What an iq asks about its recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// What are you?
    Info {
        /// The part of it that is asked about.
        node: Option<String>,
    },
    /// What do you have?
    Items {
        /// The part of it that is asked about.
        node: Option<String>,
    },
}

impl Request {
    /// Reads an iq; none, if it asks something else.
    pub fn parse(iq: &Element) -> Option<Self> {
        if iq.attribute("type") != Some("get") {
            return None;
        }
        let query = iq.children().next().filter(|child| child.name() == "query")?;
        let node = query.attribute("node").map(str::to_owned);
        match query.namespace() {
            ns::DISCO_INFO => Some(Self::Info { node }),
            ns::DISCO_ITEMS => Some(Self::Items { node }),
            _ => None,
        }
    }
}

/// What something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Category, type, name.
    pub identity: (&'static str, &'static str, String),
    /// What it supports.
    pub features: Vec<String>,
    /// More, in forms (XEP-0128).
    pub forms: Vec<Form>,
}

impl Info {
    /// The answer's payload.
    pub fn payload(&self) -> Element {
        let (category, kind, name) = &self.identity;
        let identity = Element::new(ns::DISCO_INFO, "identity")
            .with_attribute("category", *category)
            .with_attribute("type", *kind)
            .with_attribute("name", name.clone());
        let feature = |feature: &String| {
            Element::new(ns::DISCO_INFO, "feature").with_attribute("var", feature.clone())
        };
        Element::new(ns::DISCO_INFO, "query")
            .with_child(identity)
            .with_children(self.features.iter().map(feature))
            .with_children(self.forms.iter().map(|form| form.element("result")))
    }
}

/// The payload that lists items as (address, name).
pub fn items<'a>(items: impl IntoIterator<Item = (String, Option<&'a str>)>) -> Element {
    let item = |(address, name): (String, Option<&str>)| {
        Element::new(ns::DISCO_ITEMS, "item")
            .with_attribute("jid", address)
            .with_attribute_if("name", name)
    };
    Element::new(ns::DISCO_ITEMS, "query").with_children(items.into_iter().map(item))
}
