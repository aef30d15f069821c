//! The typed modules against stanzas as clients and the specifications write them.
#![allow(clippy::needless_raw_string_hashes)] // that is how expect-test writes them

use expect_test::{Expect, expect};

use crate::disco::Info;
use crate::form::{Field, Form};
use crate::mam::{Fin, Page, Query};
use crate::muc::{HistoryWanted, Item, Join, status};
use crate::sasl::{Failure, Request};
use crate::stanza_error::{Condition, ErrorType, StanzaError};
use crate::{Element, FullJid, bind, delay, disco, mam, muc, ns, sm, stanza, stanza_id};

fn element(text: &str) -> Element {
    text.parse().unwrap()
}

fn prints(element: &Element, expected: &Expect) {
    let mut text = String::new();
    element.print_in(ns::CLIENT, &mut text);
    expected.assert_eq(&text.replace("><", ">\n<"));
}

#[test]
fn a_join_says_how_much_history_it_wants() {
    let presence = element(
        "<presence xmlns='jabber:client' to='r@rooms.x/nick'><x \
         xmlns='http://jabber.org/protocol/muc'><password>p</password>\
         <history maxchars='65000' maxstanzas='0' seconds='180' since='1970-01-01T00:00:00Z'/>\
         </x></presence>",
    );
    let join = Join::parse(&presence).unwrap();
    assert_eq!(
        join,
        Join {
            history: HistoryWanted {
                max_chars: Some(65_000),
                max_stanzas: Some(0),
                seconds: Some(180),
                since: Some("1970-01-01T00:00:00Z".to_owned()),
            },
            password: Some("p".to_owned()),
        }
    );
    assert_eq!(
        Join::parse(&Element::new(ns::CLIENT, "presence").with_child(join.element())),
        Some(join)
    );
    assert_eq!(Join::parse(&element("<presence xmlns='jabber:client'/>")), None);
}

#[test]
fn a_room_tells_who_an_occupant_is() {
    let from = FullJid::new("r@rooms.x/nick").unwrap();
    let item = Item {
        affiliation: "member",
        role: "participant",
        jid: Some(FullJid::new("a@x/1").unwrap()),
        ..Item::default()
    };
    let sent = element(
        "<presence xmlns='jabber:client'><show>away</show><x \
         xmlns='http://jabber.org/protocol/muc#user'><item affiliation='owner'/></x></presence>",
    );
    let codes = [status::NON_ANONYMOUS, status::SELF];
    let presence = muc::presence(&from, &muc::payloads(&sent), &item, &codes);
    assert_eq!(muc::statuses(&presence), codes);
    prints(
        &presence,
        &expect![[r#"
            <presence from='r@rooms.x/nick'>
            <show>away</show>
            <x xmlns='http://jabber.org/protocol/muc#user'>
            <item affiliation='member' jid='a@x/1' role='participant'/>
            <status code='100'/>
            <status code='110'/>
            </x>
            </presence>"#]],
    );
    let gone = muc::gone(&from, &[], &Item { role: "none", ..item }, &[status::TECHNICAL]);
    assert_eq!(gone.attribute("type"), Some("unavailable"));
    assert_eq!(muc::statuses(&gone), [status::TECHNICAL]);
}

#[test]
fn only_a_subject_alone_changes_the_subject() {
    let message = |inside: &str| {
        muc::is_subject(&element(&format!("<message xmlns='jabber:client'>{inside}</message>")))
    };
    assert!(message("<subject>s</subject>"));
    assert!(message("<subject/>"));
    assert!(!message("<subject>s</subject><body>b</body>"));
    assert!(!message("<subject>s</subject><thread>t</thread>"));
    assert!(!message("<body>b</body>"));
}

#[test]
fn an_archive_query_reads_as_it_was_written() {
    let query = Query {
        query_id: Some("q".to_owned()),
        with: Some("a@x".to_owned()),
        start: Some("2010-06-07T00:00:00Z".to_owned()),
        after_id: Some("7".to_owned()),
        ids: vec!["1".to_owned(), "2".to_owned()],
        flip_page: true,
        max: Some(10),
        page: Page::Before("9".to_owned()),
        ..Query::default()
    };
    let iq =
        |payload| Element::new(ns::CLIENT, "iq").with_attribute("type", "set").with_child(payload);
    assert!(Query::is_query(&iq(query.payload())));
    assert_eq!(Query::parse(&iq(query.payload())), Ok(query));
    for page in [Page::First, Page::Last, Page::After("7".to_owned())] {
        let query = Query { page, ..Query::default() };
        assert_eq!(Query::parse(&iq(query.payload())), Ok(query));
    }
    assert_eq!(Query::parse(&iq(element("<query xmlns='urn:xmpp:mam:2'/>"))), Ok(Query::default()));
}

#[test]
fn an_archive_query_that_asks_too_much_is_refused() {
    let condition = |inside: &str| {
        let iq = format!(
            "<iq xmlns='jabber:client' type='set'>\
             <query xmlns='urn:xmpp:mam:2'>{inside}</query></iq>"
        );
        Query::parse(&element(&iq)).unwrap_err().condition
    };
    let form = |name: &str| {
        let form = Form { form_type: ns::MAM.to_owned(), fields: vec![Field::new(name, "x")] };
        form.element("submit").to_string()
    };
    assert_eq!(condition(&form("withtext")), Condition::FeatureNotImplemented);
    let rsm = |inside: &str| format!("<set xmlns='{}'>{inside}</set>", ns::RSM);
    assert_eq!(condition(&rsm("<max>ten</max>")), Condition::BadRequest);
    assert_eq!(condition(&rsm("<index>1</index>")), Condition::FeatureNotImplemented);
    assert_eq!(condition(&rsm("<after>1</after><before/>")), Condition::BadRequest);
    let other = Form { form_type: "urn:other".to_owned(), fields: Vec::new() };
    assert_eq!(condition(&other.element("submit").to_string()), Condition::BadRequest);
}

#[test]
fn an_archive_answers_with_results_and_an_end() {
    let message =
        element("<message xmlns='jabber:client' type='groupchat'><body>b</body></message>");
    prints(
        &mam::result("r@rooms.x", Some("q"), "7", "2010-07-10T23:08:25Z", message),
        &expect![[r#"
            <message from='r@rooms.x'>
            <result xmlns='urn:xmpp:mam:2' id='7' queryid='q'>
            <forwarded xmlns='urn:xmpp:forward:0'>
            <delay xmlns='urn:xmpp:delay' from='r@rooms.x' stamp='2010-07-10T23:08:25Z'/>
            <message xmlns='jabber:client' type='groupchat'>
            <body>b</body>
            </message>
            </forwarded>
            </result>
            </message>"#]],
    );
    let fin =
        Fin { complete: true, bounds: Some(("1".to_owned(), "7".to_owned())), count: Some(7) };
    let iq = Element::new(ns::CLIENT, "iq").with_child(fin.payload());
    assert_eq!(Fin::parse(&iq), Some(fin));
    let iq = Element::new(ns::CLIENT, "iq").with_child(Fin::default().payload());
    assert_eq!(Fin::parse(&iq), Some(Fin::default()));
    assert!(mam::filters().to_string().contains("after-id"));
}

#[test]
fn what_a_client_forges_in_our_name_is_taken_away() {
    let mut message = element(
        "<message xmlns='jabber:client'>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='r@rooms.x' id='forged'/>\
         <stanza-id xmlns='urn:xmpp:sid:0' id='forged'/>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='other' id='kept'/>\
         <origin-id xmlns='urn:xmpp:sid:0' id='mine'/>\
         <occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>\
         <delay xmlns='urn:xmpp:delay' from='r@rooms.x' stamp='1'/>\
         <delay xmlns='urn:xmpp:delay' stamp='2'/>\
         <delay xmlns='urn:xmpp:delay' from='a@x' stamp='3'/></message>",
    );
    stanza_id::strip(&mut message, "r@rooms.x");
    delay::strip(&mut message, "r@rooms.x");
    assert_eq!(stanza_id::stanza_id(&message, "r@rooms.x"), None);
    assert_eq!(stanza_id::stanza_id(&message, "other"), Some("kept"));
    assert_eq!(stanza_id::origin_id(&message), Some("mine"));
    assert_eq!(delay::stamp(&message, "a@x"), Some("3"));
    assert_eq!(message.children().count(), 3);
    let long = "x".repeat(stanza_id::ORIGIN_ID_BYTES + 1);
    let message = Element::new(ns::CLIENT, "message").with_child(stanza_id::origin(&long));
    assert_eq!(stanza_id::origin_id(&message), None);
}

#[test]
fn an_error_answers_with_addresses_exchanged() {
    let error = StanzaError::new(Condition::ResourceConstraint, "wait");
    assert_eq!(error.kind, ErrorType::Wait);
    let stanza = element("<message xmlns='jabber:client' id='1' from='a@x/1' to='r@rooms.x'/>");
    prints(
        &error.answer(&stanza),
        &expect![[r#"
            <message from='r@rooms.x' id='1' to='a@x/1' type='error'>
            <error type='wait'>
            <resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
            <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>wait</text>
            </error>
            </message>"#]],
    );
    assert!(!crate::stanza_error::answerable(&error.answer(&stanza)));
    assert!(crate::stanza_error::answerable(&stanza));
}

#[test]
fn sasl_elements_are_read() {
    let parse = |inside: &str| Request::parse(&element(&format!("<{inside}"))).unwrap();
    let auth = |text| parse(&format!("auth xmlns='{}' mechanism='PLAIN'>{text}</auth>", ns::SASL));
    let initial = |text| match auth(text) {
        Ok(Request::Auth { mechanism, initial }) if mechanism == "PLAIN" => initial,
        other => panic!("{other:?}"),
    };
    assert_eq!(initial(""), None);
    assert_eq!(initial("="), Some(Vec::new()));
    assert_eq!(initial("AGEAYg=="), Some(b"\0a\0b".to_vec()));
    assert_eq!(auth("?"), Err(Failure::IncorrectEncoding));
    assert_eq!(parse(&format!("abort xmlns='{}'/>", ns::SASL)), Ok(Request::Abort));
    assert_eq!(
        parse(&format!("response xmlns='{}'/>", ns::SASL)),
        Ok(Request::Response(Vec::new()))
    );
    assert_eq!(Request::parse(&element("<iq xmlns='jabber:client'/>")), None);
}

#[test]
fn stream_management_elements_are_read() {
    let parse =
        |inside: &str| sm::Request::parse(&element(&format!("<{inside} xmlns='{}'/>", ns::SM)));
    assert_eq!(parse("enable resume='true'"), Some(sm::Request::Enable));
    assert_eq!(parse("resume previd='1'"), Some(sm::Request::Resume));
    assert_eq!(parse("r"), Some(sm::Request::Ask));
    assert_eq!(parse("a h='4294967295'"), Some(sm::Request::Acknowledge(u32::MAX)));
    assert_eq!(parse("a h='4294967296'"), Some(sm::Request::Malformed));
    assert_eq!(sm::Request::parse(&sm::acknowledge(7)), Some(sm::Request::Acknowledge(7)));
    assert_eq!(sm::Request::parse(&Element::new(ns::CLIENT, "iq")), None);
}

#[test]
fn a_resource_is_asked_for_or_left_to_us() {
    let iq = |inside: &str| {
        bind::request(&element(&format!(
            "<iq xmlns='jabber:client' type='set'><bind xmlns='{}'>{inside}</bind></iq>",
            ns::BIND
        )))
    };
    assert_eq!(iq("<resource>phone</resource>"), Some(Some("phone".to_owned())));
    assert_eq!(iq("<resource/>"), Some(None));
    assert_eq!(iq(""), Some(None));
    assert_eq!(bind::request(&element("<iq xmlns='jabber:client' type='set'/>")), None);
}

#[test]
fn discovery_asks_and_answers() {
    let asked = element(&format!(
        "<iq xmlns='jabber:client' type='get' id='1' to='x'><query xmlns='{}' node='n'/></iq>",
        ns::DISCO_INFO
    ));
    assert_eq!(
        disco::Request::parse(&asked),
        Some(disco::Request::Info { node: Some("n".to_owned()) })
    );
    let form = Form {
        form_type: ns::MUC_ROOMINFO.to_owned(),
        fields: vec![Field::new("muc#roominfo_occupants", "3")],
    };
    let info = Info {
        identity: ("conference", "text", "Bridge".to_owned()),
        features: vec![ns::MUC.to_owned(), ns::MAM.to_owned()],
        forms: vec![form.clone()],
    };
    let payload = info.payload();
    assert_eq!(Form::inside(&payload), Some(form));
    prints(
        &stanza::result(&asked, Some(payload)),
        &expect![[r#"
            <iq from='x' id='1' type='result'>
            <query xmlns='http://jabber.org/protocol/disco#info'>
            <identity category='conference' name='Bridge' type='text'/>
            <feature var='http://jabber.org/protocol/muc'/>
            <feature var='urn:xmpp:mam:2'/>
            <x xmlns='jabber:x:data' type='result'>
            <field type='hidden' var='FORM_TYPE'>
            <value>http://jabber.org/protocol/muc#roominfo</value>
            </field>
            <field var='muc#roominfo_occupants'>
            <value>3</value>
            </field>
            </x>
            </query>
            </iq>"#]],
    );
    prints(
        &disco::items([("r@rooms.x".to_owned(), Some("Bridge"))]),
        &expect![[r#"
            <query xmlns='http://jabber.org/protocol/disco#items'>
            <item jid='r@rooms.x' name='Bridge'/>
            </query>"#]],
    );
}
