//! Files that a shell sends: parts in order, each counted once, the whole compared at the end.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::disk::{blocking, create, hexadecimal, unwritable};
use super::entry::{Entry, Incoming, State};
use super::limits::{MAX_NAME_BYTES, MAX_PART_BYTES};
use super::spool::{Spool, own, unknown};
use super::wire::Part;
use crate::fault::{Fault, FaultKind};

impl Spool {
    /// Takes a part of a file from `who`. Tells how much of it is here.
    pub async fn receive(&self, who: &str, part: Part) -> Result<u64, Fault> {
        let (spool, who) = (self.clone(), who.to_owned());
        blocking(move || spool.receive_now(&who, &part)).await
    }

    fn receive_now(&self, who: &str, part: &Part) -> Result<u64, Fault> {
        let Some(incoming) = self.begun(who, part)? else { return Ok(part.bytes) };
        let mut incoming = incoming.lock().unwrap_or_else(PoisonError::into_inner);
        let data = part.data.as_slice();
        let end = part.offset.saturating_add(data.len() as u64);
        if incoming.received < part.offset {
            let message = format!("this part begins after byte {}", incoming.received);
            return Err(wrong(message, "send the parts in order"));
        }
        if part.bytes < end || MAX_PART_BYTES < data.len() {
            return Err(wrong("this part is longer than said", "send the file again"));
        }
        if part.offset == incoming.received {
            incoming.file.write_all(data).map_err(|error| unwritable(&error))?;
            incoming.hasher.update(data);
            incoming.received = end;
        }
        if incoming.received < part.bytes {
            return Ok(incoming.received);
        }
        incoming.file.sync_all().map_err(|error| unwritable(&error))?;
        if hexadecimal(&incoming.hasher.clone().finalize()) != part.sha256 {
            self.discard(part.token);
            let message = format!("what came of {} is not what was sent", part.name);
            return Err(wrong(message, "send the file again"));
        }
        own(&mut self.files(), part.token, who)?.state = State::Arrived;
        Ok(part.bytes)
    }

    /// The file that `part` belongs to; none if it is here as a whole.
    fn begun(&self, who: &str, part: &Part) -> Result<Option<Arc<Mutex<Incoming>>>, Fault> {
        let mut files = self.files();
        if !files.contains_key(&part.token) {
            if part.offset != 0 || MAX_NAME_BYTES < part.name.len() {
                return Err(unknown());
            }
            self.make_room(&mut files, part.bytes)?;
            let file = create(&self.path(part.token))?;
            let incoming = Incoming { file, hasher: Sha256::new(), received: 0 };
            let entry = Entry {
                who: who.to_owned(),
                name: part.name.clone(),
                bytes: part.bytes,
                sha256: part.sha256.clone(),
                touched: Instant::now(),
                served: false,
                state: State::Arriving(Arc::new(Mutex::new(incoming))),
            };
            files.insert(part.token, entry);
        }
        let entry = own(&mut files, part.token, who)?;
        if entry.bytes != part.bytes || entry.sha256 != part.sha256 || entry.name != part.name {
            return Err(wrong("this part belongs to another file", "send the file again"));
        }
        match &entry.state {
            State::Arriving(incoming) => Ok(Some(Arc::clone(incoming))),
            State::Arrived => Ok(None),
            State::Offered(_) => Err(unknown()),
        }
    }
}

fn wrong(message: impl Into<String>, hint: &str) -> Fault {
    Fault::new(FaultKind::Misspoken, "bad-part", message, hint)
}
