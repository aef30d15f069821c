//! Printing, without recursion.

use super::{Element, Node};
use crate::ns;

enum Left<'a> {
    Node(&'a Node, &'a str),
    Close(&'a str),
}

/// Prints `element` for a place where `namespace` is the default namespace.
pub(super) fn print(element: &Element, namespace: &str, out: &mut String) {
    print_around(element, namespace, out);
}

/// As [`print`]; returns where in `out` the attributes of the first tag begin.
pub(super) fn print_around(element: &Element, namespace: &str, out: &mut String) -> usize {
    out.push('<');
    out.push_str(&element.name);
    let attributes = out.len();
    let mut left = Vec::new();
    finish_tag(element, namespace, out, &mut left);
    while let Some(next) = left.pop() {
        match next {
            Left::Close(name) => {
                out.push_str("</");
                out.push_str(name);
                out.push('>');
            }
            Left::Node(Node::Text(text), _) => escape_text(text, out),
            Left::Node(Node::Element(child), default) => {
                out.push('<');
                out.push_str(&child.name);
                finish_tag(child, default, out, &mut left);
            }
        }
    }
    attributes
}

/// Writes the attributes and the end of a start tag, and notes what is to follow it.
fn finish_tag<'a>(element: &'a Element, default: &str, out: &mut String, left: &mut Vec<Left<'a>>) {
    if element.namespace != default {
        attribute("", "xmlns", &element.namespace, out);
    }
    let mut prefixes: Vec<&str> = Vec::new();
    for each in &element.attributes {
        match &*each.namespace {
            "" => attribute("", &each.name, &each.value, out),
            ns::XML => attribute("xml:", &each.name, &each.value, out),
            other => {
                let (number, new) = match prefixes.iter().position(|p| *p == other) {
                    Some(number) => (number, false),
                    None => (prefixes.len(), true),
                };
                if new {
                    prefixes.push(other);
                    attribute("xmlns:", &format!("ns{number}"), other, out);
                }
                attribute(&format!("ns{number}:"), &each.name, &each.value, out);
            }
        }
    }
    if element.nodes.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    left.push(Left::Close(&element.name));
    left.extend(element.nodes.iter().rev().map(|node| Left::Node(node, &element.namespace)));
}

/// Writes ` prefix:name='value'`.
pub(super) fn attribute(prefix: &str, name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(prefix);
    out.push_str(name);
    out.push_str("='");
    escape(value, out, |c| match c {
        b'\'' => Some("&apos;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xa;"),
        other => in_text(other),
    });
    out.push('\'');
}

fn escape_text(text: &str, out: &mut String) {
    escape(text, out, in_text);
}

fn in_text(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xd;"),
        _ => None,
    }
}

/// Copies `text`, with what `reference` names written as a reference.
fn escape(text: &str, out: &mut String, reference: impl Fn(u8) -> Option<&'static str>) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(reference) = reference(byte) {
            out.push_str(&text[from..at]);
            out.push_str(reference);
            from = at + 1;
        }
    }
    out.push_str(&text[from..]);
}
