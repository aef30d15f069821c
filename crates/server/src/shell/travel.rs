//! Files that travel between this machine and the host: sent before a cmdlet runs, fetched after.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;

use admin::files::{Arrived, Part, Wanted, digest, limits};
use admin::{Fault, FaultKind, Told};
use shell::{Bytes, Object, Value};
use uuid::Uuid;

use super::place::{Existing, Fetched, look};
use crate::reach::Deployment;
use crate::run::{DELIVERED, DOWNLOAD, UPLOAD};
use crate::said::remark;

/// Sends the file at `path`; the host's cmdlet is given the object.
pub(super) async fn upload(
    deployment: &Deployment,
    name: &str,
    path: &Path,
) -> Result<Value, Fault> {
    let local = |error: io::Error| misspoken(format!("{name} cannot be read: {error}"));
    let mut file = File::open(path).map_err(local)?;
    let found = file.metadata().map_err(local)?;
    if !found.is_file() || limits::MAX_FILE_BYTES < found.len() {
        let most = limits::MAX_FILE_BYTES;
        return Err(misspoken(format!("{name} is no file of at most {most} bytes")));
    }
    let (bytes, sha256) = digest(&mut file).map_err(local)?;
    file.rewind().map_err(local)?;
    let token = Uuid::new_v4();
    let mut part = vec![0; limits::MAX_PART_BYTES];
    let mut offset = 0;
    loop {
        let read = read_full(&mut file, &mut part).map_err(local)?;
        let data = Bytes::from(&part[..read]);
        let (whose, sum) = (name.to_owned(), sha256.clone());
        let sent = Part { token, name: whose, bytes, sha256: sum, offset, data };
        let told: Result<u64, Fault> = call(deployment, UPLOAD, &sent).await?;
        offset += read as u64;
        if told? >= bytes {
            break;
        }
        if read == 0 {
            return Err(misspoken(format!("{name} became shorter while it was sent")));
        }
    }
    let object = Object::new("Upload")
        .with("Name", name)
        .with("Token", token.to_string())
        .with("Bytes", bytes)
        .with("Sha256", sha256);
    Ok(Value::Object(object))
}

/// Fetches what a cmdlet delivers to `path`; says that it is safe if the host waits for that.
/// Gives what the host tells then.
pub(super) async fn deliver(
    deployment: &Deployment,
    delivery: &Object,
    path: &Path,
    existing: Existing,
) -> Result<Vec<Value>, Fault> {
    let local = |error: io::Error| {
        let hint = "nothing was removed anywhere; then run it again";
        Fault::new(FaultKind::Failed, "not-delivered", error.to_string(), hint)
    };
    let text = |name: &str| delivery.get(name).map(ToString::to_string).unwrap_or_default();
    let token: Uuid = text("Token").parse().map_err(|_| malformed())?;
    let bytes: u64 = text("Bytes").parse().map_err(|_| malformed())?;
    let sha256 = text("Sha256");
    look(path, existing).map_err(local)?;
    let mut fetched = Fetched::begin(path, &token.to_string()).map_err(local)?;
    let mut offset = 0;
    while offset < bytes {
        let wanted = Wanted { token, offset };
        let part: Result<Bytes, Fault> = call(deployment, DOWNLOAD, &wanted).await?;
        let part = part?;
        if part.as_slice().is_empty() || limits::MAX_PART_BYTES < part.as_slice().len() {
            return Err(malformed());
        }
        fetched.write(part.as_slice()).map_err(local)?;
        offset += part.as_slice().len() as u64;
    }
    fetched.verify(bytes, &sha256).map_err(local)?;
    let waits = delivery.get("Acknowledge") == Some(&Value::Bool(true));
    // As when the same line is given again after all was removed: the file has it.
    if waits && fetched.adds_nothing_to(path).map_err(local)? {
        remark(&format!("nothing was left to be removed; {} stays as it is", path.display()));
        return Ok(Vec::new());
    }
    if let Some(beside) = fetched.place(path, existing).map_err(local)? {
        remark(&format!("the older export is kept as {}", beside.display()));
    }
    for note in delivery.get("Notes").cloned().unwrap_or_default().into_objects() {
        remark(&note.to_string());
    }
    if !waits {
        return Ok(Vec::new());
    }
    let arrived = Arrived { token, sha256 };
    let told = |told: Told| remark(&told.to_string());
    let followed = deployment.ask(DELIVERED, &arrived, told).await;
    let followed: Result<Vec<Value>, Fault> = followed.map_err(|error| {
        let message =
            format!("{} is complete; what was to follow is not known: {error}", path.display());
        let hint = "run it again: it goes on from what is there";
        Fault::new(FaultKind::Unknown, "host", message, hint)
    })?;
    followed.map_err(|mut fault| {
        fault.message = format!("{} is complete; {}", path.display(), fault.message);
        fault
    })
}

async fn call<Req, Ans>(deployment: &Deployment, path: &str, request: &Req) -> Result<Ans, Fault>
where
    Req: serde::Serialize + Sync,
    Ans: serde::de::DeserializeOwned,
{
    deployment.call(path, request).await.map_err(|error| {
        let message = format!("host {}: {error}", deployment.host());
        Fault::new(FaultKind::Unavailable, "host", message, "run it again")
    })
}

/// Reads until `part` is full or the file ends.
fn read_full(file: &mut File, part: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < part.len() {
        match file.read(&mut part[filled..])? {
            0 => break,
            more => filled += more,
        }
    }
    Ok(filled)
}

fn misspoken(message: String) -> Fault {
    Fault::misspoken(message, "name a file on this machine")
}

fn malformed() -> Fault {
    let message = "the host delivers a file in a way that this shell does not know";
    Fault::new(FaultKind::Failed, "not-delivered", message, "see that both run the same version")
}

#[cfg(test)]
mod tests;
