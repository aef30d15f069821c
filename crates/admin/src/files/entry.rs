//! What the spool knows of one file.

use std::fs::File;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use sha2::Sha256;
use shell::Value;

use crate::deployment::Reply;
use crate::fault::Fault;
use crate::watch::Watch;

/// One file.
pub(super) struct Entry {
    pub(super) who: String,
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    pub(super) touched: Instant,
    /// What it came for was done: it goes when others need its place.
    pub(super) served: bool,
    pub(super) state: State,
}

pub(super) enum State {
    /// Being sent by a shell.
    Arriving(Arc<Mutex<Incoming>>),
    /// Here as it was sent.
    Arrived,
    /// Made for a shell, and what is to follow.
    Offered(Following),
}

/// A file of which some has come.
pub(super) struct Incoming {
    pub(super) file: File,
    pub(super) hasher: Sha256,
    pub(super) received: u64,
}

/// What is to follow once a file is safe.
pub(super) enum Following {
    /// Nothing.
    Nothing,
    /// This.
    Waiting(Box<dyn FnOnce(Watch) -> Reply<'static, Vec<Value>> + Send>),
    /// It is being done.
    Running,
    /// It was done, and ended so.
    Ended(Result<Vec<Value>, Fault>),
}
