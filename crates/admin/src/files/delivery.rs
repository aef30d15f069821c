//! Files that are made for a shell, and what follows once they are safe there.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::Instant;

use shell::{Bytes, Object, Value};
use uuid::Uuid;

use super::disk::{blocking, create, digest, unwritable};
use super::entry::{Entry, Following, State};
use super::limits::MAX_PART_BYTES;
use super::spool::{Spool, own, unknown};
use super::wire::{Arrived, Wanted};
use crate::deployment::Reply;
use crate::fault::{Fault, FaultKind};
use crate::watch::Watch;

/// The kind of object that a [`Delivery`] is in a cmdlet's result.
pub const DELIVERY: &str = "Delivery";

/// The code of the fault where what was to follow did not, because the file is not the newest any
/// more: the same cmdlet again makes another one.
pub const STALE: &str = "stale";

/// A file that the shell is to fetch: what a cmdlet returns, made a [`Value`] with `into`.
#[derive(Debug)]
pub struct Delivery {
    spool: Spool,
    token: Uuid,
    file_name: String,
    bytes: u64,
    sha256: String,
    acknowledge: bool,
    notes: Vec<String>,
}

impl Spool {
    /// Makes a file for `who`, which the shell is to write as `file_name`; `write` fills it on a
    /// thread where it may wait.
    pub async fn offer(
        &self,
        who: &str,
        file_name: &str,
        write: impl FnOnce(&mut File) -> Result<(), Fault> + Send + 'static,
    ) -> Result<Delivery, Fault> {
        let (spool, who, name) = (self.clone(), who.to_owned(), file_name.to_owned());
        blocking(move || {
            let token = Uuid::new_v4();
            let offered = spool.offer_now(token, who, name, write);
            if offered.is_err() && spool.path(token).exists() {
                spool.unlink(token);
            }
            offered
        })
        .await
    }

    fn offer_now(
        &self,
        token: Uuid,
        who: String,
        name: String,
        write: impl FnOnce(&mut File) -> Result<(), Fault>,
    ) -> Result<Delivery, Fault> {
        self.make_room(&mut self.files(), 0)?;
        let mut file = create(&self.path(token))?;
        write(&mut file)?;
        let (bytes, sha256) = digest(&mut file).map_err(|error| unwritable(&error))?;
        let entry = Entry {
            who,
            name: name.clone(),
            bytes,
            sha256: sha256.clone(),
            touched: Instant::now(),
            served: false,
            state: State::Offered(Following::Nothing),
        };
        let mut files = self.files();
        self.make_room(&mut files, bytes)?;
        files.insert(token, entry);
        drop(files);
        let spool = self.clone();
        let (file_name, notes) = (name, Vec::new());
        Ok(Delivery { spool, token, file_name, bytes, sha256, acknowledge: false, notes })
    }

    /// What stands at a place of a file that was made for `who`; nothing at its end.
    pub async fn fetch(&self, who: &str, wanted: Wanted) -> Result<Bytes, Fault> {
        let bytes = match own(&mut self.files(), wanted.token, who)? {
            Entry { bytes, state: State::Offered(_), .. } => *bytes,
            _ => return Err(unknown()),
        };
        let left = bytes.saturating_sub(wanted.offset);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(MAX_PART_BYTES);
        let path = self.path(wanted.token);
        let part = blocking(move || {
            let mut part = vec![0; length];
            let read =
                File::open(&path).and_then(|file| file.read_exact_at(&mut part, wanted.offset));
            read.map_err(|error| unwritable(&error))?;
            Ok(part.into())
        });
        let part = part.await?;
        if left <= length as u64
            && let Ok(entry) = own(&mut self.files(), wanted.token, who)
        {
            // What is to follow waits for more than that.
            entry.served = matches!(entry.state, State::Offered(Following::Nothing));
        }
        Ok(part)
    }

    /// Does what was to follow, now that the shell of `who` has said that the file is complete
    /// and durable there. Said again, it tells again how that ended.
    pub async fn arrived(
        &self,
        who: &str,
        arrived: &Arrived,
        watch: &Watch,
    ) -> Result<Vec<Value>, Fault> {
        let act = match self.begin_following(who, arrived)? {
            Following::Nothing => return Ok(Vec::new()),
            Following::Ended(result) => return result,
            Following::Running => {
                let message = "what follows this file is being done already";
                return Err(conflict(message, "wait, then look what was done"));
            }
            Following::Waiting(act) => act,
        };
        let result = act(watch.clone()).await;
        if let Ok(entry) = own(&mut self.files(), arrived.token, who) {
            entry.state = State::Offered(Following::Ended(result.clone()));
            entry.served = true;
        }
        result
    }

    /// How far what follows is; what waits is taken, and counts as running.
    fn begin_following(&self, who: &str, arrived: &Arrived) -> Result<Following, Fault> {
        let mut files = self.files();
        let entry = own(&mut files, arrived.token, who)?;
        if entry.sha256 != arrived.sha256 {
            let message = "the file that arrived is not the file that was sent";
            return Err(conflict(message, "nothing follows; run the cmdlet again"));
        }
        let State::Offered(following) = &mut entry.state else { return Err(unknown()) };
        Ok(match following {
            Following::Nothing => Following::Nothing,
            Following::Running => Following::Running,
            Following::Ended(result) => Following::Ended(result.clone()),
            Following::Waiting(_) => std::mem::replace(following, Following::Running),
        })
    }

    /// The name of a file of `who`'s, for the audit.
    pub fn name_of(&self, who: &str, token: Uuid) -> Result<String, Fault> {
        own(&mut self.files(), token, who).map(|it| it.name.clone())
    }
}

impl Delivery {
    /// Tells this when the file is safe.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Does this once the file is complete, durable and compared on the shell's machine, and not
    /// before: at most once, and never if the shell or this host goes before it says so.
    pub fn on_delivered<Fut>(mut self, act: impl FnOnce(Watch) -> Fut + Send + 'static) -> Self
    where
        Fut: Future<Output = Result<Vec<Value>, Fault>> + Send + 'static,
    {
        if let Some(entry) = self.spool.files().get_mut(&self.token) {
            let act = Box::new(|watch| -> Reply<'static, Vec<Value>> { Box::pin(act(watch)) });
            entry.state = State::Offered(Following::Waiting(act));
            self.acknowledge = true;
        }
        self
    }
}

impl From<Delivery> for Value {
    fn from(it: Delivery) -> Self {
        let object = Object::new(DELIVERY)
            .with("FileName", it.file_name)
            .with("Token", it.token.to_string())
            .with("Bytes", it.bytes)
            .with("Sha256", it.sha256)
            .with("Acknowledge", it.acknowledge)
            .with("Notes", it.notes);
        Self::Object(object)
    }
}

fn conflict(message: &str, hint: &str) -> Fault {
    Fault::new(FaultKind::Conflict, "not-delivered", message, hint)
}
