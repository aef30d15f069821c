//! Management store, terms, keepers, the world as observed, procedures and their engine.
//!
//! Works when the product's own database does not exist. Knows nothing of chat or calls: what must
//! be done to a fresh primary's content is handed in as a [`keeper::PrimaryHook`].
//!
//! Read from the bottom: a [`term`] says who may be primary; a site's [`store`] holds a [`record`]
//! per pool; a [`keeper`] beside each instance makes it what the record says; the [`witness`] is
//! the second pair of eyes; [`whereabouts`] tells chat servers where the primary is.

pub mod action;
#[cfg(test)]
mod battery;
pub mod engine;
pub mod grounds;
pub mod journal;
pub mod keeper;
pub mod observed;
pub mod paired;
pub mod presence;
pub mod probe;
pub mod procedure;
pub mod procedures;
pub mod record;
pub mod store;
pub mod stretched;
pub mod term;
pub mod whereabouts;
pub mod witness;
pub mod world;

/// The present time, RFC 3339 in UTC.
pub(crate) fn now_utc() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
