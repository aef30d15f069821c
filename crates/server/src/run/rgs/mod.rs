//! Response Groups on this host: reached at every pool, received from a pair, moved by procedures.

mod coming_home;
mod fitting;
mod heard;
mod hostings;
mod pair;
mod received;
#[cfg(test)]
mod reigns;
mod standing_in;
mod turning_back;

pub(crate) use coming_home::{came_back_older, put_aside};
pub(crate) use heard::has_lost;
pub(crate) use hostings::{Hostings, reach};
pub(crate) use pair::{Asked, Pair};
pub(crate) use received::{send, start as receive};
pub(crate) use standing_in::{Said, StandingIn};
