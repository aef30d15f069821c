//! What killed databases leave behind in the machine's memory.
//!
//! A server that starts again in the same directory takes care of it; one that never does, does
//! not. The demo promises that nothing is left lying around.

use crate::Account;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

/// Where shared memory shows as files.
const SHARED_MEMORY: &str = "/dev/shm";

/// How `PostgreSQL` calls its files there.
const PREFIX: &str = "PostgreSQL.";

/// The namespace of process ids from which all others are seen (`include/linux/proc_ns.h`).
const FIRST_NAMESPACE: &str = "pid:[4026531836]";

/// A server maps its memory within moments after it has made it.
const YOUNG: Duration = Duration::from_secs(2);

/// The line of `postmaster.pid` with key and number of the shared memory of System V.
const LINE: usize = 6;

/// Releases the shared memory of a server that was killed in `data` and will not start again.
pub fn release(data: &Path) {
    let file = std::fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let line = file.lines().nth(LINE).unwrap_or_default();
    let Some(id) = line.split_whitespace().nth(1) else { return };
    let Ok(account) = Account::find() else { return };
    // It refuses to remove what is not ours, and says nothing of use when it is gone already.
    let removed = account.command("/usr/bin/ipcrm").args(["--shmem-id", id]).output();
    if let Err(error) = removed {
        eprintln!("cannot run ipcrm: {error}");
    }
}

/// Removes shared memory of killed servers that no process has mapped any more.
///
/// Other tests start and stop servers at the same time. So what is there is listed first and then
/// compared with what is mapped: memory that is newer than the list is not touched, nor is memory
/// so young that its server may not have mapped it yet. Where not every process of the machine can
/// be seen, nothing is: the memory of one that is not seen would look as if nobody had it.
pub fn release_unmapped() {
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    if namespace.as_os_str() != FIRST_NAMESPACE {
        return;
    }
    let uid = match Account::find() {
        Ok(Account::Other { uid, .. }) => uid,
        _ => nix::unistd::Uid::effective(),
    };
    let entries = std::fs::read_dir(SHARED_MEMORY).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries.map(|entry| entry.path()).collect();
    found.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_ours = path.metadata().is_ok_and(|it| it.uid() == uid.as_raw() && is_old(&it));
        is_ours && name.starts_with(PREFIX)
    });
    let mut maps = String::new();
    for process in crate::processes::all() {
        // A process of somebody else keeps its own memory; only what is ours was found.
        maps += &std::fs::read_to_string(format!("/proc/{}/maps", process.pid)).unwrap_or_default();
    }
    for path in found.iter().filter(|it| !maps.contains(&*it.to_string_lossy())) {
        // Somebody who tidies at the same time may be faster.
        std::fs::remove_file(path).ok();
    }
}

fn is_old(file: &Metadata) -> bool {
    file.modified().is_ok_and(|it| it.elapsed().is_ok_and(|age| age > YOUNG))
}
