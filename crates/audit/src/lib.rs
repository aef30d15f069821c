//! The audit trail: who ran what, when, from where, in which role, with what result.
//!
//! Each host appends to a file of its own, durably, before anything is done ([`Audit`]). From there
//! every line is copied, by its id, into the database of every pool ([`Trail::follow`]): that is
//! mirrored and shipped, and so the trail is at the other site as well. What only a lost site's
//! database has is brought back by [`salvage`].
//!
//! The copies are in nobody's way. How far one has come stands in the database itself, beside the
//! lines: a database that lacks some, because they were never shipped to it, says so by that.
//!
//! It knows no cmdlet, no pool's content, and not how a primary is chosen.

mod copying;
mod entry;
mod file;
mod reading;
pub mod salvage;
mod table;

pub use copying::{CopyError, Trail};
pub use entry::{Entry, MAX_LINE, Phase};
pub use file::{Audit, Batch, FILE};
pub use reading::{Invocation, Query, merge};
pub use table::{ROLE, grant, migration};
