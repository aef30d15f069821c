//! The one place that makes child processes.
//!
//! A child gets a short fixed environment, no input, a process group of its own and a deadline; its
//! output is kept up to a limit, the end rather than the beginning. A child does not outlive the
//! future that waits for it, except the postmaster, which is meant to.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::Error;

/// Output kept of a child, in bytes, for each of its two streams.
const OUTPUT_LIMIT_BYTES: usize = 256 * 1024;

/// What is quoted of a child's complaint, in bytes.
const SAID_LIMIT_BYTES: usize = 1200;

/// How long a killed child may take to be gone.
const REAP_LIMIT: Duration = Duration::from_secs(5);

/// Begins a child process: environment cleared, no input, own process group, killed when dropped.
pub fn prepare(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir("/")
        .stdin(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Kills a child's whole process group, unless it has been waited for.
///
/// `pg_basebackup` has a child of its own that streams; killing the parent alone leaves it.
#[derive(Debug)]
pub struct Group {
    child: Child,
    leader: Option<Pid>,
}

impl Group {
    /// Takes charge of a child that [`prepare`] began.
    pub fn new(child: Child) -> Self {
        let leader = child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw);
        Self { child, leader }
    }

    /// Waits for the child to end.
    pub async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.leader = None;
        Ok(status)
    }

    /// Kills the group and waits until the child is gone.
    pub async fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        if tokio::time::timeout(REAP_LIMIT, self.wait()).await.is_err() {
            tracing::error!(pid = ?self.leader, "a killed child process does not end");
        }
    }

    /// The child, to take its streams.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Signals every process of the group; nothing if the child was waited for.
    pub fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader
            && let Err(error) = killpg(leader, signal)
        {
            tracing::debug!(%leader, %error, "the process group is gone already");
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("command", &self.command).field("doing", &self.doing).finish()
    }
}

/// What a child that ended well has said.
#[derive(Debug)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
}

/// A child process to run to its end.
pub struct Run<'a> {
    command: Command,
    doing: &'a str,
    limit: Duration,
    writes_below: Option<PathBuf>,
    heard: Box<dyn FnMut(&str) + Send + 'a>,
}

impl<'a> Run<'a> {
    /// `doing` completes the sentence "could not …"; the child is killed after `limit`.
    pub fn new(command: Command, doing: &'a str, limit: Duration) -> Self {
        Self { command, doing, limit, writes_below: None, heard: Box::new(|_| {}) }
    }

    /// The child writes below this directory: a full disk there gets its own error.
    pub fn writing_below(mut self, directory: &Path) -> Self {
        self.writes_below = Some(directory.to_owned());
        self
    }

    /// Calls `heard` with every piece of standard error as it comes.
    pub fn hearing(mut self, heard: impl FnMut(&str) + Send + 'a) -> Self {
        self.heard = Box::new(heard);
        self
    }

    /// Runs it. Anything but exit status 0 is an error that quotes the child.
    pub async fn output(mut self) -> Result<Output, Error> {
        let program = PathBuf::from(self.command.as_std().get_program());
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = self.command.spawn().map_err(|it| Error::io("run", &program, it))?;
        let mut group = Group::new(child);
        let stdout = group.child().stdout.take().expect("stdout is piped");
        let stderr = group.child().stderr.take().expect("stderr is piped");
        let mut heard = self.heard;
        let ends = async {
            tokio::try_join!(read_tail(stdout, |_| {}), read_tail(stderr, &mut heard), group.wait())
        };
        let Ok(ended) = tokio::time::timeout(self.limit, ends).await else {
            group.kill().await;
            return Err(Error::TimedOut { doing: self.doing.to_owned(), limit: self.limit });
        };
        let (stdout, stderr, status) = ended.map_err(|it| Error::io("listen to", &program, it))?;
        if status.success() {
            return Ok(Output { stdout, stderr });
        }
        if let Some(directory) = &self.writes_below
            && says_disk_full(&stderr)
        {
            return Err(Error::disk_full(directory, self.doing));
        }
        Err(Error::Command {
            doing: self.doing.to_owned(),
            program: program.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            status: status.to_string(),
            said: last_words(&stderr),
        })
    }
}

/// Does this text of `PostgreSQL`'s complain of a full disk?
pub(crate) fn says_disk_full(text: &str) -> bool {
    text.contains("No space left on device") || text.contains("Disk quota exceeded")
}

/// The end of what a program said, in one line.
pub(crate) fn last_words(text: &str) -> String {
    let mut start = text.len().saturating_sub(SAID_LIMIT_BYTES);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let lines: Vec<_> = text[start..].lines().map(str::trim).filter(|it| !it.is_empty()).collect();
    if lines.is_empty() { "it said nothing".to_owned() } else { lines.join("; ") }
}

/// Reads to the end, keeping the last [`OUTPUT_LIMIT_BYTES`].
async fn read_tail(
    mut from: impl AsyncRead + Unpin,
    mut heard: impl FnMut(&str),
) -> std::io::Result<String> {
    let mut kept = Vec::new();
    let mut piece = vec![0; 8192];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(String::from_utf8_lossy(&kept).into_owned());
        }
        heard(&String::from_utf8_lossy(&piece[..length]));
        kept.extend_from_slice(&piece[..length]);
        if kept.len() > OUTPUT_LIMIT_BYTES {
            kept.drain(..kept.len() - OUTPUT_LIMIT_BYTES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    fn shell(script: &str) -> Command {
        let mut command = prepare(Path::new("/bin/sh"));
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn a_child_sees_only_our_environment() {
        let run = Run::new(shell("env | sort; cat"), "list the environment", LIMIT);
        let seen = run.output().await.unwrap().stdout;
        let names: Vec<_> = seen.lines().filter_map(|it| it.split('=').next()).collect();
        assert_eq!(names, ["LANG", "LC_ALL", "PATH", "PWD", "TZ"]);
    }

    #[tokio::test]
    async fn a_failure_quotes_the_child() {
        let run = Run::new(shell("echo first >&2; echo second >&2; exit 3"), "try", LIMIT);
        let error = run.output().await.unwrap_err().to_string();
        assert_eq!(error, "could not try: `sh` ended with exit status: 3: first; second");
    }

    #[tokio::test]
    async fn the_end_of_long_output_is_kept() {
        let run = Run::new(shell("seq 1 200000"), "count", LIMIT);
        let seen = run.output().await.unwrap().stdout;
        assert!(seen.len() <= OUTPUT_LIMIT_BYTES && seen.ends_with("\n200000\n"));
    }

    #[tokio::test]
    async fn the_deadline_kills_the_grandchild_too() {
        let script = "sleep 600 & echo $! >&2; wait";
        let mut grandchild = String::new();
        let limit = Duration::from_millis(500);
        let run = Run::new(shell(script), "wait", limit).hearing(|it| grandchild.push_str(it));
        assert!(matches!(run.output().await, Err(Error::TimedOut { .. })));
        let stat = PathBuf::from(format!("/proc/{}/stat", grandchild.trim()));
        let gone = async {
            // A killed orphan may stay a zombie for as long as its new parent likes.
            while std::fs::read_to_string(&stat).is_ok_and(|it| !it.contains(") Z ")) {
                // On purpose: the wait between two looks, under a deadline.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LIMIT, gone).await.expect("the grandchild is gone");
    }
}
