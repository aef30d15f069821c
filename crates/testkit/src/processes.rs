//! Processes as `/proc` shows them.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// One process that is running, or stopped, or has ended without having been waited for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Process {
    pub pid: i32,
    pub parent: i32,
    /// `Z` has ended, `T` is stopped; see proc(5).
    pub state: char,
    /// Its command line, or what it calls itself, such as `postgres: walsender`.
    pub command: String,
}

impl Process {
    /// Looks at one process; none, if it is gone.
    pub fn look(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold anything; state and parent follow it.
        let mut fields = stat.rsplit(')').next()?.split_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&line).replace('\0', " ").trim().to_owned();
        Some(Self { pid, parent, state, command })
    }

    /// It can still do something.
    pub fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }

    /// Does it work in this directory, or has it been told of it?
    fn uses(&self, directory: &Path) -> bool {
        let works_there = std::fs::read_link(format!("/proc/{}/cwd", self.pid))
            .is_ok_and(|cwd| cwd.starts_with(directory));
        works_there
            || self.command.contains(&*String::from_utf8_lossy(directory.as_os_str().as_bytes()))
    }
}

/// Is there a process of this number that can still do something?
pub fn is_alive(pid: i32) -> bool {
    Process::look(pid).is_some_and(|it| it.is_alive())
}

/// All processes on the machine that we can see.
pub fn all() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(Process::look).collect()
}

/// The children of `ancestor`, their children, and so on.
pub fn descendants(ancestor: i32) -> Vec<Process> {
    let mut by_parent: BTreeMap<i32, Vec<Process>> = BTreeMap::new();
    for process in all() {
        by_parent.entry(process.parent).or_default().push(process);
    }
    let mut found = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        let children = by_parent.remove(&parent).unwrap_or_default();
        parents.extend(children.iter().map(|it| it.pid));
        found.extend(children);
    }
    found
}

/// Living processes that work in `directory` or have been told of it, but for `except`.
pub fn using(directory: &Path, except: &[i32]) -> Vec<Process> {
    let mut found = all();
    found.retain(|it| it.is_alive() && !except.contains(&it.pid) && it.uses(directory));
    found
}
