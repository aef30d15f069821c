//! Whether a configuration can be carried: everything that is referred to is there, every identity
//! is there once, and nothing belongs to an owner who was not asked for. And in which order.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use uuid::Uuid;

use crate::checks::{self, Complaint};
use crate::configuration::Configuration;
use crate::model::{Kind, Object};

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
        let objects = object.references().into_iter().map(|(kind, id)| (id, What::Object(kind)));
        let audio = object.audio().into_iter().map(|id| (id, What::Audio));
        for (id, wanted) in objects.chain(audio) {
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
pub(super) fn check_pool(name: &str) -> Result<(), String> {
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
        if !checks::is_agent(&it.agent) {
            return Err(format!(
                "nobody who could sign in to the agent group {} has the address \
                                that is signed in there",
                it.group
            ));
        }
        let who = format!("the agent {}, who is signed in,", it.agent.escape_debug());
        if it.since < Timestamp::UNIX_EPOCH {
            return Err(format!(
                "{who} has been so since {}, which was before computers",
                it.since
            ));
        }
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
