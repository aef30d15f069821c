//! Reading an old copy: what a lost site has, opened on a private socket with nobody let in.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use instance::{Connection, Found, Gate, Role, Standby, StopMode};
use tracing::{info, warn};

use super::routes::{CopySeen, NO_COPY};
use super::{Handle, Keeper, KeeperError, START_PATIENCE, STOP_PATIENCE};
use crate::record::PoolRecord;

/// The mark, in the keeper's directory, of an instance that holds what nobody else may have: when a
/// new copy is made it is kept aside, until an administrator releases it.
const MARK: &str = "old-copy";
/// Beside it, why the copy could not be read when it was tried last.
const UNREADABLE: &str = "old-copy-unreadable";

/// Marks the instance of the keeper with that directory, durably: a power cut must not release it.
pub(super) fn mark(directory: &Path) -> std::io::Result<()> {
    let mut file = File::create(directory.join(MARK))?;
    file.write_all(b"kept until it is released\n")?;
    file.sync_all()?;
    File::open(directory)?.sync_all()
}

/// Whether it is marked.
pub(super) fn is_marked(directory: &Path) -> bool {
    directory.join(MARK).exists()
}

/// The marked copy stands aside now.
pub(super) fn unmark(directory: &Path) -> std::io::Result<()> {
    for mark in [MARK, UNREADABLE] {
        match std::fs::remove_file(directory.join(mark)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

/// Notes durably that the copy could not be read: only then may it be given up unread.
fn mark_unreadable(directory: &Path, why: &str) -> std::io::Result<()> {
    let mut file = File::create(directory.join(UNREADABLE))?;
    file.write_all(why.as_bytes())?;
    file.sync_all()
}

/// An instance that is open for reading. It must be closed with [`OldCopy::close`].
#[derive(Debug)]
pub struct OldCopy {
    keeper: Handle,
    /// To its content database.
    pub connection: Connection,
}

impl Handle {
    /// What is seen of the copy here without opening it.
    pub(super) async fn copy_seen(&self) -> Result<CopySeen, String> {
        Ok(match self.instance.found().await.map_err(|error| error.to_string())? {
            Found::Missing => CopySeen::Lost { why: NO_COPY.to_owned() },
            Found::Foreign(why) | Found::Unusable(why) => CopySeen::Lost { why },
            Found::Stopped(_) | Found::Running { .. } => {
                match std::fs::read_to_string(self.directory.join(UNREADABLE)) {
                    Ok(why) => CopySeen::NotOpened { why },
                    Err(_) => CopySeen::There,
                }
            }
        })
    }

    /// Notes why the copy here could not be read.
    fn cannot_be_read(&self, why: &str) {
        if let Err(error) = mark_unreadable(&self.directory, why) {
            warn!(store = self.store, %error, "that the copy cannot be read was not noted");
        }
    }

    /// Whether there is no data directory at all: a machine that was built anew.
    pub async fn has_nothing(&self) -> Result<bool, String> {
        let found = self.instance.found().await.map_err(|error| error.to_string())?;
        Ok(*self.held.borrow() && found == Found::Missing)
    }

    /// Opens the instance for reading, as a standby of nobody: it replays what it has, takes no
    /// writes, and its gate stays shut. Only while the record holds it.
    pub async fn open_old_copy(&self) -> Result<OldCopy, String> {
        if !*self.held.borrow() {
            return Err(format!("{} is in use: only a fenced copy is read", self.store));
        }
        if self.salvaging.send_replace(true) {
            return Err(format!("{} is being read already", self.store));
        }
        match self.open().await {
            Ok(connection) => {
                info!(store = self.store, "the old copy is open for reading");
                Ok(OldCopy { keeper: self.clone(), connection })
            }
            Err(why) => {
                self.cannot_be_read(&why);
                self.salvaging.send_replace(false);
                Err(why)
            }
        }
    }

    async fn open(&self) -> Result<Connection, String> {
        let text = |error: instance::Error| error.to_string();
        let instance = &self.instance;
        match instance.found().await.map_err(text)? {
            Found::Stopped(_) | Found::Running { .. } => {}
            Found::Missing => return Err(format!("{} has no data directory", self.store)),
            Found::Foreign(why) | Found::Unusable(why) => return Err(why),
        }
        mark(&self.directory).map_err(|error| format!("the old copy was not marked: {error}"))?;
        instance.stop(StopMode::Immediate, STOP_PATIENCE).await.map_err(text)?;
        let mut settings = instance.settings().map_err(text)?;
        settings.gate = Gate::Shut;
        settings.synchronous = None;
        settings.role = Role::Standby(Standby::default());
        instance.write_settings(&settings).await.map_err(text)?;
        instance.start(START_PATIENCE).await.map_err(text)?;
        instance.connect(self.database).await.map_err(text)
    }
}

impl Keeper {
    /// The copy here was attested to be lost. What is there all the same is kept aside when a new
    /// copy is made.
    pub(super) async fn keep_what_turned_up(&self) -> Result<(), KeeperError> {
        match self.setup.instance.found().await? {
            Found::Missing => {}
            Found::Foreign(_) | Found::Unusable(_) | Found::Stopped(_) | Found::Running { .. } => {
                self.mark_old_copy()?;
            }
        }
        let (pool, store) = (&self.setup.pool.fqdn, &self.setup.store);
        let seen = |record: &mut PoolRecord| {
            let before = record.attested_lost.len();
            record.attested_lost.retain(|it| it != store);
            record.attested_lost.len() != before
        };
        self.setup.own.change_pool(pool, seen).await?;
        Ok(())
    }
}

impl OldCopy {
    /// Notes that the rest of it cannot be read.
    pub fn breaks_off(&self, why: &str) {
        self.keeper.cannot_be_read(why);
    }

    /// Stops the instance and gives it back to its keeper.
    pub async fn close(self) -> Result<(), String> {
        let Self { keeper, connection } = self;
        drop(connection);
        let stopped = keeper.instance.stop(StopMode::Immediate, STOP_PATIENCE).await;
        keeper.salvaging.send_replace(false);
        stopped.map(|_| ()).map_err(|error| error.to_string())
    }
}

impl Handle {
    /// A connection of the superuser to the content of this instance, if it is a primary.
    pub async fn connect_primary(&self) -> Result<Connection, String> {
        if !self.report.borrow().writable {
            return Err(format!("{} is not the primary", self.store));
        }
        self.instance.connect(self.database).await.map_err(|error| error.to_string())
    }
}
