//! Log shipping: WAL from the source through the share to the backup instance.
//!
//! [`receiver`] writes: `pg_receivewal` below it receives, [`tail`] reads what arrived to its last
//! valid record and flushes it, [`closing`] turns complete segments into compressed, listed files.
//! [`restore`] reads: it is `PostgreSQL`'s `restore_command`. [`drain`] judges, after the source is
//! lost, where the WAL ends and what is lost. [`retention`] lets go of what nobody needs.
//!
//! Promises: nothing is shown to `PostgreSQL` that is not durable, valid and continuous; nothing is
//! ever overwritten; every step can be cut off and done again. Knows no sites and no procedures.

mod behind;
mod child;
mod closing;
mod compress;
pub mod drain;
mod durable;
mod error;
mod feed;
mod feeding;
mod flushed;
mod history;
mod lock;
mod manifest;
mod missing;
mod proof;
mod reading;
pub mod receiver;
mod records;
pub mod restore;
mod retention;
mod segment;
pub mod share;
mod tail;
mod view;

pub use behind::{Behind, Figures, Sample};
pub use error::ShippingError;
pub use feed::Feed;
pub use flushed::Flushed;
pub use history::{Ancestor, History};
pub use lock::WriterLock;
pub use manifest::{Manifest, ManifestLine};
pub use missing::{Word, missing};
pub use receiver::{Receiver, ReceiverSettings, Standing};
pub use retention::Needs;
pub use segment::Segment;
pub use share::{Folder, Reign, Share};
pub use tail::Position;
