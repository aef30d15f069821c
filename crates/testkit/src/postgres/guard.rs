//! A process beside a throw-away server, which ends the server when we end.
//!
//! A postmaster's children lead process groups of their own, and a test may be killed at any
//! moment. So a shell waits for the end of a pipe that only we hold open, and then stops the
//! server; the pipe ends with us, whatever kills us.

use crate::processes::is_alive;
use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// `$1` is the server's own words; the rest is its command line.
const SCRIPT: &str = r#"
log=$1; shift; exec 2>>"$log"
"$@" </dev/null >&2 &
echo $!
exec >&-
cat >/dev/null
kill -CONT $! 2>/dev/null
kill -QUIT $! 2>/dev/null
wait $!
"#;

#[derive(Debug)]
pub(super) struct Guard {
    shell: Child,
    /// Closing it ends the server.
    leash: Option<ChildStdin>,
    pid: Pid,
}

impl Guard {
    pub(super) fn start(
        mut command: Command,
        program: &Path,
        arguments: &[String],
        log: &Path,
    ) -> anyhow::Result<Self> {
        command.args(["-c", SCRIPT, "guard"]).arg(log).arg(program).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.spawn().context("start the guard of a PostgreSQL server")?;
        let leash = shell.stdin.take();
        let mut line = String::new();
        let stdout = shell.stdout.take().context("read from the guard")?;
        BufReader::new(stdout).read_line(&mut line).context("read the server's process number")?;
        let pid = line.trim().parse().context("understand the server's process number")?;
        Ok(Self { shell, leash, pid: Pid::from_raw(pid) })
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// The server's process is there, and not a zombie.
    pub(super) fn is_alive(&self) -> bool {
        is_alive(self.pid.as_raw())
    }

    /// Stops the server at once, as `pg_ctl stop -m immediate`, and waits for its end.
    pub(super) fn stop(&mut self) {
        drop(self.leash.take());
        // The guard waits for the server, and we for the guard.
        self.shell.wait().ok();
    }

    /// Kills postmaster and children, and waits until all are gone.
    pub(super) fn kill(&mut self) {
        // Stopped first, so that it makes no new children while we list them.
        kill(self.pid, Signal::SIGSTOP).ok();
        let children = children(self.pid);
        kill(self.pid, Signal::SIGKILL).ok();
        for child in &children {
            kill(*child, Signal::SIGKILL).ok();
        }
        self.stop();
        while children.iter().any(|child| is_alive(child.as_raw())) {
            std::thread::yield_now();
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.stop();
    }
}

fn children(pid: Pid) -> Vec<Pid> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let list = File::open(path).and_then(std::io::read_to_string).unwrap_or_default();
    list.split_whitespace().filter_map(|it| it.parse().ok()).map(Pid::from_raw).collect()
}
