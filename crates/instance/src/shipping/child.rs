//! `pg_receivewal`, the child that receives.

use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::ChildStderr;

use super::Feed;
use super::error::ShippingError;
use super::lock::WriterLock;
use super::segment::WalFile;
use super::share::Folder;
use crate::command::{Group, last_words, says_disk_full};
use crate::{Binaries, SEGMENT_BYTES};

/// How long the child may take to end in order. It waits for its source to agree, which one that is
/// silent never does; all that it wrote is flushed, so nothing is lost with it.
const STOP_LIMIT: Duration = Duration::from_millis(500);

/// How much of what it says is kept, in bytes.
const WORDS_LIMIT_BYTES: usize = 16 * 1024;

/// A running `pg_receivewal`; killed when dropped.
#[derive(Debug)]
pub(super) struct Child {
    group: Group,
    stderr: BufReader<ChildStderr>,
    words: String,
}

impl Child {
    /// Starts it where `incoming` ends. It flushes whatever it writes, at once, and inherits the
    /// lock of the share.
    pub(super) fn start(
        binaries: &Binaries,
        feed: &Feed,
        folder: &Folder,
        lock: &mut WriterLock,
    ) -> Result<Self, ShippingError> {
        let mut command = binaries.command("pg_receivewal");
        command.args(["--synchronous", "--no-loop", "--no-password", "--status-interval=1"]);
        command.arg("--directory").arg(folder.incoming());
        command.args(["--dbname", &feed.conninfo]);
        if let Some(slot) = &feed.slot {
            command.args(["--slot", slot]);
        }
        command.stdin(lock.stdin()?).stdout(Stdio::null()).stderr(Stdio::piped());
        let program = binaries.program("pg_receivewal");
        let mut child =
            command.spawn().map_err(|source| ShippingError::Program { program, source })?;
        let stderr = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let pid = child.id();
        let group = Group::new(child);
        if let Some(pid) = pid {
            lock.remember_child(pid)?;
        }
        Ok(Self { group, stderr, words: String::new() })
    }

    /// Waits for its end, which is always a failure: it is meant to run for ever.
    pub(super) async fn ended(&mut self, feed: &Feed, folder: &Folder) -> ShippingError {
        let mut line = String::new();
        loop {
            line.clear();
            match self.stderr.read_line(&mut line).await {
                Ok(0) => break,
                Ok(_) => {
                    tracing::debug!(source = feed.name, line = line.trim(), "pg_receivewal says");
                    self.words.push_str(&line);
                    if self.words.len() > WORDS_LIMIT_BYTES {
                        self.words = last_words(&self.words);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "pg_receivewal cannot be understood");
                    break;
                }
            }
        }
        let status = self.group.wait().await;
        let words = match status {
            Ok(status) => format!("{} ({status})", last_words(&self.words)),
            Err(error) => error.to_string(),
        };
        if says_disk_full(&words) {
            let source = std::io::Error::other(words);
            return ShippingError::Full { path: folder.incoming(), source };
        }
        let source_name = feed.name.clone();
        if words.contains("has already been removed") {
            return ShippingError::Removed { source_name, words };
        }
        ShippingError::Upstream { source_name, words }
    }

    /// Ends it in order, or by force when it does not listen.
    pub(super) async fn stop(mut self) {
        self.group.signal(Signal::SIGINT);
        if tokio::time::timeout(STOP_LIMIT, self.group.wait()).await.is_err() {
            self.group.kill().await;
        }
    }
}

/// Prepares `incoming` for a new child: a segment that it could not pad to its full size for want
/// of room would make it refuse to start, and holds nothing yet.
pub(super) fn tidy(folder: &Folder) -> Result<(), ShippingError> {
    for file in folder.incoming_files()? {
        if !matches!(file, WalFile::Partial(_)) {
            continue;
        }
        let path = folder.incoming().join(file.name());
        let emptied = std::fs::metadata(&path).and_then(|it| {
            if it.len() == 0 || it.len() == SEGMENT_BYTES {
                return Ok(());
            }
            std::fs::File::create(&path)?.sync_all()
        });
        emptied.map_err(super::error::at("empty", &path))?;
    }
    Ok(())
}
