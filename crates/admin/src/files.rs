//! Files on their way between a shell's machine and this host: the spool.
//!
//! A shell sends a file in parts before the cmdlet runs that is given it; a cmdlet's result may
//! hold a [`Delivery`], which the shell fetches in parts. What is to follow once the file is safe
//! on the shell's machine (such as removing what was exported) waits until the shell says so.
//!
//! Every file belongs to the administrator who sent it or for whom it was made; nobody else gets
//! at it. Nothing outlives the process, and nothing that is left alone outlives
//! [`limits::KEPT`]: a shell that was cut off runs its cmdlet again. It knows no socket.

mod delivery;
mod disk;
mod entry;
mod incoming;
pub mod limits;
mod spool;
mod wire;

pub use delivery::{DELIVERY, Delivery, STALE};
pub use disk::digest;
pub use spool::{Spool, Taken};
pub use wire::{Arrived, Part, Wanted};
