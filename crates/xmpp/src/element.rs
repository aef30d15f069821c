//! An XML element as XMPP knows it: a name, a namespace, attributes, and children in order.
//!
//! Prefixes and the order of attributes are not kept, since nothing may rely on them (attributes
//! stand sorted); everything else survives parsing and printing. No function here recurses by
//! itself, so that a deep tree cannot exhaust the stack: printing and dropping keep their own list
//! of what is still to do. (`Clone` and `==` do recurse; [`crate::stream::Limits`] bounds the depth
//! of everything that comes from outside.)

mod print;
mod rendered;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

pub use rendered::Rendered;

use crate::ns;

/// An element with everything in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Element {
    name: Cow<'static, str>,
    namespace: Cow<'static, str>,
    attributes: Vec<Attribute>,
    nodes: Vec<Node>,
}

/// One attribute; its namespace is empty unless it was prefixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    namespace: Cow<'static, str>,
    name: Cow<'static, str>,
    value: String,
}

/// What stands inside an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A child element.
    Element(Element),
    /// Character data, never empty, never next to another text.
    Text(String),
}

impl Attribute {
    /// The namespace, empty for an attribute without a prefix.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The local name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, unescaped.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl Element {
    /// An empty element. Namespace and name must be what XML allows; both come from our own code.
    pub fn new(namespace: &str, name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            namespace: ns::known(namespace),
            attributes: Vec::new(),
            nodes: Vec::new(),
        }
    }

    /// The local name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Is this the element `name` of `namespace`?
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.name == name && self.namespace == namespace
    }

    /// All attributes, in the order in which they will be printed.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The value of an attribute without a prefix.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attribute_in("", name)
    }

    /// The value of an attribute in a namespace, such as `xml:lang`.
    pub fn attribute_in(&self, namespace: &str, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|a| a.name == name && a.namespace == namespace)
            .map(|a| a.value.as_str())
    }

    /// Sets an attribute without a prefix, replacing its former value.
    pub fn set_attribute(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        self.set_attribute_in("", name, value);
    }

    /// Sets an attribute in a namespace. Characters that XML cannot carry are left out.
    pub fn set_attribute_in(
        &mut self,
        namespace: &str,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) {
        let (name, value) = (name.into(), allowed(value.into()));
        let key = (namespace, &*name);
        match self.attributes.binary_search_by(|a| (&*a.namespace, &*a.name).cmp(&key)) {
            Ok(at) => self.attributes[at].value = value,
            Err(at) => {
                let attribute = Attribute { namespace: ns::known(namespace), name, value };
                self.attributes.insert(at, attribute);
            }
        }
    }

    /// Takes an attribute without a prefix away, and returns what it was.
    pub fn remove_attribute(&mut self, name: &str) -> Option<String> {
        let at = self.attributes.iter().position(|a| a.name == name && a.namespace.is_empty())?;
        Some(self.attributes.remove(at).value)
    }

    /// Everything inside, in order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The child elements, in order.
    pub fn children(&self) -> impl DoubleEndedIterator<Item = &Element> {
        self.nodes.iter().filter_map(Node::as_element)
    }

    /// The first child `name` of `namespace`.
    pub fn child(&self, namespace: &str, name: &str) -> Option<&Element> {
        self.children().find(|child| child.is(namespace, name))
    }

    /// The first child `name` of `namespace`, to be changed.
    pub fn child_mut(&mut self, namespace: &str, name: &str) -> Option<&mut Element> {
        self.nodes.iter_mut().find_map(|node| match node {
            Node::Element(child) if child.is(namespace, name) => Some(child),
            Node::Element(_) | Node::Text(_) => None,
        })
    }

    /// Has it a child `name` of `namespace`?
    pub fn has_child(&self, namespace: &str, name: &str) -> bool {
        self.child(namespace, name).is_some()
    }

    /// The text directly inside, joined.
    pub fn text(&self) -> String {
        self.nodes.iter().filter_map(Node::as_text).collect()
    }

    /// The text of the first child `name` of `namespace`.
    pub fn child_text(&self, namespace: &str, name: &str) -> Option<String> {
        self.child(namespace, name).map(Element::text)
    }

    /// Keeps only the child elements that `keep` accepts; text stays.
    pub fn retain_children(&mut self, mut keep: impl FnMut(&Element) -> bool) {
        self.nodes.retain(|node| node.as_element().is_none_or(&mut keep));
    }

    /// Adds a child element at the end.
    pub fn push(&mut self, child: Element) {
        self.nodes.push(Node::Element(child));
    }

    /// Adds text at the end. Characters that XML cannot carry are left out.
    pub fn push_text(&mut self, text: impl Into<String>) {
        let text = allowed(text.into());
        if text.is_empty() {
            return;
        }
        match self.nodes.last_mut() {
            Some(Node::Text(before)) => before.push_str(&text),
            Some(Node::Element(_)) | None => self.nodes.push(Node::Text(text)),
        }
    }

    /// This element with an attribute.
    #[must_use]
    pub fn with_attribute(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Self {
        self.set_attribute(name, value);
        self
    }

    /// This element with an attribute, if there is a value for it.
    #[must_use]
    pub fn with_attribute_if(
        self,
        name: impl Into<Cow<'static, str>>,
        value: Option<impl Into<String>>,
    ) -> Self {
        match value {
            Some(value) => self.with_attribute(name, value),
            None => self,
        }
    }

    /// This element with a child at its end.
    #[must_use]
    pub fn with_child(mut self, child: Element) -> Self {
        self.push(child);
        self
    }

    /// This element with several children at its end.
    #[must_use]
    pub fn with_children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.nodes.extend(children.into_iter().map(Node::Element));
        self
    }

    /// This element with text at its end.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.push_text(text);
        self
    }

    /// Prints it as it stands inside an element whose default namespace is `namespace`.
    pub fn print_in(&self, namespace: &str, out: &mut String) {
        print::print(self, namespace, out);
    }
}

impl Node {
    /// The element, if it is one.
    pub fn as_element(&self) -> Option<&Element> {
        match self {
            Self::Element(element) => Some(element),
            Self::Text(_) => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Element(_) => None,
        }
    }
}

/// Prints the element so that it stands alone, with its namespace declared.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.print_in("", &mut out);
        f.write_str(&out)
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads one element that stands alone, such as a stanza from the archive.
impl FromStr for Element {
    type Err = crate::stream_error::StreamError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        crate::stream::read_element(text)
    }
}

impl Drop for Element {
    fn drop(&mut self) {
        let mut left: Vec<Node> = Vec::new();
        if self.nodes.iter().any(holds_elements) {
            left.append(&mut self.nodes);
        }
        while let Some(node) = left.pop() {
            if let Node::Element(mut element) = node {
                left.append(&mut element.nodes);
            }
        }
    }
}

fn holds_elements(node: &Node) -> bool {
    node.as_element().is_some_and(|e| e.nodes.iter().any(|n| n.as_element().is_some()))
}

/// Leaves out what XML 1.0 has no way to write, references included (section 2.2).
fn allowed(text: String) -> String {
    let carries = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}')
            || c >= '\u{10000}'
    };
    if text.chars().all(carries) { text } else { text.chars().filter(|c| carries(*c)).collect() }
}
