//! All rooms in this server's memory, and who is in them. Nothing here is the truth.
//!
//! | file | holds |
//! |---|---|
//! | `memory` | all rooms under one lock, and showing posts |
//! | `entering` | entering, changing, leaving |
//! | `remote` | the other servers' occupants |
//! | `nick` | who may have which nick |
//! | `room` | one room, and what its occupants are told |
//! | `occupant`, `open`, `presence` | what a room is made of |

mod entering;
mod memory;
mod nick;
mod occupant;
mod open;
mod presence;
mod remote;
mod room;

pub(crate) use entering::{Settled, Stay};
pub(crate) use memory::House;
pub(crate) use open::{Open, Rebased, Subject, Watched};
pub use room::Enter;
