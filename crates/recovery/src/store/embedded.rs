//! The embedded backend: one host of the site keeps the store in a durable local file.
//!
//! Values are on disk before a write is answered. Leases live in memory only: a restarted store
//! says [`LeaseState::Unknown`] until a full lease has gone by, and so grants no promotion.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

use super::lease::Lease;
use super::{
    Entry, KEYS_LIMIT, LeaseAsk, LeaseState, Reply, Seen, Snapshot, Store, StoreError, VALUE_LIMIT,
    WATCH_LIMIT,
};

const FILE_NAME: &str = "management-store.json";

/// A store in a file of this host.
#[derive(Debug)]
pub struct Embedded {
    path: PathBuf,
    /// Random: two lives may begin within one millisecond and one process.
    incarnation: u64,
    started: Instant,
    /// A lease is unknown for this long after a start.
    full_lease: Duration,
    state: Mutex<State>,
    revision: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    kept: Kept,
    leases: BTreeMap<String, Lease>,
}

impl State {
    /// Whether a lease has ended since this was last asked: news to watchers.
    fn note_ended(&mut self, now: Instant) -> bool {
        let ended = |lease: &&mut Lease| !lease.noted && !lease.given_up && lease.until <= now;
        let news: Vec<_> = self.leases.values_mut().filter(ended).collect();
        let any = !news.is_empty();
        for lease in news {
            lease.noted = true;
        }
        any
    }
}

/// What is on disk.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    revision: u64,
    entries: BTreeMap<String, Entry>,
}

impl Embedded {
    /// Opens the store in `directory`, or begins an empty one there.
    ///
    /// `full_lease` is the longest lease that anybody takes.
    pub fn open(directory: &Path, full_lease: Duration) -> Result<Self, StoreError> {
        let refuse = |why: String| StoreError::Refused {
            what: format!("its file in {}", directory.display()),
            why,
        };
        fs::create_dir_all(directory).map_err(|error| refuse(error.to_string()))?;
        let path = directory.join(FILE_NAME);
        let kept = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                refuse(format!(
                    "{error}: the file is damaged; move it away and start again, and the \
                     primary's keeper will write the record anew"
                ))
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Kept::default(),
            Err(error) => return Err(refuse(error.to_string())),
        };
        let (revision, _) = watch::channel(kept.revision);
        Ok(Self {
            path,
            incarnation: Uuid::new_v4().as_u64_pair().1,
            started: Instant::now(),
            full_lease,
            state: Mutex::new(State { kept, leases: BTreeMap::new() }),
            revision,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn snapshot(&self) -> Snapshot {
        let now = Instant::now();
        let mut state = self.lock();
        if state.note_ended(now) {
            self.revision.send_modify(|revision| *revision += 1);
        }
        Snapshot {
            incarnation: self.incarnation,
            revision: *self.revision.borrow(),
            settled: self.full_lease <= self.started.elapsed(),
            entries: state.kept.entries.clone(),
            leases: state.leases.iter().map(|(name, it)| (name.clone(), it.state(now))).collect(),
        }
    }

    fn put(&self, key: &str, expected: u64, value: Value, floor: u64) -> Result<u64, StoreError> {
        let size = value.to_string().len();
        let refuse = |why: String| StoreError::Refused { what: key.to_owned(), why };
        if VALUE_LIMIT < size {
            return Err(refuse(format!("{size} bytes are more than {VALUE_LIMIT}")));
        }
        let mut state = self.lock();
        let found = state.kept.entries.get(key).map_or(0, |entry| entry.revision);
        if found != expected {
            return Err(StoreError::Conflict { key: key.to_owned(), expected, found });
        }
        if found == 0 && KEYS_LIMIT <= state.kept.entries.len() {
            return Err(refuse(format!("there are {KEYS_LIMIT} keys already")));
        }
        let mut kept = state.kept.clone();
        kept.revision = self.revision.borrow().max(kept.revision).max(floor) + 1;
        kept.entries.insert(key.to_owned(), Entry { revision: kept.revision, value });
        keep(&self.path, &kept)
            .map_err(|error| refuse(format!("{error}: is the disk full? nothing was changed")))?;
        let revision = kept.revision;
        state.kept = kept;
        self.revision.send_replace(revision);
        Ok(revision)
    }

    fn ask(&self, name: &str, ask: &LeaseAsk) -> Result<LeaseState, StoreError> {
        let now = Instant::now();
        let mut state = self.lock();
        let before = state.leases.get(name).map(|it| it.state(now));
        match ask {
            LeaseAsk::Take { holder, length_ms } => {
                if let Some(LeaseState::Held { holder: other, left_ms }) = &before
                    && other != holder
                {
                    return Err(StoreError::Held {
                        name: name.to_owned(),
                        holder: other.clone(),
                        left_ms: *left_ms,
                    });
                }
                let length = Duration::from_millis(*length_ms).min(self.full_lease);
                let until = now + length;
                let lease = Lease { holder: holder.clone(), until, given_up: false, noted: false };
                state.leases.insert(name.to_owned(), lease);
            }
            LeaseAsk::GiveUp { holder } | LeaseAsk::Revoke { holder, .. } => {
                if let Some(lease) = state.leases.get_mut(name)
                    && lease.holder == *holder
                {
                    lease.given_up = true;
                }
            }
        }
        let after = state.leases.get(name).map(|it| it.state(now));
        drop(state);
        if before.as_ref().and_then(LeaseState::holder)
            != after.as_ref().and_then(LeaseState::holder)
        {
            self.revision.send_modify(|revision| *revision += 1);
        }
        Ok(after.unwrap_or(self.lease_of_nobody()))
    }

    /// What is known of a lease that nobody took in this life of the store.
    fn lease_of_nobody(&self) -> LeaseState {
        if self.started.elapsed() < self.full_lease {
            LeaseState::Unknown
        } else {
            LeaseState::Free
        }
    }

    fn next_lease_end(&self) -> Option<Instant> {
        let now = Instant::now();
        self.lock()
            .leases
            .values()
            .filter(|lease| !lease.given_up && now < lease.until)
            .map(|lease| lease.until)
            .min()
    }
}

impl Store for Embedded {
    fn read(&self) -> Reply<'_, Snapshot> {
        Box::pin(async move { Ok(self.snapshot()) })
    }

    fn write_above(&self, key: &str, expected: u64, value: Value, floor: u64) -> Reply<'_, u64> {
        let key = key.to_owned();
        Box::pin(async move { self.put(&key, expected, value, floor) })
    }

    fn watch(&self, seen: Seen, patience: Duration) -> Reply<'_, Snapshot> {
        Box::pin(async move {
            let deadline = tokio::time::Instant::now() + patience.min(WATCH_LIMIT);
            let mut revision = self.revision.subscribe();
            if self.lock().note_ended(Instant::now()) {
                self.revision.send_modify(|revision| *revision += 1);
            }
            if seen.incarnation == self.incarnation
                && *revision.borrow_and_update() == seen.revision
            {
                let lease_end =
                    self.next_lease_end().map_or(deadline, |end| deadline.min(end.into()));
                tokio::select! {
                    () = tokio::time::sleep_until(lease_end) => {}
                    changed = revision.changed() => {
                        changed.expect("the store outlives its watchers");
                    }
                }
            }
            Ok(self.snapshot())
        })
    }

    fn lease(&self, name: &str, ask: LeaseAsk) -> Reply<'_, LeaseState> {
        let name = name.to_owned();
        Box::pin(async move { self.ask(&name, &ask) })
    }
}

/// Writes a new file beside the old one and puts it in its place, durably.
fn keep(path: &Path, kept: &Kept) -> std::io::Result<()> {
    let new = path.with_extension("json.new");
    let mut file = File::create(&new)?;
    file.write_all(&serde_json::to_vec_pretty(kept)?)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(path.parent().expect("the store's file is in a directory"))?.sync_all()
}
