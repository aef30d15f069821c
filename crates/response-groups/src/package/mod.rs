//! The export file: a ZIP that holds a configuration, readable by people, checked by machines.
//!
//! `docs/reference/response-group-export.md` describes the layout. What is written here is
//! deterministic: equal configurations give equal files, but for the moment in the manifest. What
//! is read here comes from outside and is believed in nothing: a file is taken as a whole or
//! refused with a sentence. Nothing here knows sockets, stores or cmdlets.

mod contents;
mod envelope;
mod error;
mod existing;
mod layout;
pub mod limits;
mod manifest;
mod reader;
mod whole;
mod writer;

pub use error::{Refused, Unwritten};
pub use existing::{ExistingFile, existing_file};
pub use layout::{FORMAT, VERSION, audio_entry, is_audio_name};
pub use manifest::{Entry, Header, Manifest, Reign};
pub use reader::{Package, manifest_of, verify};
pub use writer::{Writer, write};
