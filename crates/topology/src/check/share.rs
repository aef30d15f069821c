//! Shares: where shipped WAL lies, and whether it survives what it is there for.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::index::Index;
use crate::findings::Findings;
use crate::meaning::share_directory;
use crate::said::{SaidPool, SaidShare};
use crate::table::Said;

/// What a host has in its data directory beside the share.
const HOSTS_OWN: [&str; 8] =
    ["audit", "instances", "keepers", "run", "secret", "spool", "store", "tls"];

pub(super) fn check(index: &Index<'_>, findings: &mut Findings) {
    let mut taken: BTreeMap<(&str, PathBuf), usize> = BTreeMap::new();
    for pool in &index.said.pools {
        let backup = pool.places.backup.as_ref();
        let default = || index.host_of_store(&backup?.value);
        let (line, host, directory) = match &pool.share {
            Some(share) => {
                self::share(share, pool, index, findings);
                let host = share.host.as_ref().map(|host| host.value.as_str());
                (share.line, host, share.directory.as_ref())
            }
            None => (pool.line, default(), None),
        };
        let Some(host) = host else { continue };
        let directory = share_directory(directory);
        if let Some(first) = taken.get(&(host, directory.clone())) {
            let what = format!(
                "the share is the directory `{}` on host `{host}`, which is another pool's \
                 (line {first})",
                directory.display()
            );
            findings.error(line, what, "write another `directory` in `share`");
        } else {
            taken.insert((host, directory), line);
        }
    }
}

fn share(share: &SaidShare, pool: &SaidPool, index: &Index<'_>, findings: &mut Findings) {
    if let Some(directory) = &share.directory {
        self::directory(directory, findings);
    }
    let Some(host) = &share.host else { return };
    if index.host(host, "host", findings).is_none() {
        return;
    }
    let Said { line, value: host } = host;
    let Some(backup) = &pool.places.backup else {
        let what = "the pool has a share and no backup to which anything is shipped";
        findings.error(*line, what, "name a store as `backup`, or remove `share`");
        return;
    };
    let Some(backup_host) = index.host_of_store(&backup.value) else { return };
    let site = index.site_of_host(host);
    if site.is_some() && site == index.home_site(&pool.places) {
        let what = format!(
            "the share is at home, on host `{host}`: when the home site is lost, the WAL that was \
             shipped and not yet replayed dies with it"
        );
        let to_do = format!("put the share on `{backup_host}`, the host of the backup instance");
        findings.warn(*line, what, to_do);
    } else if host != backup_host {
        let what = format!(
            "the share is on host `{host}`, and the backup instance that reads it on \
             `{backup_host}`"
        );
        let to_do = format!(
            "put the share on `{backup_host}`, or see that both hosts have the directory mounted \
             at one path"
        );
        findings.warn(*line, what, to_do);
    }
}

fn directory(said: &Said<String>, findings: &mut Findings) {
    let Said { line, value } = said;
    let path = PathBuf::from(value);
    let fault = if value.is_empty() {
        "is empty"
    } else if value.contains(char::is_control) {
        "has a control character in it"
    } else if path.components().any(|part| part == Component::ParentDir) {
        "has `..` in it"
    } else if begins_with_a_hosts_own(&path) {
        "lies in one that the host keeps for itself"
    } else if !path.components().any(|part| matches!(part, Component::Normal(_))) {
        "is no directory of its own"
    } else {
        return;
    };
    let to_do = "write an absolute path, or one inside the host's data directory";
    findings.error(*line, format!("the directory `{value}` {fault}"), to_do);
}

fn begins_with_a_hosts_own(path: &Path) -> bool {
    let first = path.components().find(|part| *part != Component::CurDir);
    first.is_some_and(|first| HOSTS_OWN.iter().any(|it| first.as_os_str() == *it))
}
