//! Starting, adopting, stopping and killing the server of a data directory.
//!
//! `PostgreSQL` outlives a crash of ours: a postmaster that runs already is adopted, never doubled.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use crate::command::{last_words, says_disk_full};
use crate::postmaster::{self, PidFile, Process, Status};
use crate::server_log::ServerLog;
use crate::{ControlData, Error, Found, Instance, files, port};

/// Between two looks at a server that starts or at processes that die.
const PAUSE: Duration = Duration::from_millis(10);

/// How long killed processes may take to be gone.
const KILL_LIMIT: Duration = Duration::from_secs(20);

/// With less space than this a server cannot even say why it does not start.
const SPEECHLESS_BYTES: u64 = 64 * 1024;

/// A server that takes connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    pub pid: u32,
    pub how: How,
}

/// Did we start it?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Fresh,
    /// It ran already.
    Adopted,
}

/// How to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopMode {
    /// Clients are cut off, all is written, standbys receive the last of it.
    Fast,
    /// As a crash, in order: the next start recovers.
    Immediate,
}

/// How long each process of a server has had a processor. Two that are equal: not one of them has
/// moved in between, be it ever so busy a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work(BTreeMap<u32, u64>);

impl Instance {
    /// Starts the server, or adopts the one that runs, and waits until it takes connections.
    ///
    /// At the limit a server that still recovers is left running: [`Error::StillStarting`].
    pub async fn start(&self, limit: Duration) -> Result<Started, Error> {
        let _alone = self.inner.changing.lock().await;
        let end = Instant::now() + limit;
        let kills_before = *self.inner.kills.lock().await;
        let directory = self.data().to_owned();
        match self.found().await? {
            Found::Missing => return Err(Error::Missing { directory }),
            Found::Foreign(why) => return Err(Error::Foreign { directory, why }),
            Found::Unusable(why) => return Err(Error::Unusable { directory, why }),
            Found::Running { .. } | Found::Stopped(_) => {}
        }
        if let Some(postmaster) = postmaster::running(&directory)? {
            let pid = postmaster.pid;
            let log = ServerLog::from_now(&self.spec().log_directory());
            self.wait_until_ready(postmaster, &log, (end, limit)).await?;
            return Ok(Started { pid, how: How::Adopted });
        }
        self.prepare_start().await?;
        let log = ServerLog::from_now(&self.spec().log_directory());
        let postmaster = {
            let kills = self.inner.kills.lock().await;
            if *kills != kills_before {
                return Err(Error::KilledMeanwhile { name: self.name().to_owned() });
            }
            self.spawn(&log)?
        };
        let pid = postmaster.pid;
        self.wait_until_ready(postmaster, &log, (end, limit)).await?;
        Ok(Started { pid, how: How::Fresh })
    }

    /// Everything that can be refused in a clear sentence before `PostgreSQL` is asked.
    async fn prepare_start(&self) -> Result<(), Error> {
        let spec = self.spec();
        self.refuse_long_socket()?;
        files::private_directory(&spec.socket_dir)?;
        files::private_directory(&spec.log_directory())?;
        files::refuse_loose(&spec.tls.key, 0o600)?;
        // Backends of a postmaster that was killed would keep the new one out.
        self.kill_inhabitants().await?;
        port::refuse_taken(spec.address, spec.port)?;
        // PostgreSQL would believe the number in it, whoever has that now.
        files::remove_file(&files::with_suffix(&spec.socket(), ".lock"))?;
        // The topology may have moved the instance's port, address or certificates.
        self.write_files(self.data(), self.marker()?).await
    }

    fn spawn(&self, log: &ServerLog) -> Result<Process, Error> {
        let path = log.startup();
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(|it| Error::io("write", &path, it))?;
        let clone = file.try_clone().map_err(|it| Error::io("write", &path, it))?;
        let mut command = self.spec().binaries.command("postgres");
        command.arg("-D").arg(self.data()).env(postmaster::MARK, self.name());
        // Where a kill finds it from its first moment.
        command.current_dir(self.data());
        // A file and no pipe, and not killed with us: it is to outlive our crash.
        command.stdout(Stdio::from(file)).stderr(Stdio::from(clone)).kill_on_drop(false);
        let program = self.spec().binaries.program("postgres");
        let mut child = command.spawn().map_err(|it| Error::io("run", &program, it))?;
        let held = child.id().map(Process::hold).transpose()?.flatten();
        let name = self.name().to_owned();
        self.inner.tasks.spawn(async move {
            match child.wait().await {
                Ok(status) => tracing::info!(instance = name, %status, "postmaster ended"),
                Err(error) => {
                    tracing::error!(instance = name, %error, "cannot wait for postmaster");
                }
            }
        });
        match held {
            Some(process) => Ok(process),
            None => Err(self.did_not_start(log)),
        }
    }

    async fn wait_until_ready(
        &self,
        postmaster: Process,
        log: &ServerLog,
        (end, limit): (Instant, Duration),
    ) -> Result<(), Error> {
        let pid = postmaster.pid;
        let ended = postmaster.ended();
        tokio::pin!(ended);
        loop {
            let said = PidFile::read(self.data())?;
            if said.is_some_and(|it| it.pid == pid && it.status == Status::Ready) {
                return Ok(());
            }
            tokio::select! {
                ended = &mut ended => {
                    ended?;
                    return Err(self.did_not_start(log));
                }
                () = tokio::time::sleep(PAUSE) => {}
            }
            if Instant::now() >= end {
                return Err(Error::StillStarting { name: self.name().to_owned(), pid, limit });
            }
        }
    }

    fn did_not_start(&self, log: &ServerLog) -> Error {
        let said = log.complaints();
        // A server on a full disk may not have room to say so.
        let speechless = said.trim().is_empty()
            && files::free_bytes(self.data()).is_some_and(|free| free < SPEECHLESS_BYTES);
        if speechless || says_disk_full(&said) {
            return Error::disk_full(self.data(), &format!("start instance {}", self.name()));
        }
        Error::DidNotStart { name: self.name().to_owned(), said: last_words(&said) }
    }

    /// Stops the server, and tells how its control file then stands: of a primary stopped
    /// [`Fast`](StopMode::Fast), `checkpoint` is the end of all that it wrote.
    ///
    /// Nothing happens if it does not run. At the limit it may still be stopping.
    pub async fn stop(&self, mode: StopMode, limit: Duration) -> Result<ControlData, Error> {
        let _alone = self.inner.changing.lock().await;
        self.marker()?;
        self.inner.warm.lock().await.take();
        if let Some(postmaster) = postmaster::running(self.data())? {
            postmaster.signal(match mode {
                StopMode::Fast => Signal::INT,
                StopMode::Immediate => Signal::QUIT,
            })?;
            if !postmaster.ended_within(limit).await? {
                let doing = format!("stop instance {}", self.name());
                return Err(Error::TimedOut { doing, limit });
            }
        }
        self.control_data().await
    }

    /// Kills the postmaster and everything that works in the data directory, and proves that
    /// nothing is left: no process, and nobody attached to its shared memory.
    ///
    /// Returns how many processes were killed. Works on a directory in any state.
    pub async fn kill(&self) -> Result<usize, Error> {
        // Not behind `changing`: a start that hangs must not hold up a fence.
        let mut kills = self.inner.kills.lock().await;
        *kills += 1;
        self.kill_inhabitants().await
    }

    async fn kill_inhabitants(&self) -> Result<usize, Error> {
        let data = self.data();
        let said = PidFile::read(data)?;
        let end = Instant::now() + KILL_LIMIT;
        let mut killed = BTreeSet::new();
        // The postmaster first, so that it starts nothing more.
        if let Some(postmaster) = postmaster::running(data)? {
            postmaster.signal(Signal::KILL)?;
            killed.insert(postmaster.pid);
        }
        let shared_memory = said.as_ref().and_then(|it| it.shared_memory);
        loop {
            let left = postmaster::inhabitants(data)?;
            for process in &left {
                process.signal(Signal::KILL)?;
                killed.insert(process.pid);
            }
            let attached = shared_memory.map(postmaster::attached).transpose()?.unwrap_or(0);
            if left.is_empty() && attached == 0 {
                break;
            }
            if Instant::now() >= end {
                let what =
                    format!("{} processes, {attached} attached to shared memory", left.len());
                let left = left.len().max(attached);
                let directory = data.to_owned();
                return Err(Error::NotKilled { directory, left, what, limit: KILL_LIMIT });
            }
            tokio::time::sleep(PAUSE).await;
        }
        // It is proven to mean nobody; its number may come to mean a stranger.
        if said.is_some() {
            files::remove_file(&data.join("postmaster.pid"))?;
        }
        Ok(killed.len())
    }

    /// Waits until the postmaster has ended; returns at once if none runs.
    pub async fn exited(&self) -> Result<(), Error> {
        match postmaster::running(self.data())? {
            Some(postmaster) => postmaster.ended().await,
            None => Ok(()),
        }
    }

    /// The postmaster's process number, if one runs.
    pub fn pid(&self) -> Result<Option<u32>, Error> {
        Ok(postmaster::running(self.data())?.map(|it| it.pid))
    }

    /// What its processes have done until now; `None` where the system does not count it.
    pub fn work(&self) -> Result<Option<Work>, Error> {
        let processes = postmaster::inhabitants(self.data())?;
        let of = |it: &Process| Some((it.pid, postmaster::processor_time(it.pid)?));
        let work: Option<BTreeMap<_, _>> = processes.iter().map(of).collect();
        Ok(work.filter(|it| !it.is_empty()).map(Work))
    }

    /// Does the running server say that it takes connections?
    pub fn says_ready(&self) -> Result<bool, Error> {
        let said = PidFile::read(self.data())?;
        Ok(said.is_some_and(|it| it.status == Status::Ready))
    }

    /// Refuses work that needs the server stopped.
    pub(crate) fn refuse_running(&self) -> Result<(), Error> {
        let directory = self.data().to_owned();
        match postmaster::inhabitants(&directory)?.first() {
            Some(process) => Err(Error::Running { directory, pid: process.pid }),
            None => Ok(()),
        }
    }
}

/// What an ordinary user may still write below a path, in bytes; `None` if it cannot be told.
pub fn free_bytes(path: &Path) -> Option<u64> {
    fs::metadata(path).ok()?;
    files::free_bytes(path)
}
