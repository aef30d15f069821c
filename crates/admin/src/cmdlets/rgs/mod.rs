//! Response Groups: one file per kind of object, each with its rows and its fields.

pub(super) mod action;
pub(super) mod agent_group;
pub(super) mod audio;
pub(super) mod carry;
mod field;
pub(super) mod holidays;
pub(super) mod hours;
mod kind;
pub(super) mod moving;
pub(super) mod places;
pub(super) mod queue;
mod rows;
pub(super) mod settings;
pub(super) mod sign_ins;
pub(super) mod workflow;
