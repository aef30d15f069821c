//! A configuration in generations: the same objects each time, by their identities, of which
//! nothing else is the same. So one that is half of one generation and half of another is seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::{date, time};
use response_groups::compare::{Found, compare};
use response_groups::configuration::{AudioEntry, Configuration};
use response_groups::import::AudioSource;
use response_groups::model::{
    ActionKind, AgentGroup, AudioRef, CallAction, DayHours, Holiday, HolidaySet, HoursOfBusiness,
    Object, ParticipationPolicy, Prompt, Queue, ServiceSettings, SignIn, TimeRange, Workflow,
};
use response_groups::package::{self, Header, Package, Reign};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

const WORKFLOWS: u32 = 400;
const QUEUES: u32 = 120;
const AGENT_GROUPS: u32 = 80;
const HOURS: u32 = 40;
const HOLIDAY_SETS: u32 = 40;
const AUDIO_FILES: u32 = 60;
const AUDIO_BYTES: u32 = 40_000;

/// Bytes of a WAV file before its sound.
const HEAD_BYTES: u32 = 44;

/// How many differences a complaint names.
const NAMED: usize = 4;

/// The contents of audio files, by identity.
pub(super) struct Contents(BTreeMap<Uuid, Vec<u8>>);

impl AudioSource for Contents {
    fn content(&mut self, id: Uuid) -> Result<Vec<u8>, String> {
        self.0.get(&id).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

/// What belongs to `owner` in a generation.
pub(super) fn made(owner: &str, generation: u32) -> (Configuration, Contents) {
    let of = Maker { owner, generation };
    let contents: BTreeMap<_, _> =
        (0..AUDIO_FILES).map(|it| (of.audio(it).id, of.wave(it))).collect();
    let audio = (0..AUDIO_FILES).map(|number| {
        let AudioRef { id, original_file_name } = of.audio(number);
        let content = &contents[&id];
        let (bytes, sha256) = (content.len() as u64, sha256(content));
        AudioEntry { id, owner: owner.to_owned(), original_file_name, bytes, sha256 }
    });
    let audio = audio.collect();
    let mut objects: Vec<Object> = Vec::new();
    objects.extend((0..AGENT_GROUPS).map(|it| Object::from(of.agent_group(it))));
    objects.extend((0..QUEUES).map(|it| Object::from(of.queue(it))));
    objects.extend((0..HOURS).map(|it| Object::from(of.hours(it))));
    objects.extend((0..HOLIDAY_SETS).map(|it| Object::from(of.holiday_set(it))));
    objects.extend((0..WORKFLOWS).map(|it| Object::from(of.workflow(it))));
    let settings = ServiceSettings {
        agent_ringback_grace_period: of.between(30, 600),
        default_music_on_hold_file: Some(of.audio(0)),
        disable_call_context: generation.is_multiple_of(2),
    };
    let settings = BTreeMap::from([(owner.to_owned(), settings)]);
    let sign_ins = (0..AGENT_GROUPS).map(sign_in).collect();
    (sorted(Configuration { objects, audio, settings, sign_ins }), Contents(contents))
}

/// Writes an export file, as an administrator has one.
pub(super) fn write(path: &Path, owner: &str, whole: &Configuration, contents: &mut Contents) {
    let owners = [(owner.to_owned(), Reign { reign: 0, revision: 1 })].into();
    let (source, created) = (owner.to_owned(), Timestamp::now());
    let header = Header { source, owner: Some(owner.to_owned()), created, owners };
    let out = BufWriter::new(File::create(path).unwrap());
    let out = package::write(out, &header, whole, contents).unwrap();
    out.into_inner().unwrap().sync_all().unwrap();
}

/// What an export file holds; every byte of it is looked at.
pub(super) fn read(path: &Path) -> Configuration {
    let file = BufReader::new(File::open(path).unwrap());
    let package = Package::open(file);
    let package = package.unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    sorted(package.configuration().clone())
}

/// In an order of its own, so that equal ones are equal.
pub(super) fn sorted(mut whole: Configuration) -> Configuration {
    whole.objects.sort_by_key(|it| (it.kind(), it.id()));
    whole.audio.sort_by_key(|it| it.id);
    whole.sign_ins.sort();
    whole
}

/// What stays of a pool's own when all its objects are removed: its settings.
pub(super) fn emptied(whole: &Configuration) -> Configuration {
    let music = |it: &AudioEntry| {
        let mut settings = whole.settings.values();
        settings.any(|of| of.default_music_on_hold_file.as_ref().is_some_and(|at| at.id == it.id))
    };
    Configuration {
        audio: whole.audio.iter().filter(|it| music(it)).cloned().collect(),
        settings: whole.settings.clone(),
        ..Configuration::default()
    }
}

/// The first few things of which one is not as in the other.
pub(super) fn differences(found: &Configuration, wanted: &Configuration) -> String {
    let all = compare(found, wanted);
    let different: Vec<_> = all.iter().filter(|it| it.found != Found::Same).collect();
    let named = different.iter().take(NAMED);
    let named: Vec<_> =
        named.map(|it| format!("the {} {:?}: {:?}", it.what, it.name, it.found)).collect();
    let (here, there) = (&found.sign_ins, &wanted.sign_ins);
    let signed_in = here.iter().filter(|it| !there.contains(it)).count();
    let signed_out = there.iter().filter(|it| !here.contains(it)).count();
    format!(
        "{} of {} differ ({}); signed in {signed_in} more and {signed_out} less",
        different.len(),
        all.len(),
        named.join("; ")
    )
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

/// Makes the objects of one generation.
struct Maker<'a> {
    owner: &'a str,
    generation: u32,
}

impl Maker<'_> {
    fn agent_group(&self, number: u32) -> AgentGroup {
        AgentGroup {
            description: Some(self.described(number)),
            participation_policy: ParticipationPolicy::Formal,
            agent_alert_time: self.between(10, 600),
            agents_by_uri: vec![agent(number), agent(number + 1)],
            ..AgentGroup::new(id(Of::AgentGroup, number), self.owner, format!("Group {number}"))
        }
    }

    fn queue(&self, number: u32) -> Queue {
        Queue {
            description: Some(self.described(number)),
            timeout_action: Some(self.farewell(number)),
            timeout_threshold: Some(self.between(10, 600).into()),
            agent_groups: (number..number + 2)
                .map(|it| id(Of::AgentGroup, it % AGENT_GROUPS))
                .collect(),
            ..Queue::new(id(Of::Queue, number), self.owner, format!("Queue {number}"))
        }
    }

    fn hours(&self, number: u32) -> HoursOfBusiness {
        let minute = i8::try_from(self.generation % 60).unwrap();
        let (open_time, close_time) = (time(8, minute, 0, 0), time(17, 30, 0, 0));
        let range = TimeRange { name: None, open_time, close_time };
        let days = std::array::from_fn(|_| DayHours { hours1: Some(range.clone()), hours2: None });
        let name = format!("Hours {number}");
        HoursOfBusiness { days, ..HoursOfBusiness::new(id(Of::Hours, number), self.owner, name) }
    }

    fn holiday_set(&self, number: u32) -> HolidaySet {
        let feast = Holiday {
            name: Some(self.described(number)),
            start_date: date(2026, 12, 24).at(0, 0, 0, 0),
            end_date: date(2026, 12, 26).at(12, 0, 0, 0),
        };
        HolidaySet {
            id: id(Of::HolidaySet, number),
            owner: self.owner.to_owned(),
            name: format!("Holidays {number}"),
            holiday_list: vec![feast],
        }
    }

    /// Its name is another one in each generation.
    fn workflow(&self, number: u32) -> Workflow {
        let name = format!("Workflow {number} of {}", self.generation);
        let uri = format!("sip:workflow{number}@contoso.com");
        let wait = CallAction {
            queue: Some(id(Of::Queue, number % QUEUES)),
            prompt: Some(self.says(number)),
            ..CallAction::new(ActionKind::TransferToQueue)
        };
        Workflow {
            description: Some(self.described(number)),
            active: true,
            time_zone: Some("W. Europe Standard Time".to_owned()),
            business_hours: Some(id(Of::Hours, number % HOURS)),
            holiday_sets: vec![id(Of::HolidaySet, number % HOLIDAY_SETS)],
            default_action: Some(wait),
            non_business_hours_action: Some(self.farewell(number)),
            holiday_action: Some(self.farewell(number)),
            custom_music_on_hold_file: Some(self.audio(number)),
            ..Workflow::new(id(Of::Workflow, number), self.owner, name, uri, "en-US")
        }
    }

    fn farewell(&self, number: u32) -> CallAction {
        CallAction { prompt: Some(self.says(number)), ..CallAction::new(ActionKind::Terminate) }
    }

    fn says(&self, number: u32) -> Prompt {
        let audio_file_prompt = Some(self.audio(number));
        Prompt { text_to_speech_prompt: Some(self.described(number)), audio_file_prompt }
    }

    /// Another file in each generation: what a file holds never changes.
    fn audio(&self, number: u32) -> AudioRef {
        let number = number % AUDIO_FILES;
        AudioRef {
            id: id(Of::Audio, self.generation * AUDIO_FILES + number),
            original_file_name: format!("prompt {number}.wav"),
        }
    }

    /// A WAV file of 16 bits, mono, 8 kHz; its sound is noise, which nothing makes smaller.
    fn wave(&self, number: u32) -> Vec<u8> {
        let sound = AUDIO_BYTES - HEAD_BYTES;
        let mut wave = b"RIFF".to_vec();
        wave.extend((AUDIO_BYTES - 8).to_le_bytes());
        wave.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
        wave.extend(sound.to_le_bytes());
        let file = u64::from(self.generation * AUDIO_FILES + number);
        let words = (0..sound.div_ceil(8)).map(|it| mixed(file << 32 | u64::from(it)));
        wave.extend(words.flat_map(u64::to_le_bytes).take(sound as usize));
        wave
    }

    fn described(&self, number: u32) -> String {
        format!("Number {number} as it is in generation {}", self.generation)
    }

    fn between(&self, least: u16, most: u16) -> u16 {
        least + u16::try_from(self.generation % u32::from(most - least)).unwrap()
    }
}

/// The same in each generation: an import signs nobody out.
fn sign_in(number: u32) -> SignIn {
    let since = Timestamp::from_second(1_700_000_000 + i64::from(number)).unwrap();
    SignIn { group: id(Of::AgentGroup, number), agent: agent(number), since }
}

fn agent(number: u32) -> String {
    format!("sip:agent{number}@contoso.com")
}

fn id(of: Of, number: u32) -> Uuid {
    Uuid::from_u64_pair(of as u64, mixed(u64::from(number)))
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
        write!(digits, "{byte:02x}").unwrap();
        digits
    })
}
