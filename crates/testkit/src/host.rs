//! One host of a deployment, on this machine: start it, kill its process, kill the host.
//!
//! Everything that runs on the host descends from a small process that outlives it (see
//! [`subreaper`](crate::subreaper)). So *the process died* and *the host died* are two faults here,
//! as they are in life.

use crate::processes::{self, Process};
use crate::{Account, binaries};
use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};

/// How long an order may take, killing a whole host included.
const ORDER: Duration = Duration::from_mins(1);

/// Between two looks whether a process has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// What runs on a host, and where.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: String,
    /// The program of the host's one process, and its arguments.
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// All that the host keeps; nobody else may work there.
    pub directory: PathBuf,
    /// Takes what the process says.
    pub log: PathBuf,
    /// The network namespace to live in, instead of ours.
    pub namespace: Option<String>,
}

/// A host, up or down. Dropping it kills all that runs there.
#[derive(Debug)]
pub struct Host {
    plan: Plan,
    subreaper: Child,
    pid: i32,
    orders: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Host {
    /// Makes a host on which nothing runs yet.
    pub fn new(plan: Plan) -> anyhow::Result<Self> {
        let program = binaries::find("standfast-host")?;
        let mut command = match &plan.namespace {
            None => Command::new(program),
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace]).arg(program);
                command
            }
        };
        command.arg(&plan.log).arg(&plan.program).args(&plan.arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let what = || format!("start what stands for host {}", plan.name);
        let mut subreaper = command.spawn().with_context(what)?;
        let pid = i32::try_from(subreaper.id()).with_context(what)?;
        let stdin = subreaper.stdin.take().with_context(what)?;
        let orders = Some(ChildStdin::from_std(stdin).with_context(what)?);
        let stdout = subreaper.stdout.take().with_context(what)?;
        let answers = BufReader::new(ChildStdout::from_std(stdout).with_context(what)?).lines();
        Ok(Self { plan, subreaper, pid, orders, answers })
    }

    pub fn name(&self) -> &str {
        &self.plan.name
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Starts the host's process.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        self.order("start").await.map(drop)
    }

    /// Kills the host's own process with SIGKILL, and nothing else: databases live on.
    pub async fn kill_process(&mut self) -> anyhow::Result<()> {
        self.order("kill-process").await.map(drop)
    }

    /// Kills everything on the host, and proves that nothing is left. Tells how many it killed.
    pub async fn kill_host(&mut self) -> anyhow::Result<usize> {
        let killed = self.order("kill-host").await?.parse().context("count killed processes")?;
        let ours = [self.pid, Pid::this().as_raw()];
        let left = processes::using(&self.plan.directory, &ours);
        ensure!(left.is_empty(), "host {} was killed, yet there are {left:?}", self.plan.name);
        Ok(killed)
    }

    /// Silences everything on the host (SIGSTOP): connections stay, nothing answers.
    pub async fn stop_all(&mut self) -> anyhow::Result<usize> {
        self.order("stop").await?.parse().context("count stopped processes")
    }

    /// Lets everything on the host go on.
    pub async fn continue_all(&mut self) -> anyhow::Result<()> {
        self.order("continue").await.map(drop)
    }

    /// Asks the host's process to end in good order, and waits until it has.
    pub async fn terminate(&mut self, deadline: Duration) -> anyhow::Result<()> {
        if self.main().await?.is_none() {
            return Ok(());
        }
        self.order("terminate").await?;
        let ended = async {
            while self.main().await?.is_some() {
                tokio::time::sleep(PAUSE).await;
            }
            anyhow::Ok(())
        };
        let ended = tokio::time::timeout(deadline, ended).await;
        ended
            .with_context(|| format!("host {} does not end: {}", self.plan.name, self.log_end()))?
    }

    /// The process number of the host's own process, while it lives.
    pub async fn main(&mut self) -> anyhow::Result<Option<i32>> {
        let answer = self.order("main").await?;
        Ok(answer.parse().ok())
    }

    /// Everything that lives on the host.
    pub fn processes(&self) -> Vec<Process> {
        let mut found = processes::descendants(self.pid);
        found.retain(Process::is_alive);
        found
    }

    /// Sends a signal to every process of the host whose command line holds `part`; tells whom.
    pub fn signal(&self, part: &str, signal: Signal) -> anyhow::Result<Vec<Process>> {
        let mut found = self.processes();
        found.retain(|it| it.command.contains(part));
        for process in &found {
            // It may end in this moment; then somebody else was faster.
            kill(Pid::from_raw(process.pid), signal).ok();
        }
        ensure!(!found.is_empty(), "nothing on host {} is called {part}", self.plan.name);
        Ok(found)
    }

    /// The number of a store's postmaster, as it says itself.
    pub fn postmaster(&self, store: &str) -> anyhow::Result<i32> {
        let file = self.plan.directory.join("instances").join(store).join("postmaster.pid");
        let text = std::fs::read_to_string(&file);
        let text = text.with_context(|| format!("read {}", file.display()))?;
        let first = text.lines().next().context("it has a first line")?;
        first.parse().with_context(|| format!("{first} is the number of a process"))
    }

    /// Kills a store's postmaster alone with SIGKILL, and tells its number.
    pub fn kill_postmaster(&self, store: &str) -> anyhow::Result<i32> {
        let pid = self.postmaster(store)?;
        kill(Pid::from_raw(pid), Signal::SIGKILL).with_context(|| format!("kill {pid}"))?;
        Ok(pid)
    }

    /// Makes the host's directory unreadable to everybody but root, as that of a dead machine.
    pub fn lock_directories(&self) -> anyhow::Result<()> {
        permit(&self.plan.directory, 0o000)
    }

    /// Makes the host's directory readable to the product again.
    pub fn unlock_directories(&self) -> anyhow::Result<()> {
        permit(&self.plan.directory, 0o700)
    }

    /// The machine burns, after its processes: a new one has its name and certificates, and nothing
    /// else.
    pub fn burn(&self) -> anyhow::Result<()> {
        self.unlock_directories()?;
        let directory = &self.plan.directory;
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name == "tls") {
                continue;
            }
            let is_directory = path.is_dir();
            let removed = if is_directory {
                std::fs::remove_dir_all(path)
            } else {
                std::fs::remove_file(path)
            };
            removed?;
        }
        Account::find()?.own(directory)
    }

    /// The last lines that the host's process has said.
    pub fn log_end(&self) -> String {
        const LINES: usize = 40;
        let text = std::fs::read_to_string(&self.plan.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }

    async fn order(&mut self, order: &str) -> anyhow::Result<String> {
        let name = &self.plan.name;
        let Some(orders) = &mut self.orders else { bail!("host {name} is gone") };
        let answers = &mut self.answers;
        let asked = tokio::time::timeout(ORDER, async {
            orders.write_all(format!("{order}\n").as_bytes()).await?;
            orders.flush().await?;
            answers.next_line().await
        });
        let answer =
            asked.await.with_context(|| format!("{order} on host {name} takes too long"))?;
        let answer = answer.with_context(|| format!("{order} on host {name}"))?;
        let answer = answer.with_context(|| format!("host {name} is gone"))?;
        match answer.split_once(' ') {
            Some(("ok", rest)) => Ok(rest.to_owned()),
            _ => bail!("{order} on host {name}: {}", answer.trim_start_matches("error ")),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.orders.take());
        // It kills all that runs there before it ends itself.
        if let Err(error) = self.subreaper.wait() {
            eprintln!("host {} may still have processes: {error}", self.plan.name);
        }
    }
}

fn permit(directory: &Path, mode: u32) -> anyhow::Result<()> {
    let what = || format!("set the permissions of {}", directory.display());
    std::fs::set_permissions(directory, PermissionsExt::from_mode(mode)).with_context(what)?;
    Account::find()?.own(directory)
}
