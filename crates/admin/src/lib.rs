//! The one door for change: cmdlets, roles, audit.
//!
//! [`cmdlets`] is the table from which help, completion, reference page, roles and audit names
//! derive. [`Door::invoke`] is the only way in: it looks the row up, checks the role, binds what
//! was given, writes the audit line durably, runs the row's handler, and writes how it ended.
//! What the product can do is the [`Deployment`], which the server implements; this crate knows
//! no socket and no HTTP, and asks no database.

pub mod cmdlets;
pub mod deployment;
mod door;
mod fault;
pub mod files;
pub mod identity;
mod roles;
mod watch;

pub use deployment::Deployment;
pub use door::{Door, Invocation, Request};
pub use fault::{Fault, FaultKind};
pub use roles::Role;
pub use watch::{StepState, Told, Watch};
