//! A large configuration of one pool, the same each time, and the contents of its audio files.

use jiff::civil::{date, time};
use response_groups::configuration::{AudioEntry, Configuration};
use response_groups::import::AudioSource;
use response_groups::model::{
    ActionKind, AgentGroup, Answer, AudioRef, CallAction, DayHours, Holiday, HolidaySet,
    HoursOfBusiness, Object, Prompt, Question, Queue, TimeRange, Workflow,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use uuid::Uuid;

/// How much there is of everything.
pub(super) const WORKFLOWS: u32 = 2000;
const QUEUES: u32 = 400;
const AGENT_GROUPS: u32 = 240;
const AGENTS_IN_GROUP: u32 = 10;
const HOURS: u32 = 250;
const HOLIDAY_SETS: u32 = 500;
const AUDIO_FILES: u32 = 500;
const AUDIO_BYTES: u32 = 100_000;

/// Bytes of a WAV file before its sound.
const HEAD_BYTES: u32 = 44;

/// How many agent groups a queue has, and how many answers a question.
const GROUPS_OF_QUEUE: u32 = 3;
const ANSWERS: u32 = 3;

/// What a line of the report calls all of it.
pub(super) fn words() -> String {
    format!(
        "{WORKFLOWS} workflows, {QUEUES} queues, {AGENT_GROUPS} agent groups with {} agents, \
         {HOURS} hours of business, {HOLIDAY_SETS} holiday sets, {AUDIO_FILES} audio files of \
         {} kB",
        AGENT_GROUPS * AGENTS_IN_GROUP,
        AUDIO_BYTES / 1000,
    )
}

/// The contents of audio files, by identity.
pub(super) struct Contents(BTreeMap<Uuid, Vec<u8>>);

impl AudioSource for Contents {
    fn content(&mut self, id: Uuid) -> Result<Vec<u8>, String> {
        self.0.get(&id).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

/// Whatever there is, all of it of `owner`.
pub(super) fn made(owner: &str) -> (Configuration, Contents) {
    let contents: BTreeMap<_, _> =
        (0..AUDIO_FILES).map(|it| (id(Of::Audio, it), wave(it))).collect();
    let audio = (0..AUDIO_FILES).map(|number| {
        let AudioRef { id, original_file_name } = audio_ref(number);
        let content = &contents[&id];
        let (bytes, sha256) = (content.len() as u64, sha256(content));
        AudioEntry { id, owner: owner.to_owned(), original_file_name, bytes, sha256 }
    });
    let audio = audio.collect();
    let mut objects: Vec<Object> = Vec::new();
    objects.extend((0..AGENT_GROUPS).map(|it| Object::from(agent_group(owner, it))));
    objects.extend((0..QUEUES).map(|it| Object::from(queue(owner, it))));
    objects.extend((0..HOURS).map(|it| Object::from(hours(owner, it))));
    objects.extend((0..HOLIDAY_SETS).map(|it| Object::from(holiday_set(owner, it))));
    objects.extend((0..WORKFLOWS).map(|it| Object::from(workflow(owner, it))));
    (Configuration { objects, audio, ..Configuration::default() }, Contents(contents))
}

/// What an identity is of.
#[derive(Clone, Copy, Debug)]
enum Of {
    AgentGroup = 1,
    Queue,
    Hours,
    HolidaySet,
    Workflow,
    Audio,
}

fn id(of: Of, number: u32) -> Uuid {
    Uuid::from_u64_pair(of as u64, mixed(u64::from(number)))
}

fn agent_group(owner: &str, number: u32) -> AgentGroup {
    let first = number * AGENTS_IN_GROUP;
    let agents = first..first + AGENTS_IN_GROUP;
    AgentGroup {
        description: Some(format!("Answers what group {number} is asked")),
        agents_by_uri: agents.map(|it| format!("sip:agent{it}@contoso.com")).collect(),
        ..AgentGroup::new(id(Of::AgentGroup, number), owner, format!("Group {number}"))
    }
}

fn queue(owner: &str, number: u32) -> Queue {
    let groups = number..number + GROUPS_OF_QUEUE;
    Queue {
        description: Some(format!("Where callers of queue {number} wait")),
        timeout_action: Some(farewell(number)),
        timeout_threshold: Some(300),
        agent_groups: groups.map(|it| id(Of::AgentGroup, it % AGENT_GROUPS)).collect(),
        ..Queue::new(id(Of::Queue, number), owner, format!("Queue {number}"))
    }
}

fn hours(owner: &str, number: u32) -> HoursOfBusiness {
    let range = |open, close| {
        let (open_time, close_time) = (time(open, 0, 0, 0), time(close, 30, 0, 0));
        Some(TimeRange { name: None, open_time, close_time })
    };
    let days = std::array::from_fn(|_| DayHours { hours1: range(8, 11), hours2: range(13, 17) });
    let name = format!("Hours {number}");
    HoursOfBusiness { days, ..HoursOfBusiness::new(id(Of::Hours, number), owner, name) }
}

fn holiday_set(owner: &str, number: u32) -> HolidaySet {
    let holiday = |day| Holiday {
        name: Some(format!("Day {day} of December")),
        start_date: date(2026, 12, day).at(0, 0, 0, 0),
        end_date: date(2026, 12, day).at(23, 59, 0, 0),
    };
    let (owner, name) = (owner.to_owned(), format!("Holidays {number}"));
    let holiday_list = (24..=26).map(holiday).collect();
    HolidaySet { id: id(Of::HolidaySet, number), owner, name, holiday_list }
}

/// Every other one asks a question.
fn workflow(owner: &str, number: u32) -> Workflow {
    let action = if number.is_multiple_of(2) { wait(number) } else { ask(number) };
    let uri = format!("sip:workflow{number}@contoso.com");
    let name = format!("Workflow {number}");
    Workflow {
        description: Some(format!("What a caller of workflow {number} meets")),
        active: true,
        time_zone: Some("W. Europe Standard Time".to_owned()),
        business_hours: Some(id(Of::Hours, number % HOURS)),
        holiday_sets: vec![id(Of::HolidaySet, number % HOLIDAY_SETS)],
        default_action: Some(action),
        non_business_hours_action: Some(farewell(number)),
        holiday_action: Some(farewell(number)),
        custom_music_on_hold_file: Some(audio_ref(number % AUDIO_FILES)),
        ..Workflow::new(id(Of::Workflow, number), owner, name, uri, "en-US")
    }
}

fn wait(number: u32) -> CallAction {
    let queue = Some(id(Of::Queue, number % QUEUES));
    CallAction { queue, ..CallAction::new(ActionKind::TransferToQueue) }
}

fn ask(number: u32) -> CallAction {
    let answer = |index: u32| Answer {
        name: None,
        action: wait(number + index),
        dtmf_response: Some(index.to_string()),
        voice_response_list: vec![format!("department {index}")],
    };
    let question = Question {
        name: None,
        prompt: says(number),
        invalid_answer_prompt: None,
        no_answer_prompt: None,
        answer_list: (1..=ANSWERS).map(answer).collect(),
    };
    let question = Some(Box::new(question));
    CallAction { question, ..CallAction::new(ActionKind::TransferToQuestion) }
}

fn farewell(number: u32) -> CallAction {
    CallAction { prompt: Some(says(number)), ..CallAction::new(ActionKind::Terminate) }
}

fn says(number: u32) -> Prompt {
    let text = format!("You have reached number {number}. Please hold the line, or call again.");
    let audio_file_prompt = Some(audio_ref(number % AUDIO_FILES));
    Prompt { text_to_speech_prompt: Some(text), audio_file_prompt }
}

fn audio_ref(number: u32) -> AudioRef {
    AudioRef { id: id(Of::Audio, number), original_file_name: format!("prompt {number}.wav") }
}

/// A WAV file of 16 bits, mono, 8 kHz; its sound is noise, which nothing makes smaller.
fn wave(number: u32) -> Vec<u8> {
    let sound = AUDIO_BYTES - HEAD_BYTES;
    let mut wave = b"RIFF".to_vec();
    wave.extend((AUDIO_BYTES - 8).to_le_bytes());
    wave.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
    wave.extend(sound.to_le_bytes());
    let words = (0..sound.div_ceil(8)).map(|it| mixed(u64::from(number) << 32 | u64::from(it)));
    let noise = words.flat_map(u64::to_le_bytes);
    wave.extend(noise.take(sound as usize));
    wave
}

/// The finish of `SplitMix64`: each number becomes another one, of which nothing can be told.
fn mixed(number: u64) -> u64 {
    let it = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    it ^ (it >> 31)
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a string takes everything");
        digits
    })
}
