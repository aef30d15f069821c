//! Whether a configuration can be carried: everything that is referred to is there, every identity
//! is there once, and nothing belongs to an owner who was not asked for. And in which order.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::checks::{self, Complaint};
use crate::configuration::Configuration;
use crate::model::{AudioRef, CallAction, Kind, Object, Prompt};

/// The longest name of a pool, as of any host.
const POOL_NAME_BYTES_MAX: usize = 253;

/// Checks a configuration that was exported from `source`, of `owner` alone if there is one. The
/// problem is a part of a sentence.
pub(super) fn check(
    whole: &Configuration,
    source: &str,
    owner: Option<&str>,
) -> Result<(), String> {
    check_pools(whole, source, owner)?;
    check_each(whole)?;
    let identities = identities(whole)?;
    for object in &whole.objects {
        let mut named = References::default();
        named.of_object(object);
        for (id, wanted) in named.all {
            expect(&identities, id, wanted, &words(object))?;
        }
    }
    for (owner, settings) in &whole.settings {
        if let Some(music) = &settings.default_music_on_hold_file {
            expect(&identities, music.id, What::Audio, &settings_of(owner))?;
        }
    }
    check_sign_ins(whole, &identities)
}

/// Whatever is wrong with something by itself.
fn check_each(whole: &Configuration) -> Result<(), String> {
    for object in &whole.objects {
        complain(&words(object), checks::check(object))?;
    }
    for (owner, settings) in &whole.settings {
        complain(&settings_of(owner), checks::check_settings(settings))?;
    }
    Ok(())
}

pub(super) fn complain(who: &str, complaints: Vec<Complaint>) -> Result<(), String> {
    match complaints.into_iter().next() {
        Some(Complaint { field, what, remedy }) => Err(format!("{who}, {field}: {what}; {remedy}")),
        None => Ok(()),
    }
}

fn check_pools(whole: &Configuration, source: &str, owner: Option<&str>) -> Result<(), String> {
    let objects = whole.objects.iter().map(Object::owner);
    let owners = objects.chain(whole.settings.keys().map(String::as_str));
    for it in owners {
        if owner.is_some_and(|owner| owner != it) {
            let owner = owner.unwrap_or_default();
            return Err(format!("something of {it} is in an export of what belongs to {owner}"));
        }
        check_pool(it)?;
    }
    whole.audio.iter().try_for_each(|it| check_pool(&it.owner))?;
    owner.map_or(Ok(()), check_pool)?;
    check_pool(source)
}

/// As the topology and the checks have it.
fn check_pool(name: &str) -> Result<(), String> {
    let is_fine = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-.".contains(&it);
    if name.is_empty() || name.len() > POOL_NAME_BYTES_MAX || !name.bytes().all(is_fine) {
        return Err(format!("`{}` is not the name of a pool", name.escape_debug()));
    }
    Ok(())
}

/// What an identity stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Object(Kind),
    Audio,
}

impl What {
    fn words(self) -> &'static str {
        match self {
            Self::Object(kind) => kind.words(),
            Self::Audio => "audio file",
        }
    }
}

fn identities(whole: &Configuration) -> Result<HashMap<Uuid, What>, String> {
    let objects = whole.objects.iter().map(|it| (it.id(), What::Object(it.kind())));
    let audio = whole.audio.iter().map(|it| (it.id, What::Audio));
    let mut identities = HashMap::new();
    for (id, what) in objects.chain(audio) {
        if let Some(other) = identities.insert(id, what) {
            let (what, other) = (what.words(), other.words());
            return Err(format!("the identity {id} is that of one {other} and one more {what}"));
        }
    }
    Ok(identities)
}

fn expect(
    identities: &HashMap<Uuid, What>,
    id: Uuid,
    wanted: What,
    who: &str,
) -> Result<(), String> {
    match identities.get(&id) {
        Some(found) if *found == wanted => Ok(()),
        Some(found) => {
            let (found, wanted) = (found.words(), wanted.words());
            Err(format!(
                "{who} names {id} as its {wanted}, and that is the identity of one {found}"
            ))
        }
        None => Err(format!("{who} names the {} {id}, which is not there", wanted.words())),
    }
}

fn check_sign_ins(whole: &Configuration, identities: &HashMap<Uuid, What>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for it in &whole.sign_ins {
        let who = format!("the agent {}, who is signed in,", it.agent.escape_debug());
        expect(identities, it.group, What::Object(Kind::AgentGroup), &who)?;
        if !seen.insert((it.group, &it.agent)) {
            return Err(format!("{who} is there twice for the agent group {}", it.group));
        }
    }
    Ok(())
}

fn settings_of(owner: &str) -> String {
    format!("the settings of {owner}")
}

fn words(object: &Object) -> String {
    format!("the {} \"{}\"", object.kind(), object.name().escape_debug())
}

/// Everything that an object refers to.
#[derive(Default)]
struct References {
    all: Vec<(Uuid, What)>,
}

impl References {
    fn of_object(&mut self, object: &Object) {
        match object {
            Object::Workflow(it) => {
                self.all.extend(it.business_hours.map(of(Kind::HoursOfBusiness)));
                self.all.extend(it.holiday_sets.iter().copied().map(of(Kind::HolidaySet)));
                self.of_audio(it.custom_music_on_hold_file.as_ref());
                let actions =
                    [&it.default_action, &it.non_business_hours_action, &it.holiday_action];
                self.of_actions(actions.into_iter().flatten().collect());
            }
            Object::Queue(it) => {
                self.all.extend(it.agent_groups.iter().copied().map(of(Kind::AgentGroup)));
                let actions = [&it.timeout_action, &it.overflow_action];
                self.of_actions(actions.into_iter().flatten().collect());
            }
            Object::AgentGroup(_) | Object::HoursOfBusiness(_) | Object::HolidaySet(_) => {}
        }
    }

    /// Actions ask questions, whose answers are actions: as deep as the file has it.
    fn of_actions(&mut self, mut actions: Vec<&CallAction>) {
        while let Some(action) = actions.pop() {
            self.all.extend(action.queue.map(of(Kind::Queue)));
            self.of_prompt(action.prompt.as_ref());
            if let Some(question) = &action.question {
                self.of_prompt(Some(&question.prompt));
                self.of_prompt(question.invalid_answer_prompt.as_ref());
                self.of_prompt(question.no_answer_prompt.as_ref());
                actions.extend(question.answer_list.iter().map(|it| &it.action));
            }
        }
    }

    fn of_prompt(&mut self, prompt: Option<&Prompt>) {
        self.of_audio(prompt.and_then(|it| it.audio_file_prompt.as_ref()));
    }

    fn of_audio(&mut self, audio: Option<&AudioRef>) {
        self.all.extend(audio.map(|it| (it.id, What::Audio)));
    }
}

fn of(kind: Kind) -> impl Fn(Uuid) -> (Uuid, What) {
    move |id| (id, What::Object(kind))
}

/// A configuration in the order in which it is written, whatever order it was in.
pub(super) fn in_order(mut whole: Configuration) -> Configuration {
    let place = |kind| Kind::ALL.iter().position(|it| *it == kind);
    whole.objects.sort_by(|a, b| {
        let kinds = place(a.kind()).cmp(&place(b.kind()));
        kinds.then_with(|| a.name().cmp(b.name())).then_with(|| a.id().cmp(&b.id()))
    });
    whole.audio.sort_by_key(|it| it.id);
    whole.sign_ins.sort();
    whole
}
