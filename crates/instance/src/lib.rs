//! The care of one `PostgreSQL` server: make, start, stop, copy, rewind, promote, ship, restore.
//!
//! Knows no sites, pools or procedures; a term is an opaque number to it. [`Instance`] is the
//! handle; what it does is one verb per file. Everything may be asked for again after an
//! interruption: it looks first.

mod access;
mod binaries;
mod clients;
pub mod command;
mod connection;
mod control_data;
mod copy;
mod error;
mod files;
mod initdb;
mod instance;
mod lifecycle;
mod lsn;
mod marker;
mod observe;
mod port;
mod postmaster;
mod promote;
mod reload;
mod rewind;
mod roles;
mod server_log;
mod settings;
pub mod shipping;
mod slots;
mod source;

pub use access::SUPERUSER;
pub use binaries::{Binaries, OLDEST_MAJOR};
pub use clients::{Client, clients, end_client};
pub use connection::Connection;
pub use control_data::{ControlData, ControlDataError, ServerState};
pub use copy::{Copied, CopyOptions, OldDirectory, Progress};
pub use error::Error;
pub use instance::{Found, Instance, Spec};
pub use lifecycle::{How, Started, StopMode, Work, free_bytes};
pub use lsn::{Lsn, LsnError, SEGMENT_BYTES, parse_segment_file_name, segment_file_name};
pub use observe::{Observation, Sender, SyncState, WalReceiver};
pub use promote::{checkpoint, in_recovery, promote};
pub use rewind::Rewound;
pub use settings::{ClientRole, Gate, Role, Settings, Standby};
pub use slots::{Slot, advance_slot, create_slot, drop_slot, list_slots};
pub use source::{REPLICATION_ROLE, Source, Tls, Upstream};
