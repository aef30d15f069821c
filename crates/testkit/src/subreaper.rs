//! The small process that stands for a host: all that runs on the host descends from it.
//!
//! A postmaster leads a group and a login of its own, so neither holds a host together. Orphans of
//! our descendants become our children, because we are a subreaper, until we end. We obey lines on
//! standard input, answer each with one line, and kill everything when standard input ends: the
//! host ends with the test that made it, whatever ends the test.

use crate::Account;
use crate::processes::{self, Process};
use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};

/// How long all processes may take to vanish after they were killed, or to stop.
const DEADLINE: Duration = Duration::from_secs(20);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(1);

/// Serves a host until standard input ends. `arguments` are the file that takes what the host's
/// process says, its program, and the program's arguments.
pub fn run(arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    nix::sys::prctl::set_child_subreaper(true).context("become the parent of orphans")?;
    let mut arguments = arguments.collect::<Vec<_>>().into_iter();
    let log = PathBuf::from(arguments.next().context("the first argument is the log file")?);
    let program = PathBuf::from(arguments.next().context("the second argument is the program")?);
    let host = Subreaper { log, program, arguments: arguments.collect(), main: None };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("start a runtime")?.block_on(host.serve())
}

struct Subreaper {
    log: PathBuf,
    program: PathBuf,
    arguments: Vec<String>,
    /// The host's own process, while it lives.
    main: Option<Pid>,
}

impl Subreaper {
    async fn serve(mut self) -> anyhow::Result<()> {
        let mut ended = signal(SignalKind::child()).context("hear of ended children")?;
        // Ctrl-C reaches the whole terminal; whoever holds our standard input decides.
        let _ignored = signal(SignalKind::interrupt()).context("ignore Ctrl-C")?;
        let orders = std::io::stdin().as_fd().try_clone_to_owned().context("take the orders")?;
        let orders = pipe::Receiver::from_owned_fd(orders).context("the orders come by a pipe")?;
        let mut lines = BufReader::new(orders).lines();
        loop {
            tokio::select! {
                line = lines.next_line() => {
                    let Ok(Some(line)) = line else { break };
                    let answer = match self.obey(&line).await {
                        Ok(answer) => format!("ok {answer}\n"),
                        Err(error) => format!("error {error:#}\n"),
                    };
                    if say(&answer).is_err() {
                        break;
                    }
                }
                _ = ended.recv() => self.reap(),
            }
        }
        self.kill_all().await.map(drop)
    }

    async fn obey(&mut self, line: &str) -> anyhow::Result<String> {
        match line {
            "start" => self.start(),
            "kill-process" => self.signal_main(Signal::SIGKILL).await,
            "terminate" => self.signal_main(Signal::SIGTERM).await,
            "kill-host" => self.kill_all().await.map(|count| count.to_string()),
            "stop" => self.stop_all().await.map(|count| count.to_string()),
            "continue" => {
                let all = others();
                for process in &all {
                    send(process, Signal::SIGCONT);
                }
                Ok(all.len().to_string())
            }
            "main" => {
                self.reap();
                Ok(self.main.map_or("none".to_owned(), |pid| pid.to_string()))
            }
            _ => bail!("no such order: {line}"),
        }
    }

    fn start(&mut self) -> anyhow::Result<String> {
        self.reap();
        if let Some(pid) = self.main {
            bail!("already running as process {pid}");
        }
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.with_context(|| format!("open {}", self.log.display()))?;
        let mut command = Account::find()?.command(&self.program);
        command.args(&self.arguments).stdin(Stdio::null());
        for (name, value) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("RUST_") {
                command.env(name, value);
            }
        }
        command.stdout(log.try_clone().context("share the log file")?).stderr(log);
        let child = command.spawn();
        let child = child.with_context(|| format!("start {}", self.program.display()))?;
        let pid = Pid::from_raw(i32::try_from(child.id()).context("a process number")?);
        self.main = Some(pid);
        Ok(pid.to_string())
    }

    async fn signal_main(&mut self, how: Signal) -> anyhow::Result<String> {
        self.reap();
        let Some(pid) = self.main else { bail!("not running") };
        kill(pid, how).with_context(|| format!("send {how} to process {pid}"))?;
        let end = Instant::now() + DEADLINE;
        while how == Signal::SIGKILL && self.main.is_some() {
            if Instant::now() > end {
                bail!("process {pid} is still there");
            }
            tokio::time::sleep(PAUSE).await;
            self.reap();
        }
        Ok(pid.to_string())
    }

    /// Kills everything that descends from us, again and again until `/proc` shows nothing.
    async fn kill_all(&mut self) -> anyhow::Result<usize> {
        let mut killed = std::collections::BTreeSet::new();
        let end = Instant::now() + DEADLINE;
        loop {
            self.reap();
            let left = others();
            if left.is_empty() {
                return Ok(killed.len());
            }
            if Instant::now() > end {
                bail!("still there: {left:?}");
            }
            for process in left.iter().filter(|it| it.is_alive()) {
                killed.insert(process.pid);
                send(process, Signal::SIGKILL);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Stops everything, until nothing is left that could start another process.
    async fn stop_all(&mut self) -> anyhow::Result<usize> {
        let end = Instant::now() + DEADLINE;
        loop {
            let all = others();
            let running: Vec<_> =
                all.iter().filter(|it| it.is_alive() && it.state != 'T').collect();
            if running.is_empty() {
                return Ok(all.len());
            }
            if Instant::now() > end {
                bail!("still running: {running:?}");
            }
            for process in running {
                send(process, Signal::SIGSTOP);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Takes note of children that have ended, ours and those we inherited.
    fn reap(&mut self) {
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            if status == WaitStatus::StillAlive {
                break;
            }
            if status.pid() == self.main {
                self.main = None;
            }
        }
    }
}

fn say(answer: &str) -> std::io::Result<()> {
    let mut answers = std::io::stdout();
    answers.write_all(answer.as_bytes())?;
    answers.flush()
}

fn others() -> Vec<Process> {
    processes::descendants(Pid::this().as_raw())
}

fn send(process: &Process, how: Signal) {
    // It may have ended since we looked.
    kill(Pid::from_raw(process.pid), how).ok();
}
