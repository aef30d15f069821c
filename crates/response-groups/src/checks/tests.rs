//! Every rule, at its edge and just beyond.

use jiff::civil::{Time, date, time};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::{
    ActionKind, AgentGroup, Answer, CallAction, DayHours, Holiday, HolidaySet, HoursOfBusiness,
    Prompt, Question, Queue, ServiceSettings, TimeRange, Workflow,
};

const POOL: &str = "primary.contoso.com";

fn group() -> AgentGroup {
    AgentGroup::new(Uuid::nil(), POOL, "Support")
}

fn queue() -> Queue {
    Queue::new(Uuid::nil(), POOL, "Support")
}

fn workflow() -> Workflow {
    Workflow::new(Uuid::nil(), POOL, "Help", "sip:help@contoso.com", "en-US")
}

fn to_queue() -> CallAction {
    CallAction { queue: Some(Uuid::nil()), ..CallAction::new(ActionKind::TransferToQueue) }
}

fn to_uri(action: ActionKind, uri: &str) -> CallAction {
    CallAction { uri: Some(uri.to_owned()), ..CallAction::new(action) }
}

fn spoken(text: &str) -> Prompt {
    Prompt { text_to_speech_prompt: Some(text.to_owned()), audio_file_prompt: None }
}

fn answer(key: &str, action: CallAction) -> Answer {
    Answer {
        name: None,
        action,
        dtmf_response: Some(key.to_owned()),
        voice_response_list: Vec::new(),
    }
}

fn asks(answer_list: Vec<Answer>) -> CallAction {
    let question = Question {
        name: None,
        prompt: spoken("Whom do you want to speak to?"),
        invalid_answer_prompt: None,
        no_answer_prompt: None,
        answer_list,
    };
    let question = Some(Box::new(question));
    CallAction { question, ..CallAction::new(ActionKind::TransferToQuestion) }
}

/// Questions, one upon the other.
fn deep(depth: usize) -> CallAction {
    (0..depth).fold(to_queue(), |below, _| asks(vec![answer("1", below)]))
}

fn fields(object: impl Into<Object>) -> Vec<&'static str> {
    check(&object.into()).iter().map(|it| it.field).collect()
}

fn fine(object: impl Into<Object>) {
    assert_eq!(check(&object.into()), []);
}

#[test]
fn defaults_are_acceptable() {
    fine(group());
    fine(queue());
    fine(workflow());
    fine(HoursOfBusiness::new(Uuid::nil(), POOL, "Office"));
    assert_eq!(check_settings(&ServiceSettings::default()), []);
}

#[test]
fn a_complaint_is_a_sentence() {
    let bad = AgentGroup { agent_alert_time: 9, ..group() };
    let complaint = check(&bad.into()).remove(0).to_string();
    assert_eq!(
        complaint,
        "AgentAlertTime: an agent cannot be alerted for 9 seconds; give from 10 to 600."
    );
}

#[test]
fn names_are_of_a_length_and_without_brackets() {
    for name in ["", "  ", " Support", "a<b", "a>b", "a\nb", &"x".repeat(NAME_MAX + 1)] {
        let bad = AgentGroup { name: name.to_owned(), ..group() };
        assert_eq!(fields(bad), ["Name"], "{name:?}");
    }
    fine(AgentGroup { name: "日".repeat(NAME_MAX), ..group() });
    for name in ["RGS Presence Watcher", "announcement service"] {
        assert_eq!(fields(Workflow { name: name.to_owned(), ..workflow() }), ["Name"]);
        fine(AgentGroup { name: name.to_owned(), ..group() });
    }
    for owner in ["", "Primary.contoso.com", "primary..com", "a b"] {
        let bad = AgentGroup { owner: owner.to_owned(), ..group() };
        assert_eq!(fields(bad), ["OwnerPool"], "{owner:?}");
    }
}

#[test]
fn numbers_keep_within_their_ranges() {
    for (seconds, is_fine) in [(9, false), (10, true), (600, true), (601, false)] {
        let it = AgentGroup { agent_alert_time: seconds, ..group() };
        assert_eq!(fields(it).is_empty(), is_fine, "{seconds}");
    }
    for (seconds, is_fine) in [(9, false), (10, true), (65_535, true), (65_536, false)] {
        let it = Queue { timeout_threshold: Some(seconds), ..queue() };
        assert_eq!(fields(it).is_empty(), is_fine, "{seconds}");
    }
    for (calls, is_fine) in [(-1, false), (0, true), (1000, true), (1001, false)] {
        let it = Queue { overflow_threshold: Some(calls), ..queue() };
        assert_eq!(fields(it).is_empty(), is_fine, "{calls}");
    }
    for (seconds, is_fine) in [(29, false), (30, true), (600, true), (601, false)] {
        let agent_ringback_grace_period = seconds;
        let it = ServiceSettings { agent_ringback_grace_period, ..ServiceSettings::default() };
        assert_eq!(check_settings(&it).is_empty(), is_fine, "{seconds}");
    }
}

#[test]
fn agents_are_different_sip_addresses_or_one_list() {
    let agents = |agents: &[&str]| {
        let agents_by_uri = agents.iter().map(|it| (*it).to_owned()).collect();
        AgentGroup { agents_by_uri, ..group() }
    };
    fine(agents(&["sip:ken@contoso.com", "SIP:pilar.o'neill@contoso.com"]));
    for bad in ["ken@contoso.com", "sip:ken", "sip:@contoso.com", "sip:a b@c", "tel:+1", "sip:"] {
        assert_eq!(fields(agents(&[bad])), ["AgentsByUri"], "{bad}");
    }
    assert_eq!(fields(agents(&["sip:a@b.c", "sip:A@b.c"])), ["AgentsByUri"]);
    let list = |it: &str| Some(it.to_owned());
    fine(AgentGroup { distribution_group_address: list("desk@contoso.com"), ..group() });
    let bad = AgentGroup { distribution_group_address: list("desk"), ..group() };
    assert_eq!(fields(bad), ["DistributionGroupAddress"]);
    let distribution_group_address = list("desk@contoso.com");
    let both = AgentGroup { distribution_group_address, ..agents(&["sip:a@b.c"]) };
    assert_eq!(fields(both), ["DistributionGroupAddress"]);
    let many: Vec<_> = (0..=AGENTS_MAX).map(|it| format!("sip:{it}@b.c")).collect();
    assert_eq!(fields(AgentGroup { agents_by_uri: many, ..group() }), ["AgentsByUri"]);
}

#[test]
fn an_action_stands_only_where_it_may() {
    use ActionKind::{
        Terminate, TransferToPstn, TransferToQuestion, TransferToQueue, TransferToUri,
        TransferToVoiceMailUri,
    };
    let whole = |kind| match kind {
        Terminate => CallAction::new(Terminate),
        TransferToQueue => to_queue(),
        TransferToQuestion => asks(vec![answer("1", to_queue())]),
        TransferToUri | TransferToVoiceMailUri => to_uri(kind, "sip:ken@contoso.com"),
        TransferToPstn => to_uri(kind, "tel:+4989123"),
    };
    for kind in ActionKind::ALL {
        let action = Some(whole(kind));
        let is_queue = kind == TransferToQueue;
        let is_question = kind == TransferToQuestion;
        let default = Workflow { default_action: action.clone(), ..workflow() };
        assert_eq!(fields(default).is_empty(), is_queue || is_question, "{kind:?}");
        let closed = Workflow { non_business_hours_action: action.clone(), ..workflow() };
        assert_eq!(fields(closed).is_empty(), !is_queue && !is_question, "{kind:?}");
        let holiday = Workflow { holiday_action: action.clone(), ..workflow() };
        assert_eq!(fields(holiday).is_empty(), !is_queue && !is_question, "{kind:?}");
        let timeout = Queue { timeout_action: action.clone(), ..queue() };
        assert_eq!(fields(timeout).is_empty(), !is_question, "{kind:?}");
        let overflow = Queue { overflow_action: action, ..queue() };
        assert_eq!(fields(overflow).is_empty(), !is_question, "{kind:?}");
        fine(Workflow { default_action: Some(asks(vec![answer("*", whole(kind))])), ..workflow() });
    }
}

#[test]
fn an_action_has_what_it_needs_and_no_more() {
    use ActionKind::{Terminate, TransferToPstn, TransferToQueue, TransferToUri};
    let timeout = |action| fields(Queue { timeout_action: Some(action), ..queue() });
    assert_eq!(timeout(CallAction::new(TransferToQueue)), ["TimeoutAction"]);
    assert_eq!(timeout(CallAction::new(TransferToUri)), ["TimeoutAction"]);
    assert_eq!(timeout(CallAction { uri: Some("sip:a@b".into()), ..to_queue() }).len(), 1);
    let stray = CallAction { queue: Some(Uuid::nil()), ..CallAction::new(Terminate) };
    assert_eq!(timeout(stray), ["TimeoutAction"]);
    for (uri, fits) in [
        ("tel:+4989123", true),
        ("TEL:+1", true),
        ("sip:+4989123@contoso.com", true),
        ("sip:ken@contoso.com", false),
        ("tel:4989123", false),
        ("tel:+49-89", false),
        ("+4989123", false),
    ] {
        assert_eq!(timeout(to_uri(TransferToPstn, uri)).is_empty(), fits, "{uri}");
    }
    assert_eq!(timeout(to_uri(TransferToUri, "tel:+4989123")), ["TimeoutAction"]);
    for number in ["tel:1", "tel:+", "tel:+12a", "sip:+1@b.c"] {
        let bad = Workflow { line_uri: Some(number.to_owned()), ..workflow() };
        assert_eq!(fields(bad), ["LineUri"], "{number}");
    }
}

#[test]
fn prompts_are_short_and_spoken() {
    let says = |text: &str| {
        let prompt = Some(spoken(text));
        fields(Queue { timeout_action: Some(CallAction { prompt, ..to_queue() }), ..queue() })
    };
    assert!(says(&"x".repeat(PROMPT_MAX)).is_empty());
    assert!(says("if x < 5 & y > 3:\npress 1").is_empty());
    for bad in [&"x".repeat(PROMPT_MAX + 1), "<b>Hello</b>", "</p>", "<!-- -->", "nul\0"] {
        assert_eq!(says(bad), ["TextToSpeechPrompt"], "{bad:.20}");
    }
}

#[test]
fn answers_can_be_given() {
    let of = |answers| fields(Workflow { default_action: Some(asks(answers)), ..workflow() });
    for key in ["10", "a", "", "**"] {
        assert_eq!(of(vec![answer(key, to_queue())]), ["DtmfResponse"], "{key:?}");
    }
    let twice = vec![answer("1", to_queue()), answer("1", to_queue())];
    assert_eq!(of(twice), ["DtmfResponse"]);
    let says = |words: &[&str]| Answer {
        dtmf_response: None,
        voice_response_list: words.iter().map(|it| (*it).to_owned()).collect(),
        ..answer("1", to_queue())
    };
    assert!(of(vec![says(&["sales", "Sales"]), says(&["support"])]).is_empty());
    assert_eq!(of(vec![says(&[])]), ["AnswerList"]);
    assert_eq!(of(vec![says(&["say \"yes\""])]), ["VoiceResponseList"]);
    assert_eq!(of(vec![says(&["sales"]), says(&["SALES"])]), ["VoiceResponseList"]);
}

#[test]
fn questions_go_only_so_deep() {
    let of = |action| fields(Workflow { default_action: Some(action), ..workflow() });
    assert!(of(deep(QUESTION_DEPTH_MAX)).is_empty());
    assert_eq!(of(deep(QUESTION_DEPTH_MAX + 1)), ["DefaultAction"]);
    let json = serde_json::to_string(&deep(QUESTION_DEPTH_MAX)).unwrap();
    assert!(serde_json::from_str::<CallAction>(&json).is_ok(), "what is accepted can be read");
}

#[test]
fn an_active_workflow_is_finished_and_another_need_not_be() {
    fine(Workflow { default_action: Some(asks(Vec::new())), ..workflow() });
    let active = Workflow { active: true, ..workflow() };
    assert_eq!(fields(active.clone()), ["DefaultAction"]);
    fine(Workflow { default_action: Some(to_queue()), ..active.clone() });
    let asks = Workflow { default_action: Some(asks(Vec::new())), ..active };
    assert_eq!(fields(asks), ["DefaultAction"]);
}

#[test]
fn a_managed_workflow_has_managers_and_is_made_active() {
    let managed = Workflow { managed: true, ..workflow() };
    assert_eq!(fields(managed.clone()), ["ManagersByUri"]);
    let managers_by_uri = vec!["sip:ana@contoso.com".to_owned()];
    let managed = Workflow { managers_by_uri, ..managed };
    fine(managed.clone());
    let complaints = check_new(&managed.into());
    assert_eq!(complaints.iter().map(|it| it.field).collect::<Vec<_>>(), ["Active"]);
}

#[test]
fn languages_and_time_zones_are_spelled_as_they_are_known() {
    for language in ["en-us", "xx-XX", ""] {
        let bad = Workflow { language: language.to_owned(), ..workflow() };
        assert_eq!(fields(bad), ["Language"], "{language}");
    }
    let zone = |zone: &str| Workflow { time_zone: Some(zone.to_owned()), ..workflow() };
    fine(zone("W. Europe Standard Time"));
    for bad in ["w. europe standard time", "Europe/Berlin", ""] {
        assert_eq!(fields(zone(bad)), ["TimeZone"], "{bad}");
    }
    let iana = crate::time_zones::iana("Pacific Standard Time");
    assert_eq!(iana, Some("America/Los_Angeles"));
}

fn range(open_time: Time, close_time: Time) -> TimeRange {
    TimeRange { name: None, open_time, close_time }
}

#[test]
fn hours_open_before_they_close_and_do_not_overlap() {
    let monday = |hours1: Option<TimeRange>, hours2: Option<TimeRange>| {
        let mut it = HoursOfBusiness::new(Uuid::nil(), POOL, "Office");
        it.days[0] = DayHours { hours1, hours2 };
        fields(it)
    };
    let hour = |it| time(it, 0, 0, 0);
    let [nine, noon, one, five] = [9, 12, 13, 17].map(hour);
    let morning = || Some(range(nine, noon));
    assert!(monday(morning(), Some(range(noon, time(23, 59, 0, 0)))).is_empty());
    assert!(monday(Some(range(one, five)), morning()).is_empty());
    assert!(monday(None, morning()).is_empty());
    assert_eq!(monday(Some(range(nine, nine)), None), ["MondayHours1"]);
    assert_eq!(monday(Some(range(hour(22), hour(6))), None), ["MondayHours1"]);
    assert_eq!(monday(Some(range(nine, time(17, 0, 1, 0))), None), ["MondayHours1"]);
    assert_eq!(monday(Some(range(nine, one)), Some(range(noon, five))), ["MondayHours2"]);
}

#[test]
fn holidays_end_after_they_begin() {
    let of = |list: &[(i8, i8)]| {
        let day = |it| date(2026, 12, it).at(0, 0, 0, 0);
        let holiday = |&(start, end): &(i8, i8)| Holiday {
            name: None,
            start_date: day(start),
            end_date: day(end),
        };
        let holiday_list = list.iter().map(holiday).collect();
        let (owner, name) = (POOL.to_owned(), "Christmas".to_owned());
        fields(HolidaySet { id: Uuid::nil(), owner, name, holiday_list })
    };
    assert!(of(&[(24, 27), (29, 30)]).is_empty());
    assert_eq!(of(&[]), ["HolidayList"]);
    assert_eq!(of(&[(25, 25)]), ["HolidayList"]);
    assert_eq!(of(&[(24, 25), (26, 25)]), ["HolidayList"]);
}

/// A WAV file with a format and an empty sound.
fn wave(tag: u16, channels: u16, bits: u16) -> Vec<u8> {
    let mut wave = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
    wave.extend(tag.to_le_bytes());
    wave.extend(channels.to_le_bytes());
    wave.extend([0; 10]);
    wave.extend(bits.to_le_bytes());
    wave.extend(b"data\x02\0\0\0ab");
    wave
}

#[test]
fn audio_is_wav_or_wma() {
    for (tag, channels, bits) in [(1, 1, 16), (1, 2, 8), (6, 1, 8), (7, 2, 8)] {
        assert_eq!(check_audio("a.wav", &wave(tag, channels, bits)), []);
    }
    for (tag, channels, bits) in [(3, 1, 32), (2, 1, 16), (1, 6, 16), (1, 0, 16), (1, 1, 24)] {
        assert_ne!(check_audio("a.wav", &wave(tag, channels, bits)), []);
    }
    let asf =
        [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, 0xA6, 0xD9, 0, 0xAA, 0, 0x62, 0xCE, 0x6C];
    assert_eq!(check_audio("a.wma", &asf), []);
    for name in ["", "a/b.wav", "C:\\b.wav", "a\n.wav"] {
        assert_ne!(check_audio(name, &asf), [], "{name:?}");
    }
    let whole = wave(1, 1, 16);
    for length in 0..whole.len() {
        assert_ne!(check_audio("a.wav", &whole[..length]), [], "{length}");
    }
    assert_ne!(check_audio("a.mp3", b"ID3\x04..."), []);
    let mut large = wave(1, 1, 16);
    large.resize(AUDIO_BYTES_MAX + 1, 0);
    assert_ne!(check_audio("a.wav", &large), []);
}

proptest! {
    #[test]
    fn any_bytes_are_looked_at_without_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        check_audio("a.wav", &bytes);
        let mut head = wave(1, 1, 16)[..12].to_vec();
        head.append(&mut bytes);
        check_audio("a.wav", &head);
    }

    #[test]
    fn any_address_is_looked_at_without_panic(text in ".{0,40}") {
        for uri in [text.clone(), format!("sip:{text}"), format!("tel:+{text}")] {
            check(&Workflow { primary_uri: uri.clone(), line_uri: Some(uri), ..workflow() }.into());
        }
    }
}
