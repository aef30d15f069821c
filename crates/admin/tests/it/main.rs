//! The door from outside: the table, the spellings, the roles, the audit.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod audit_trail;
mod battery;
mod documented;
mod door;
mod files;
mod identity;
mod nowhere;
mod temporary;
