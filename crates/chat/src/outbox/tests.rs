//! What comes out of an outbox, and when a client is cut off.

use super::*;
use std::str::FromStr as _;
use xmpp::FullJid;

fn limits() -> Limits {
    Limits { queue_stanzas: 3, queue_bytes: 1000, ..Limits::default() }
}

fn recipient(text: &str) -> Recipient {
    Recipient::new(&FullJid::from_str(text).unwrap())
}

#[tokio::test]
async fn puts_the_recipient_into_a_shared_stanza() {
    let (outbox, mut outgoing) = outbox(&limits());
    let message = Element::new(ns::CLIENT, "message").with_attribute("from", "r@x/n");
    let shared = Shared::of(&message);
    assert!(outbox.push(shared.to(&recipient("a@x/it's <1>"))));
    assert!(outbox.push(Shared::printed("<presence/>".to_owned()).to(&recipient("b@x/2"))));
    let mut bytes = Vec::new();
    assert_eq!(outgoing.next_batch(&mut bytes).await, Ok(2));
    let text = String::from_utf8(bytes).unwrap();
    let (first, second) = text.split_at(text.find("<presence").unwrap());
    let first = Element::from_str(&first.replace("<message", "<message xmlns='jabber:client'"));
    assert_eq!(first.unwrap().attribute("to"), Some("a@x/it's <1>"));
    assert!(second.contains("b@x/2"), "{second}");
}

#[tokio::test]
async fn cuts_a_client_that_does_not_read() {
    let (outbox, mut outgoing) = outbox(&limits());
    let frame = Frame::stanza(&Element::new(ns::CLIENT, "message"));
    for _ in 0..3 {
        assert!(outbox.push(frame.clone()));
    }
    assert!(!outbox.push(frame.clone()));
    assert!(outbox.is_cut());
    assert_eq!(outgoing.next_batch(&mut Vec::new()).await, Err(Ended::Cut));
}

#[tokio::test]
async fn gives_what_waits_before_it_ends() {
    let (outbox, mut outgoing) = outbox(&limits());
    assert!(outbox.push(Frame::nonza(&Element::new(ns::SM, "r"))));
    outbox.close();
    assert!(!outbox.push(Frame::stanza(&Element::new(ns::CLIENT, "message"))));
    assert_eq!(outgoing.next_batch(&mut Vec::new()).await, Ok(0));
    assert_eq!(outgoing.next_batch(&mut Vec::new()).await, Err(Ended::Closed));
}
