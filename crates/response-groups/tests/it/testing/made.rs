//! Whole configurations, made by dice: as large and as deep as is asked for, and without a fault.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Cursor;

use jiff::Timestamp;
use jiff::civil::{Time, date, time};
use response_groups::configuration::{AudioEntry, Configuration};
use response_groups::import::AudioSource;
use response_groups::model::{
    ActionKind, AgentGroup, Answer, AudioRef, CallAction, DayHours, Holiday, HolidaySet,
    HoursOfBusiness, LANGUAGES, Object, OverflowCandidate, ParticipationPolicy, Prompt, Question,
    Queue, RoutingMethod, ServiceSettings, SignIn, TimeRange, Workflow,
};
use response_groups::package::{self, Header, Reign};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Dice;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) workflows: usize,
    pub(crate) queues: usize,
    pub(crate) agent_groups: usize,
    pub(crate) agents: usize,
    pub(crate) hours: usize,
    pub(crate) holiday_sets: usize,
    pub(crate) audio: usize,
    pub(crate) audio_bytes: usize,
}

impl Size {
    /// Up to so many of each.
    pub(crate) fn upto(most: usize, dice: &mut Dice) -> Self {
        let mut any = || dice.between(0, most);
        let (workflows, queues, agent_groups) = (any(), any(), any());
        let (hours, holiday_sets, audio) = (any(), any(), any());
        let (agents, audio_bytes) = (5, 200);
        Self { workflows, queues, agent_groups, agents, hours, holiday_sets, audio, audio_bytes }
    }
}

/// The contents of audio files, by identity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents(pub(crate) BTreeMap<Uuid, Vec<u8>>);

impl AudioSource for Contents {
    fn content(&mut self, id: Uuid) -> Result<Vec<u8>, String> {
        self.0.get(&id).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

/// A configuration of the owners, in the order in which it is read back.
pub(crate) fn made(dice: &mut Dice, owners: &[&str], size: Size) -> (Configuration, Contents) {
    let mut maker = Maker::new(dice, owners);
    maker.make(size)
}

/// The header that goes with a configuration.
pub(crate) fn header(source: &str, whole: &Configuration) -> Header {
    let objects = whole.objects.iter().map(Object::owner);
    let owners = objects.chain(whole.settings.keys().map(String::as_str));
    Header {
        source: source.to_owned(),
        owner: None,
        created: "2026-03-01T02:03:04Z".parse().unwrap(),
        owners: owners.map(|it| (it.to_owned(), Reign { reign: 1, revision: 7 })).collect(),
    }
}

/// The export file of a configuration.
pub(crate) fn exported(header: &Header, whole: &Configuration, contents: &Contents) -> Vec<u8> {
    let out = Cursor::new(Vec::new());
    package::write(out, header, whole, &mut contents.clone()).unwrap().into_inner()
}

pub(crate) fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").unwrap();
        digits
    })
}

struct Maker<'a> {
    dice: &'a mut Dice,
    owners: Vec<String>,
    audio: Vec<AudioRef>,
    queues: Vec<Uuid>,
    count: usize,
}

impl<'a> Maker<'a> {
    fn new(dice: &'a mut Dice, owners: &[&str]) -> Self {
        let owners = owners.iter().map(|it| (*it).to_owned()).collect();
        Self { dice, owners, audio: Vec::new(), queues: Vec::new(), count: 0 }
    }

    fn make(&mut self, size: Size) -> (Configuration, Contents) {
        let (audio, contents) = self.audio(size);
        let ids = |dice: &mut Dice, count| (0..count).map(|_| dice.id()).collect::<Vec<_>>();
        let groups = ids(self.dice, size.agent_groups);
        self.queues = ids(self.dice, size.queues);
        let hours = ids(self.dice, size.hours);
        let sets = ids(self.dice, size.holiday_sets);
        let mut objects: Vec<Object> = Vec::new();
        objects.extend(groups.iter().map(|id| self.agent_group(*id, size.agents)));
        objects.extend(self.queues.clone().into_iter().map(|id| self.queue(id, &groups)));
        objects.extend(hours.iter().map(|id| self.hours(*id)));
        objects.extend(sets.iter().map(|id| self.holiday_set(*id)));
        objects.extend((0..size.workflows).map(|_| self.workflow(&hours, &sets)));
        let by_kind =
            |it: &Object| response_groups::model::Kind::ALL.iter().position(|k| *k == it.kind());
        objects.sort_by_key(|it| (by_kind(it), it.name().to_owned(), it.id()));
        let mut settings = BTreeMap::new();
        for owner in self.dice.some(&self.owners.clone()) {
            settings.insert(owner, self.settings());
        }
        let sign_ins = self.sign_ins(&objects);
        (Configuration { objects, audio, settings, sign_ins }, contents)
    }

    fn audio(&mut self, size: Size) -> (Vec<AudioEntry>, Contents) {
        let mut contents = Contents::default();
        let mut audio: Vec<AudioEntry> = (0..size.audio)
            .map(|_| {
                let id = self.dice.id();
                let bytes = self.dice.between(size.audio_bytes / 2, size.audio_bytes);
                let content = wave(&self.dice.bytes(bytes));
                let sha256 = sha256(&content);
                contents.0.insert(id, content);
                let ending = self.dice.one(&["wav", "WAV", "wma"]);
                let name = self.dice.text(2).replace(['\\', '/', ':'], "");
                let (owner, bytes) = (self.owner(), contents.0[&id].len() as u64);
                AudioEntry {
                    id,
                    owner,
                    original_file_name: format!("{name}.{ending}"),
                    bytes,
                    sha256,
                }
            })
            .collect();
        audio.sort_by_key(|it| it.id);
        self.audio = audio
            .iter()
            .map(|it| AudioRef { id: it.id, original_file_name: it.original_file_name.clone() })
            .collect();
        (audio, contents)
    }

    fn owner(&mut self) -> String {
        self.dice.one(&self.owners)
    }

    /// A name that no other object has, in any case of letters.
    fn name(&mut self) -> String {
        self.count += 1;
        format!("{} {}", self.dice.text(3), self.count)
    }

    fn uri(&mut self) -> String {
        self.count += 1;
        format!("sip:user{}@contoso.com", self.count)
    }

    fn agent_group(&mut self, id: Uuid, agents: usize) -> Object {
        let by_list = self.dice.between(0, 4) == 0;
        let agents = if by_list { 0 } else { self.dice.between(0, agents) };
        Object::AgentGroup(AgentGroup {
            id,
            owner: self.owner(),
            name: self.name(),
            description: self.dice.maybe(|it| it.text(6)),
            participation_policy: self.dice.one(&ParticipationPolicy::ALL),
            agent_alert_time: u16::try_from(self.dice.between(10, 600)).unwrap(),
            routing_method: self.dice.one(&RoutingMethod::ALL),
            distribution_group_address: by_list.then(|| "list@contoso.com".to_owned()),
            agents_by_uri: (0..agents).map(|_| self.uri()).collect(),
        })
    }

    fn queue(&mut self, id: Uuid, groups: &[Uuid]) -> Object {
        let timeout = self.dice.coin();
        let overflow = self.dice.coin();
        Object::Queue(Queue {
            id,
            owner: self.owner(),
            name: self.name(),
            description: self.dice.maybe(|it| it.text(6)),
            timeout_action: timeout.then(|| self.end()),
            overflow_action: overflow.then(|| self.end()),
            timeout_threshold: timeout.then(|| self.dice.between(10, 65535).try_into().unwrap()),
            overflow_threshold: overflow.then(|| self.dice.between(0, 1000).try_into().unwrap()),
            overflow_candidate: self.dice.one(&OverflowCandidate::ALL),
            agent_groups: self.dice.some(groups),
        })
    }

    fn hours(&mut self, id: Uuid) -> Object {
        let days = std::array::from_fn(|_| DayHours {
            hours1: self.dice.maybe(|it| range(it, time(7, 0, 0, 0), time(11, 30, 0, 0))),
            hours2: None,
        });
        let days = days.map(|mut day: DayHours| {
            if day.hours1.is_some() {
                let (open, close) = (time(13, 0, 0, 0), time(18, 15, 0, 0));
                day.hours2 = self.dice.maybe(|it| range(it, open, close));
            }
            day
        });
        let (owner, name) = (self.owner(), self.name());
        Object::HoursOfBusiness(HoursOfBusiness { id, owner, name, custom: false, days })
    }

    fn holiday_set(&mut self, id: Uuid) -> Object {
        let holidays = self.dice.between(1, 4);
        let holiday = |dice: &mut Dice| Holiday {
            name: dice.maybe(|it| it.text(2)),
            start_date: date(2026, 12, i8::try_from(dice.between(1, 24)).unwrap()).at(0, 0, 0, 0),
            end_date: date(2026, 12, i8::try_from(dice.between(25, 31)).unwrap()).at(12, 30, 0, 0),
        };
        let holiday_list = (0..holidays).map(|_| holiday(self.dice)).collect();
        let (owner, name) = (self.owner(), self.name());
        Object::HolidaySet(HolidaySet { id, owner, name, holiday_list })
    }

    fn workflow(&mut self, hours: &[Uuid], sets: &[Uuid]) -> Object {
        let default_action = if self.queues.is_empty() { None } else { Some(self.start(3)) };
        let business_hours = (!hours.is_empty()).then(|| self.dice.one(hours));
        Object::Workflow(Workflow {
            id: self.dice.id(),
            owner: self.owner(),
            name: self.name(),
            description: self.dice.maybe(|it| it.text(6)),
            primary_uri: self.uri(),
            line_uri: None,
            display_number: self.dice.maybe(|_| "+49 (0) 89 / 12345".to_owned()),
            active: default_action.is_some() && self.dice.coin(),
            anonymous: self.dice.coin(),
            managed: false,
            managers_by_uri: Vec::new(),
            enabled_for_federation: self.dice.coin(),
            language: self.dice.one(&LANGUAGES).to_owned(),
            time_zone: self.dice.maybe(|_| "W. Europe Standard Time".to_owned()),
            non_business_hours_action: business_hours.map(|_| self.ending()),
            business_hours,
            holiday_sets: self.dice.some(sets),
            default_action,
            holiday_action: self.dice.coin().then(|| self.ending()),
            custom_music_on_hold_file: self.maybe_audio(),
        })
    }

    /// What a call begins with: a queue, or a question, whose answers may be questions again.
    fn start(&mut self, depth: usize) -> CallAction {
        if depth == 0 || self.dice.coin() {
            return self.wait();
        }
        let answers = self.dice.between(1, 3);
        let answer_list = (0..answers)
            .map(|index| Answer {
                name: self.dice.maybe(|it| it.text(1)),
                action: self.start(depth - 1),
                dtmf_response: Some(index.to_string()),
                voice_response_list: if self.dice.coin() {
                    vec![format!("sales {index}")]
                } else {
                    Vec::new()
                },
            })
            .collect();
        let question = Question {
            name: self.dice.maybe(|it| it.text(2)),
            prompt: self.prompt(),
            invalid_answer_prompt: self.dice.coin().then(|| self.prompt()),
            no_answer_prompt: self.dice.coin().then(|| self.prompt()),
            answer_list,
        };
        let question = Some(Box::new(question));
        CallAction { question, ..self.bare(ActionKind::TransferToQuestion) }
    }

    fn wait(&mut self) -> CallAction {
        let queue = Some(self.dice.one(&self.queues));
        CallAction { queue, ..self.bare(ActionKind::TransferToQueue) }
    }

    /// What a queue does with a call.
    fn end(&mut self) -> CallAction {
        if self.dice.between(0, 3) == 0 { self.wait() } else { self.ending() }
    }

    fn ending(&mut self) -> CallAction {
        use ActionKind::{Terminate, TransferToPstn, TransferToUri, TransferToVoiceMailUri};
        let kind =
            self.dice.one(&[Terminate, TransferToUri, TransferToVoiceMailUri, TransferToPstn]);
        let uri = match kind {
            Terminate => None,
            TransferToPstn => Some("sip:+4989123456@contoso.com".to_owned()),
            _ => Some(self.uri()),
        };
        CallAction { uri, ..self.bare(kind) }
    }

    fn bare(&mut self, action: ActionKind) -> CallAction {
        let prompt = self.dice.coin().then(|| self.prompt());
        CallAction { action, prompt, question: None, queue: None, uri: None }
    }

    fn prompt(&mut self) -> Prompt {
        let audio_file_prompt = self.maybe_audio();
        let text = audio_file_prompt.is_none() || self.dice.coin();
        Prompt { text_to_speech_prompt: text.then(|| self.dice.text(8)), audio_file_prompt }
    }

    fn maybe_audio(&mut self) -> Option<AudioRef> {
        let none = self.audio.is_empty() || self.dice.coin();
        if none { None } else { Some(self.dice.one(&self.audio)) }
    }

    fn settings(&mut self) -> ServiceSettings {
        ServiceSettings {
            agent_ringback_grace_period: u16::try_from(self.dice.between(30, 600)).unwrap(),
            default_music_on_hold_file: self.maybe_audio(),
            disable_call_context: self.dice.coin(),
        }
    }

    fn sign_ins(&mut self, objects: &[Object]) -> Vec<SignIn> {
        let mut sign_ins = Vec::new();
        for object in objects {
            let Object::AgentGroup(it) = object else { continue };
            if it.participation_policy == ParticipationPolicy::Formal {
                for agent in self.dice.some(&it.agents_by_uri) {
                    let seconds = i64::try_from(self.dice.between(1, 1 << 30)).unwrap();
                    let since = Timestamp::from_second(seconds).unwrap();
                    sign_ins.push(SignIn { group: it.id, agent, since });
                }
            }
        }
        sign_ins.sort();
        sign_ins
    }
}

fn range(dice: &mut Dice, open_time: Time, close_time: Time) -> TimeRange {
    TimeRange { name: dice.maybe(|it| it.text(1)), open_time, close_time }
}

/// A WAV file of 16 bits, mono, 8 kHz.
pub(crate) fn wave(sound: &[u8]) -> Vec<u8> {
    let length = |it: usize| u32::try_from(it).unwrap().to_le_bytes();
    let mut wave = Vec::new();
    wave.extend_from_slice(b"RIFF");
    wave.extend_from_slice(&length(sound.len() + 36));
    wave.extend_from_slice(
        b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data",
    );
    wave.extend_from_slice(&length(sound.len()));
    wave.extend_from_slice(sound);
    wave
}
