//! What comes home from a pool that stood in, beside what its own pool had changed unheard: three
//! ways, object by object.
//!
//! What only one of the two has changed since the revision that stood in is as that one has it.
//! What both have changed is as the pool has it that stood in: callers have met it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use uuid::Uuid;

use super::agents::{Unheard, agent_groups, meet_sign_ins};
use super::names::is_numbered;
use crate::configuration::Configuration;
use crate::model::{Kind, Object};

/// What comes home, and what met what the own pool had changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Homecoming {
    /// To be imported at home.
    pub configuration: Configuration,
    /// Each object that the own pool had changed unheard, by what becomes of it.
    pub met: BTreeMap<Fate, Vec<(Kind, String)>>,
    /// Who had signed in or out at one pool only.
    pub agents: Unheard,
}

/// What becomes of an object that the own pool had changed, made or removed unheard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// Changed at home only: it stays so.
    Stays,
    /// Made at home: it stays.
    MadeAtHome,
    /// Changed at both: it is as the other pool has it.
    PutAside,
    /// Changed at home, removed at the other pool: it goes, unless something refers to it.
    RemovedThere,
    /// Removed at home only: it is there again.
    ThereAgain,
}

impl Fate {
    /// Whether what home had of it is to be found only in what was put aside.
    pub fn is_aside(self) -> bool {
        matches!(self, Self::PutAside | Self::RemovedThere)
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stays => "Changed at home only, unheard, and kept so",
            Self::MadeAtHome => "Made at home, unheard, and kept",
            Self::PutAside => {
                "Changed at both pools: in force as the other pool has it, and put aside as home \
                 had it"
            }
            Self::RemovedThere => {
                "Changed at home, removed at the other pool: removed, and put aside as home had it"
            }
            Self::ThereAgain => "Removed at home only, unheard, and there again",
        })
    }
}

/// Objects by what tells them.
type Known<'a> = BTreeMap<(Kind, Uuid), &'a Object>;

impl Homecoming {
    /// What comes home. `base` is the revision that stood in, `there` what became of it at the
    /// other pool, `home` what the own pool has.
    pub fn of(base: &Configuration, there: &Configuration, home: &Configuration) -> Self {
        Self::meeting(base, there, home, true)
    }

    /// The same where what home has changed does not fit beside what comes: it is put aside.
    pub fn with_all_aside(
        base: &Configuration,
        there: &Configuration,
        home: &Configuration,
    ) -> Self {
        Self::meeting(base, there, home, false)
    }

    fn meeting(
        base: &Configuration,
        there: &Configuration,
        home: &Configuration,
        keeps: bool,
    ) -> Self {
        let (given, own, coming) = (known(base), known(home), known(there));
        let mut it = Self::default();
        for (key, object) in &coming {
            let came = match (given.get(key), own.get(key)) {
                (None, None) => object,
                (Some(_), None) => it.met(Fate::ThereAgain, object),
                (base, Some(mine)) => {
                    let is_changed_at_home = base != Some(mine) && mine != object;
                    let is_as_given = base.is_some_and(|base| is_same(object, base));
                    match (is_changed_at_home, is_as_given) {
                        (true, true) if keeps => it.met(Fate::Stays, mine),
                        (true, _) => it.met(Fate::PutAside, object),
                        (false, true) => mine,
                        (false, false) => object,
                    }
                }
            };
            it.configuration.objects.push((*came).clone());
        }
        for (key, mine) in own.iter().filter(|(key, _)| !coming.contains_key(key)) {
            match given.get(key) {
                None => it.met(Fate::MadeAtHome, mine),
                Some(base) if base != mine => it.met(Fate::RemovedThere, mine),
                Some(base) => base,
            };
        }
        it.configuration.settings.clone_from(&there.settings);
        it.configuration.audio = played(&it.configuration, there);
        let made = own.iter().filter(|(key, _)| !given.contains_key(*key));
        let stays = made.map(|(_, object)| *object).chain(&it.configuration.objects);
        let afterwards = agent_groups(stays);
        (it.configuration.sign_ins, it.agents) = meet_sign_ins(base, there, home, &afterwards);
        it
    }

    fn met<'o, 'a>(&mut self, fate: Fate, object: &'o &'a Object) -> &'o &'a Object {
        let named = (object.kind(), object.name().to_owned());
        self.met.entry(fate).or_default().push(named);
        object
    }
}

fn known(whole: &Configuration) -> Known<'_> {
    whole.objects.iter().map(|it| ((it.kind(), it.id()), it)).collect()
}

/// Whether an object is as it was given, but for a number behind its name: nobody chose that.
fn is_same(object: &Object, given: &Object) -> bool {
    let mut object = object.clone();
    let (_, name) = object.owner_and_name();
    if is_numbered(name, given.name()) {
        given.name().clone_into(name);
    }
    object == *given
}

/// The audio files among those of `there` that something plays.
fn played(
    configuration: &Configuration,
    there: &Configuration,
) -> Vec<crate::configuration::AudioEntry> {
    let music = configuration.settings.values();
    let music = music.filter_map(|it| it.default_music_on_hold_file.as_ref()).map(|it| it.id);
    let played: BTreeSet<Uuid> =
        configuration.objects.iter().flat_map(Object::audio).chain(music).collect();
    there.audio.iter().filter(|it| played.contains(&it.id)).cloned().collect()
}
