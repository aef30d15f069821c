//! What is printed is read again as it was.

use proptest::prelude::*;

use super::{Element, Rendered};
use crate::ns;

#[test]
fn unknown_namespaces_and_prefixed_attributes_survive() {
    let text = "<message xmlns='jabber:client' id='1' xml:lang='de'>\
                <a xmlns='urn:x' xmlns:ns0='urn:y' ns0:b='&apos;&lt;'>ä &amp; b<c/>d</a></message>";
    let element: Element = text.parse().unwrap();
    assert_eq!(element.attribute_in(ns::XML, "lang"), Some("de"));
    let child = element.child("urn:x", "a").unwrap();
    assert_eq!(child.attribute_in("urn:y", "b"), Some("'<"));
    assert_eq!(child.text(), "ä & bd");
    assert_eq!(element.to_string(), text);
}

#[test]
fn what_xml_cannot_carry_is_left_out() {
    let element = Element::new("urn:x", "a")
        .with_attribute("b", "1\u{1}2\r\n")
        .with_text("\u{0}")
        .with_text("x\u{FFFF}\ry");
    assert_eq!(element.to_string(), "<a xmlns='urn:x' b='12&#xd;&#xa;'>x&#xd;y</a>");
    assert_eq!(element.to_string().parse::<Element>().unwrap(), element);
}

#[test]
fn a_tree_of_a_million_levels_is_printed_and_dropped() {
    let mut tree = Element::new("urn:x", "a");
    for _ in 0..1_000_000 {
        tree = Element::new("urn:x", "a").with_child(tree);
    }
    assert_eq!(tree.to_string().len(), " xmlns='urn:x'".len() + 7 * 1_000_000 + 4);
}

#[test]
fn a_rendered_stanza_differs_only_in_its_recipient() {
    let stanza = Element::new(ns::CLIENT, "message")
        .with_attribute("from", "r@rooms.x/a")
        .with_attribute("to", "old@x")
        .with_child(Element::new(ns::CLIENT, "body").with_text("hi"));
    let rendered = Rendered::new(stanza.clone());
    let mut out = Vec::new();
    rendered.write_to("o'brien@x/1", &mut out);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text, "<message to='o&apos;brien@x/1' from='r@rooms.x/a'><body>hi</body></message>");
}

#[test]
fn a_text_that_is_not_one_element_is_refused() {
    for text in ["", "  ", "text", "<a/><b/>", "<a>", "<a/>text", "</a>", "<a/></stream:stream>"] {
        text.parse::<Element>().unwrap_err();
    }
}

fn element() -> impl Strategy<Value = Element> {
    let name = "[a-zA-Z_][a-zA-Z0-9._-]{0,8}";
    let namespace =
        prop::sample::select(vec!["", "jabber:client", "urn:xmpp:mam:2", "urn:other", "a'b&c"]);
    let text = "[\\PC\\t\\n\\r<>&'\"]{0,12}";
    let attributes = prop::collection::vec(
        (prop::sample::select(vec!["", ns::XML, "urn:p", "q"]), name, text),
        0..4,
    );
    let leaf =
        (namespace.clone(), name, attributes.clone()).prop_map(|(space, name, attributes)| {
            let mut element = Element::new(space, name);
            for (space, name, value) in attributes {
                element.set_attribute_in(space, name, value);
            }
            element
        });
    leaf.prop_recursive(5, 32, 5, move |inner| {
        let child = (inner, text);
        (namespace.clone(), name, prop::collection::vec(child, 0..5)).prop_map(
            |(space, name, children)| {
                let mut element = Element::new(space, name);
                for (child, text) in children {
                    element.push_text(text);
                    element.push(child);
                }
                element
            },
        )
    })
}

proptest! {
    #[test]
    fn what_was_printed_reads_the_same(element in element()) {
        let text = element.to_string();
        prop_assert_eq!(text.parse::<Element>().unwrap(), element);
    }
}
