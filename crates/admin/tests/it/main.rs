//! The door from outside: the table, the spellings, the roles, the audit.

mod audit;
mod battery;
mod documented;
mod door;
mod files;
mod identity;
mod nowhere;
