//! What makes an object, the settings or an audio file acceptable, each by itself: every rule of
//! the original, with the sentence that an administrator needs.
//!
//! Nothing here looks at other objects; whether a queue is there that an action names, and who else
//! has a name, is the store's business.

mod action;
mod agent_group;
mod audio;
mod calendar;
mod limits;
mod queue;
mod settings;
mod text;
mod workflow;

use std::fmt;

use crate::model::Object;

pub use audio::check_audio;
pub use limits::*;
pub use settings::check_settings;

/// What is wrong with one field, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The field, by the original's name.
    pub field: &'static str,
    /// What is wrong, as a clause.
    pub what: String,
    /// What to do, as a clause.
    pub remedy: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}.", self.field, self.what, self.remedy)
    }
}

/// Whatever is wrong with an object.
pub fn check(object: &Object) -> Vec<Complaint> {
    let mut found = Complaints::default();
    text::owner(&mut found, object.owner());
    text::name(&mut found, object.name());
    match object {
        Object::Workflow(it) => workflow::check(&mut found, it),
        Object::Queue(it) => queue::check(&mut found, it),
        Object::AgentGroup(it) => agent_group::check(&mut found, it),
        Object::HoursOfBusiness(it) => calendar::check_hours(&mut found, it),
        Object::HolidaySet(it) => calendar::check_holidays(&mut found, it),
    }
    found.0
}

/// Whatever forbids making this object, on top of [`check`]; it may become so later.
pub fn check_new(object: &Object) -> Vec<Complaint> {
    let mut found = Complaints::default();
    if let Object::Workflow(it) = object {
        workflow::check_new(&mut found, it);
    }
    found.0
}

/// Whether somebody of this address may be signed in. Of agents who come from a distribution list
/// no more is known than that.
pub fn is_agent(address: &str) -> bool {
    let scheme = address.get(..4);
    scheme.is_some_and(|it| it.eq_ignore_ascii_case("sip:"))
        && address.chars().count() <= URI_MAX
        && !address.contains(char::is_control)
}

/// Complaints as they are found.
#[derive(Debug, Default)]
struct Complaints(Vec<Complaint>);

impl Complaints {
    fn add(&mut self, field: &'static str, what: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Complaint { field, what: what.into(), remedy: remedy.into() });
    }
}

#[cfg(test)]
mod tests;
