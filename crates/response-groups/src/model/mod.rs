//! The objects, with the fields of the original: plain values, serialised under the original's
//! names.
//!
//! Nothing here is checked; that is the business of the checks. A pool is named by its FQDN, in
//! lower case.

mod action;
mod agent_group;
mod audio;
mod holidays;
mod hours;
mod queue;
mod references;
mod settings;
mod workflow;

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use action::{ActionKind, Answer, CallAction, Prompt, Question};
pub use agent_group::{AgentGroup, ParticipationPolicy, RoutingMethod, SignIn};
pub use audio::{AudioFile, AudioRef};
pub use holidays::{Holiday, HolidaySet};
pub use hours::{DayHours, HoursOfBusiness, TimeRange};
pub use queue::{OverflowCandidate, Queue};
pub use settings::ServiceSettings;
pub use workflow::{LANGUAGES, Workflow};

/// The kinds of objects that have a name and an identity of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A [`Workflow`].
    Workflow,
    /// A [`Queue`].
    Queue,
    /// An [`AgentGroup`].
    AgentGroup,
    /// An [`HoursOfBusiness`].
    HoursOfBusiness,
    /// A [`HolidaySet`].
    HolidaySet,
}

impl Kind {
    /// Every kind, those first that others refer to: rows written in this order find what they
    /// name.
    pub const ALL: [Self; 5] =
        [Self::AgentGroup, Self::Queue, Self::HoursOfBusiness, Self::HolidaySet, Self::Workflow];

    /// What people call one.
    pub fn words(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Queue => "queue",
            Self::AgentGroup => "agent group",
            Self::HoursOfBusiness => "hours of business",
            Self::HolidaySet => "holiday set",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// A name as names are compared: whatever its letters' case.
pub fn name_key(name: &str) -> String {
    name.to_lowercase()
}

/// A SIP address as addresses are compared: whatever its letters' case.
pub fn uri_key(uri: &str) -> String {
    uri.to_lowercase()
}

/// Any object that has a name and an identity of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Object {
    /// A workflow.
    Workflow(Workflow),
    /// A queue.
    Queue(Queue),
    /// An agent group.
    AgentGroup(AgentGroup),
    /// Hours of business.
    HoursOfBusiness(HoursOfBusiness),
    /// A holiday set.
    HolidaySet(HolidaySet),
}

impl Object {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Workflow(_) => Kind::Workflow,
            Self::Queue(_) => Kind::Queue,
            Self::AgentGroup(_) => Kind::AgentGroup,
            Self::HoursOfBusiness(_) => Kind::HoursOfBusiness,
            Self::HolidaySet(_) => Kind::HolidaySet,
        }
    }

    /// Its identity, the same wherever a copy of it is hosted.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Workflow(it) => it.id,
            Self::Queue(it) => it.id,
            Self::AgentGroup(it) => it.id,
            Self::HoursOfBusiness(it) => it.id,
            Self::HolidaySet(it) => it.id,
        }
    }

    /// The pool that it belongs to.
    pub fn owner(&self) -> &str {
        match self {
            Self::Workflow(it) => &it.owner,
            Self::Queue(it) => &it.owner,
            Self::AgentGroup(it) => &it.owner,
            Self::HoursOfBusiness(it) => &it.owner,
            Self::HolidaySet(it) => &it.owner,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Workflow(it) => &it.name,
            Self::Queue(it) => &it.name,
            Self::AgentGroup(it) => &it.name,
            Self::HoursOfBusiness(it) => &it.name,
            Self::HolidaySet(it) => &it.name,
        }
    }

    /// Its owner and its name, to be changed by an import.
    pub fn owner_and_name(&mut self) -> (&mut String, &mut String) {
        match self {
            Self::Workflow(it) => (&mut it.owner, &mut it.name),
            Self::Queue(it) => (&mut it.owner, &mut it.name),
            Self::AgentGroup(it) => (&mut it.owner, &mut it.name),
            Self::HoursOfBusiness(it) => (&mut it.owner, &mut it.name),
            Self::HolidaySet(it) => (&mut it.owner, &mut it.name),
        }
    }
}

impl From<Workflow> for Object {
    fn from(it: Workflow) -> Self {
        Self::Workflow(it)
    }
}

impl From<Queue> for Object {
    fn from(it: Queue) -> Self {
        Self::Queue(it)
    }
}

impl From<AgentGroup> for Object {
    fn from(it: AgentGroup) -> Self {
        Self::AgentGroup(it)
    }
}

impl From<HoursOfBusiness> for Object {
    fn from(it: HoursOfBusiness) -> Self {
        Self::HoursOfBusiness(it)
    }
}

impl From<HolidaySet> for Object {
    fn from(it: HolidaySet) -> Self {
        Self::HolidaySet(it)
    }
}
