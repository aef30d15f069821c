//! Streams as strangers send them: in pieces, too large, too deep, not XML.

use super::{Event, Header, Limits, StreamParser};
use crate::Element;
use crate::stream_error::StreamCondition;

const OPEN: &str = "<?xml version='1.0'?>\n<stream:stream to='example.org' version='1.0' \
                    xml:lang='en' xmlns='jabber:client' \
                    xmlns:stream='http://etherx.jabber.org/streams'>";

fn read_all(parser: &mut StreamParser, bytes: &[u8]) -> (Vec<Event>, Option<StreamCondition>) {
    let mut input = bytes;
    let mut events = Vec::new();
    loop {
        match parser.read(&mut input) {
            Ok(Some(Event::Closed)) => {
                events.push(Event::Closed);
                return (events, None);
            }
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, None),
            Err(error) => return (events, Some(error.condition)),
        }
    }
}

fn refused(limits: Limits, after_header: &[u8]) -> Option<StreamCondition> {
    let mut parser = StreamParser::new(limits);
    let (events, error) = read_all(&mut parser, OPEN.as_bytes());
    assert!(matches!(events[..], [Event::Opened(_)]), "{events:?} {error:?}");
    read_all(&mut parser, after_header).1
}

#[test]
fn the_same_events_come_out_however_the_bytes_are_cut() {
    let text = format!(
        "{OPEN} \r\n<message to='a@b'><body>ä&#x20;&lt;<![CDATA[<x>]]></body></message>\n\
         <iq id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>   <presence/></stream:stream>"
    );
    let bytes = text.as_bytes();
    let (whole, error) = read_all(&mut StreamParser::new(Limits::before_login()), bytes);
    assert_eq!((whole.len(), error), (5, None));
    let Event::Stanza(message) = &whole[1] else { panic!("{whole:?}") };
    assert_eq!(message.child_text("jabber:client", "body").unwrap(), "ä <<x>");
    for cut in 0..=bytes.len() {
        let mut parser = StreamParser::new(Limits::before_login());
        let (mut events, error) = read_all(&mut parser, &bytes[..cut]);
        assert_eq!(error, None, "cut at {cut}");
        if !events.contains(&Event::Closed) {
            events.extend(read_all(&mut parser, &bytes[cut..]).0);
        }
        assert_eq!(events, whole, "cut at {cut}");
    }
    let mut parser = StreamParser::new(Limits::before_login());
    let singly: Vec<Event> =
        bytes.iter().flat_map(|byte| read_all(&mut parser, &[*byte]).0).collect();
    assert_eq!(singly, whole);
}

#[test]
fn a_header_is_read_back_as_it_was_printed() {
    let header = Header {
        from: Some("example.org".to_owned()),
        to: Some("a'b@example.org".to_owned()),
        id: Some("1".to_owned()),
        version: Some("1.0".to_owned()),
        lang: Some("en".to_owned()),
    };
    let mut text = String::new();
    header.print(&mut text);
    let (events, error) = read_all(&mut StreamParser::new(Limits::before_login()), text.as_bytes());
    assert_eq!((events, error), (vec![Event::Opened(header)], None));
}

#[test]
fn a_wrong_header_is_refused() {
    let open =
        |text: &str| read_all(&mut StreamParser::new(Limits::before_login()), text.as_bytes()).1;
    assert_eq!(open("<stream>"), Some(StreamCondition::InvalidNamespace));
    assert_eq!(
        open("<a xmlns='http://etherx.jabber.org/streams'>"),
        Some(StreamCondition::BadFormat)
    );
    assert_eq!(open("GET / HTTP/1.1\r\n\r\n"), Some(StreamCondition::NotWellFormed));
    assert_eq!(open("\u{16}\u{3}\u{1}"), Some(StreamCondition::NotWellFormed));
}

#[test]
fn five_thousand_nested_tags_are_refused() {
    let nested = "<a>".repeat(5_000);
    assert_eq!(
        refused(Limits::before_login(), nested.as_bytes()),
        Some(StreamCondition::PolicyViolation)
    );
    assert_eq!(
        refused(Limits::after_login(), nested.as_bytes()),
        Some(StreamCondition::PolicyViolation)
    );
    let allowed = "<a>".repeat(super::DEPTH) + &"</a>".repeat(super::DEPTH);
    assert_eq!(refused(Limits::after_login(), allowed.as_bytes()), None);
}

#[test]
fn huge_text_is_refused_before_it_is_held() {
    let mut parser = StreamParser::new(Limits::before_login());
    read_all(&mut parser, OPEN.as_bytes());
    assert_eq!(read_all(&mut parser, b"<auth>").1, None);
    let chunk = [b'x'; 1_000];
    let refused_at = (0..200_000).find(|_| read_all(&mut parser, &chunk).1.is_some());
    assert_eq!(refused_at, Some(super::STANZA_BYTES_BEFORE_LOGIN / chunk.len() - 1));
}

#[test]
fn a_stanza_may_be_exactly_as_large_as_the_limit() {
    let limits = Limits { stanza_bytes: 1_000, ..Limits::before_login() };
    let stanza = |bytes: usize| format!("<a>{}</a>", "x".repeat(bytes - "<a></a>".len()));
    assert_eq!(refused(limits, stanza(1_000).repeat(3).as_bytes()), None);
    assert_eq!(refused(limits, stanza(1_001).as_bytes()), Some(StreamCondition::PolicyViolation));
}

#[test]
fn a_stanza_without_content_is_seen_at_once() {
    let mut parser = StreamParser::new(Limits::before_login());
    read_all(&mut parser, OPEN.as_bytes());
    for _ in 0..3 {
        assert_eq!(read_all(&mut parser, b"<presence/>").0.len(), 1);
        assert_eq!(read_all(&mut parser, b"<presence></presence>").0.len(), 1);
    }
}

#[test]
fn white_space_between_stanzas_is_not_counted_after_login() {
    let white = " \n".repeat(super::STANZA_BYTES_AFTER_LOGIN);
    assert_eq!(refused(Limits::after_login(), white.as_bytes()), None);
    assert_eq!(
        refused(Limits::before_login(), b"<a/> hello <b/>"),
        Some(StreamCondition::BadFormat)
    );
}

#[test]
fn a_flood_of_attributes_or_elements_is_refused() {
    use std::fmt::Write as _;
    let mut attributes = String::from("<a");
    for number in 0..=super::ATTRIBUTES {
        write!(attributes, " a{number}=''").unwrap();
    }
    attributes.push_str("/>");
    let elements = format!("<a>{}</a>", "<b/>".repeat(super::ELEMENTS));
    let name = format!("<{}/>", "n".repeat(super::TOKEN_BYTES + 1));
    let value = format!("<a b='{}'/>", "v".repeat(super::TOKEN_BYTES + 1));
    for flood in [attributes, elements, name, value] {
        assert_eq!(
            refused(Limits::after_login(), flood.as_bytes()),
            Some(StreamCondition::PolicyViolation)
        );
    }
}

#[test]
fn an_endless_start_tag_is_refused() {
    let mut flood = String::from("<a");
    while flood.len() < super::STANZA_BYTES_BEFORE_LOGIN {
        flood.push_str(" xmlns:a='b'");
    }
    assert!(refused(Limits::before_login(), flood.as_bytes()).is_some());
}

#[test]
fn bad_utf_8_is_refused() {
    for bytes in [&b"<a>\xff</a>"[..], b"<a>\xc3\x28</a>", b"<a>\xed\xa0\x80</a>", b"<a b='\xc0'/>"]
    {
        assert_eq!(
            refused(Limits::before_login(), bytes),
            Some(StreamCondition::UnsupportedEncoding),
            "{bytes:?}"
        );
    }
}

#[test]
fn entities_document_types_comments_and_instructions_are_refused() {
    let restricted = Some(StreamCondition::RestrictedXml);
    for text in ["<a>&lol;</a>", "<a b='&lol;'/>", "<!-- a -->", "<?a b?>"] {
        assert_eq!(refused(Limits::before_login(), text.as_bytes()), restricted, "{text}");
    }
    assert_eq!(refused(Limits::before_login(), b"<!DOCTYPE a>"), restricted);
    let bomb = "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'>\
                <!ENTITY lol2 '&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;'>]>";
    let mut parser = StreamParser::new(Limits::before_login());
    assert!(read_all(&mut parser, bomb.as_bytes()).1.is_some());
    let (events, error) = read_all(&mut parser, OPEN.as_bytes());
    assert!(events.is_empty() && error.is_some(), "a broken stream stays broken");
}

#[test]
fn a_stranger_is_not_kept_alive_by_white_space() {
    let limits = Limits::before_login();
    let mut parser = StreamParser::new(limits);
    let space = vec![b' '; limits.white_bytes / 4];
    for _ in 0..4 {
        assert_eq!(read_all(&mut parser, &space).1, None);
    }
    let error = read_all(&mut parser, &space).1.unwrap();
    assert_eq!(error, StreamCondition::PolicyViolation);
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for text in ["<a></b>", "<a b=c/>", "<a b='1' b='2'/>", "<p:a/>", "<a>&#0;</a>", "<1/>"] {
        assert_eq!(
            refused(Limits::before_login(), text.as_bytes()),
            Some(StreamCondition::NotWellFormed),
            "{text}"
        );
    }
}

#[test]
fn elements_of_the_stream_are_printed_with_the_usual_prefix() {
    let error = crate::stream_error::StreamError::see_other_host("[::1]:5222").element();
    let mut out = String::new();
    super::print_first_level(&error, &mut out);
    assert!(
        out.starts_with(
            "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>\
             [::1]:5222</see-other-host><text"
        ),
        "{out}"
    );
    let mut parser = StreamParser::new(Limits::before_login());
    read_all(&mut parser, OPEN.as_bytes());
    assert_eq!(read_all(&mut parser, out.as_bytes()).0, [Event::Stanza(error)]);
    let mut out = String::new();
    super::print_first_level(&Element::new(crate::ns::CLIENT, "presence"), &mut out);
    assert_eq!(out, "<presence/>");
}
