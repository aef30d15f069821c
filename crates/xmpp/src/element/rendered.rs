//! A stanza printed once, to be sent to many: only `to` differs.

use super::{Element, print};
use crate::ns;

/// The bytes of a stanza on a client's stream, with a gap for the recipient's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    bytes: String,
    gap: usize,
}

impl Rendered {
    /// Prints `stanza` for a client's stream. It must carry no `to`; one that is there is dropped.
    pub fn new(mut stanza: Element) -> Self {
        stanza.remove_attribute("to");
        let mut bytes = String::new();
        let gap = print::print_around(&stanza, ns::CLIENT, &mut bytes);
        Self { bytes, gap }
    }

    /// How many bytes it is without a recipient.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Never true: even the smallest stanza has a tag.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Writes it for `to`.
    pub fn write_to(&self, to: &str, out: &mut Vec<u8>) {
        let mut address = String::with_capacity(to.len() + " to=''".len());
        print::attribute("", "to", to, &mut address);
        out.reserve(self.bytes.len() + address.len());
        out.extend_from_slice(&self.bytes.as_bytes()[..self.gap]);
        out.extend_from_slice(address.as_bytes());
        out.extend_from_slice(&self.bytes.as_bytes()[self.gap..]);
    }
}
