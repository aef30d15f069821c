//! One `PostgreSQL` server: where it is, and the handle by which everything is done to it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::process::Signal;
use tokio::sync::Mutex;
use tokio_util::task::TaskTracker;

use crate::connection::Connection;
use crate::control_data::LastRead;
use crate::marker::{self, Marker};
use crate::postmaster;
use crate::settings::{self, Gate, Role, Settings, Standby};
use crate::{Binaries, ControlData, Error, Tls, access, files};

/// The longest path that the system lets a Unix socket have, in bytes.
const SOCKET_PATH_LIMIT: usize = 107;

/// The line by which postgresql.conf takes in our settings.
const INCLUDE: &str = "include 'standfast.conf'";

/// Where an instance is and what it is made of. Never changes while the process runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The store's name in the topology.
    pub name: String,
    /// The data directory. Beside it stand `<data>.log` and, at times, `<data>.new`,
    /// `<data>.old-<time>` and `<data>.rewinding`.
    pub data: PathBuf,
    /// A directory for the private socket, for us alone.
    pub socket_dir: PathBuf,
    /// The host's address, to listen on.
    pub address: IpAddr,
    pub port: u16,
    pub tls: Tls,
    pub binaries: Binaries,
}

impl Spec {
    /// Where the server's own log is written.
    pub fn log_directory(&self) -> PathBuf {
        files::with_suffix(&self.data, ".log")
    }

    /// The path of the private socket.
    pub fn socket(&self) -> PathBuf {
        self.socket_dir.join(format!(".s.PGSQL.{}", self.port))
    }
}

/// What stands where an instance's data directory should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing, or an empty directory.
    Missing,
    /// Something that is not this instance's; why.
    Foreign(String),
    /// Ours, and not to be started: a rewind broke off. Reseed it.
    Unusable(String),
    Stopped(ControlData),
    Running {
        pid: u32,
    },
}

/// The handle to one `PostgreSQL` server. Clones are the same handle.
#[derive(Clone, Debug)]
pub struct Instance {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) spec: Spec,
    /// Owns what drives connections and what waits for the postmaster we started.
    pub(crate) tasks: TaskTracker,
    /// Held by whoever changes the data directory, starts or stops.
    pub(crate) changing: Mutex<()>,
    /// How often it was killed. Held while killing, and while a process is made: so a kill sees
    /// every process, and a start that was under way does not go on.
    pub(crate) kills: Mutex<u64>,
    /// The connection that observes.
    pub(crate) warm: Mutex<Option<Connection>>,
    pub(crate) control: LastRead,
}

impl Instance {
    /// Touches nothing.
    pub fn new(spec: Spec) -> Self {
        Self {
            inner: Arc::new(Inner {
                spec,
                tasks: TaskTracker::new(),
                changing: Mutex::new(()),
                kills: Mutex::new(0),
                warm: Mutex::new(None),
                control: LastRead::default(),
            }),
        }
    }

    pub fn spec(&self) -> &Spec {
        &self.inner.spec
    }

    pub fn name(&self) -> &str {
        &self.inner.spec.name
    }

    pub(crate) fn data(&self) -> &Path {
        &self.inner.spec.data
    }

    /// Looks at the data directory and at the processes in it.
    pub async fn found(&self) -> Result<Found, Error> {
        access::system_user()?;
        let data = self.data();
        if marker::rewinding(data).exists() {
            let why = "a rewind of it was begun and not finished";
            return Ok(Found::Unusable(why.to_owned()));
        }
        if files::is_missing_or_empty(data)? {
            return Ok(Found::Missing);
        }
        let marker = match Marker::read_ours(data, self.name())? {
            Ok(marker) => marker,
            Err(why) => return Ok(Found::Foreign(why)),
        };
        if let Some(why) = self.wrong_major()? {
            return Ok(Found::Foreign(why));
        }
        files::refuse_loose(data, 0o700)?;
        let control = self.control_data().await?;
        if control.system_identifier != marker.system_identifier {
            return Ok(Found::Foreign(format!(
                "it has system identifier {} and was made with {}",
                control.system_identifier, marker.system_identifier
            )));
        }
        Ok(match postmaster::running(data)? {
            Some(postmaster) => Found::Running { pid: postmaster.pid },
            None => Found::Stopped(control),
        })
    }

    fn wrong_major(&self) -> Result<Option<String>, Error> {
        let path = self.data().join("PG_VERSION");
        let text = std::fs::read_to_string(&path).map_err(|it| Error::io("read", &path, it))?;
        let (theirs, ours) = (text.trim(), self.spec().binaries.major());
        Ok((theirs != ours.to_string()).then(|| {
            format!(
                "it was made by PostgreSQL {theirs} and the programs here are {ours} (install \
                 postgresql-{theirs}, or upgrade it with pg_upgrade)"
            )
        }))
    }

    /// The settings it was last given.
    pub fn settings(&self) -> Result<Settings, Error> {
        Ok(self.marker()?.settings)
    }

    pub(crate) fn marker(&self) -> Result<Marker, Error> {
        let directory = self.data().to_owned();
        if files::is_missing_or_empty(&directory)? {
            return Err(Error::Missing { directory });
        }
        Marker::read_ours(&directory, self.name())?.map_err(|why| Error::Foreign { directory, why })
    }

    /// Writes all settings, and has a running server read them.
    pub async fn write_settings(&self, settings: &Settings) -> Result<(), Error> {
        let settings = settings.clone();
        self.change_settings(move |it| *it = settings).await
    }

    /// Follows someone from the next start on, or at once if it is a standby already.
    pub async fn set_standby(&self, standby: impl Into<Standby>) -> Result<(), Error> {
        let standby = standby.into();
        self.change_settings(move |it| it.role = Role::Standby(standby)).await
    }

    /// Starts as a primary from the next start on. Refused for a standby: that is promoted.
    pub async fn set_primary(&self) -> Result<(), Error> {
        self.change_settings(|it| it.role = Role::Primary).await
    }

    /// Names the standby that every commit waits for, or clears it; proves that it took.
    pub async fn set_synchronous(&self, name: Option<&str>) -> Result<(), Error> {
        let name = name.map(str::to_owned);
        self.change_settings(move |it| it.synchronous = name).await
    }

    /// Opens the gate for clients, or shuts it and cuts off those that are in.
    pub async fn set_gate(&self, gate: Gate) -> Result<(), Error> {
        self.change_settings(move |it| it.gate = gate).await
    }

    async fn change_settings(&self, change: impl FnOnce(&mut Settings)) -> Result<(), Error> {
        let _alone = self.inner.changing.lock().await;
        let mut marker = self.marker()?;
        change(&mut marker.settings);
        let running = postmaster::running(self.data())?;
        let answers = running.is_some() && self.says_ready()?;
        if marker.settings.role == Role::Primary {
            self.refuse_standby(answers).await?;
        }
        self.write_files(self.data(), marker.clone()).await?;
        match running {
            Some(_) if answers => self.reload(&marker.settings).await,
            // A standby that waits for WAL takes no connections and must still hear of another
            // upstream.
            Some(postmaster) => postmaster.signal(Signal::HUP),
            None => Ok(()),
        }
    }

    /// A standby without its signal file would start as a second primary on the same timeline.
    async fn refuse_standby(&self, answers: bool) -> Result<(), Error> {
        let is_standby = if answers {
            let client = self.take_warm().await?;
            let is_standby = crate::promote::in_recovery(&client).await?;
            self.keep_warm(client).await;
            is_standby
        } else {
            self.control_data().await?.state.is_standby()
        };
        if is_standby { Err(Error::IsStandby { name: self.name().to_owned() }) } else { Ok(()) }
    }

    /// Writes marker, settings, access rules and signal file into a data directory.
    pub(crate) async fn write_files(&self, data: &Path, marker: Marker) -> Result<(), Error> {
        marker.settings.check()?;
        let (spec, data) = (self.spec().clone(), data.to_owned());
        let user = access::system_user()?;
        files::blocking(move || {
            let settings = &marker.settings;
            marker.write(&data)?;
            files::write_changed(&data.join(settings::FILE), &settings.render(&spec))?;
            files::write_changed(&data.join("pg_hba.conf"), &access::render_hba(settings))?;
            files::write_changed(
                &data.join("pg_ident.conf"),
                &access::render_ident(settings, &user),
            )?;
            include_ours(&data)?;
            let signal = data.join("standby.signal");
            match settings.role {
                Role::Standby(_) => files::write_changed(&signal, "")?,
                Role::Primary => files::remove_file(&signal)?,
            }
            files::remove_file(&data.join("recovery.signal"))?;
            files::sync_directory(&data)
        })
        .await
    }

    /// Refuses a socket path that the system would refuse, in a clearer sentence.
    pub(crate) fn refuse_long_socket(&self) -> Result<(), Error> {
        let path = self.spec().socket();
        let length = path.as_os_str().len();
        if length <= SOCKET_PATH_LIMIT {
            return Ok(());
        }
        Err(Error::SocketPathTooLong { path, length, limit: SOCKET_PATH_LIMIT })
    }
}

/// Has postgresql.conf include our file, as its last line, once.
fn include_ours(data: &Path) -> Result<(), Error> {
    let path = data.join("postgresql.conf");
    let text = std::fs::read_to_string(&path).map_err(|it| Error::io("read", &path, it))?;
    if text.lines().any(|it| it.trim() == INCLUDE) {
        return Ok(());
    }
    files::write_whole(&path, &format!("{}\n{INCLUDE}\n", text.trim_end()))
}
