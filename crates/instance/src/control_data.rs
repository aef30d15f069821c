//! What `pg_controldata` says of a data directory, whether its server runs or not.

use std::path::Path;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::command::Run;
use crate::{Binaries, Error, Instance, Lsn};

/// How long `pg_controldata` may take.
const LIMIT: Duration = Duration::from_secs(20);

/// Times that a control file caught in the middle of a write is read.
const ATTEMPTS: usize = 5;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// The state of a data directory as its control file records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerState {
    StartingUp,
    /// Stopped cleanly as a primary.
    ShutDown,
    /// Stopped cleanly as a standby.
    ShutDownInRecovery,
    ShuttingDown,
    InCrashRecovery,
    /// Runs as a standby, or ran as one when it was killed.
    InArchiveRecovery,
    /// Runs as a primary, or ran as one when it was killed.
    InProduction,
}

impl ServerState {
    /// Was it stopped in order?
    pub fn is_clean(self) -> bool {
        matches!(self, Self::ShutDown | Self::ShutDownInRecovery)
    }

    /// Was it last a standby?
    pub fn is_standby(self) -> bool {
        matches!(self, Self::ShutDownInRecovery | Self::InArchiveRecovery)
    }
}

/// The parts of a control file that recovery decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlData {
    /// Given by initdb, the same in every copy.
    pub system_identifier: u64,
    pub state: ServerState,
    /// The timeline of the latest checkpoint; after a promotion it lags until a checkpoint.
    pub timeline: u32,
    /// Where the latest checkpoint's record stands. Of a cleanly stopped primary this is the end
    /// of all it wrote: the token that a planned move waits for.
    pub checkpoint: Lsn,
    /// Where replay from that checkpoint begins.
    pub redo: Lsn,
    /// How far a standby must replay before it is consistent; zero for a primary.
    pub minimum_recovery_end: Lsn,
    pub minimum_recovery_timeline: u32,
    /// Are data pages checksummed?
    pub checksums: bool,
    pub segment_bytes: u64,
}

/// `pg_controldata` said something else than expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlDataError {
    #[error("pg_controldata said nothing of \"{0}\"; is this PostgreSQL 15 or later?")]
    NoLine(&'static str),
    #[error("pg_controldata says \"{value}\" for \"{label}\", which standfast does not understand")]
    BadLine { label: &'static str, value: String },
    #[error("the control file is damaged: its checksum does not match; reseed the instance")]
    Damaged,
}

/// What was read last, of the same bytes: whoever asks often starts no process for it.
#[derive(Debug, Default)]
pub(crate) struct LastRead(Mutex<Option<(Vec<u8>, ControlData)>>);

impl Instance {
    /// Reads the control file.
    pub async fn control_data(&self) -> Result<ControlData, Error> {
        let path = self.data().join("global/pg_control");
        // Where it cannot be read, pg_controldata says why.
        let bytes = async || tokio::fs::read(&path).await.ok();
        let mut last = self.inner.control.0.lock().await;
        let before = bytes().await;
        if let Some((of, data)) = &*last
            && before.as_ref() == Some(of)
        {
            return Ok(data.clone());
        }
        let data = ControlData::read(&self.spec().binaries, self.data()).await?;
        // A server may have written it meanwhile.
        *last = match (before, bytes().await) {
            (Some(before), Some(after)) if before == after => Some((after, data.clone())),
            _ => None,
        };
        Ok(data)
    }
}

impl ControlData {
    /// Reads the control file of a data directory.
    pub async fn read(binaries: &Binaries, data: &Path) -> Result<Self, Error> {
        for _ in 0..ATTEMPTS {
            let mut asks = binaries.command("pg_controldata");
            asks.arg("-D").arg(data);
            let said = Run::new(asks, "read the control file", LIMIT).output().await?;
            let text = said.stdout;
            if !text.contains("WARNING") && !said.stderr.contains("warning") {
                return Ok(Self::parse(&text)?);
            }
            // A running server may be caught in the middle of a write.
            tokio::time::sleep(PAUSE).await;
        }
        Err(ControlDataError::Damaged.into())
    }

    /// Reads what `pg_controldata` printed under `LC_ALL=C`.
    pub fn parse(text: &str) -> Result<Self, ControlDataError> {
        Ok(Self {
            system_identifier: number(text, "Database system identifier")?,
            state: state(text)?,
            timeline: number(text, "Latest checkpoint's TimeLineID")?,
            checkpoint: number(text, "Latest checkpoint location")?,
            redo: number(text, "Latest checkpoint's REDO location")?,
            minimum_recovery_end: number(text, "Minimum recovery ending location")?,
            minimum_recovery_timeline: number(text, "Min recovery ending loc's timeline")?,
            checksums: number::<u32>(text, "Data page checksum version")? != 0,
            segment_bytes: number(text, "Bytes per WAL segment")?,
        })
    }
}

fn value<'a>(text: &'a str, label: &'static str) -> Result<&'a str, ControlDataError> {
    text.lines()
        .find_map(|line| line.strip_prefix(label)?.strip_prefix(':'))
        .map(str::trim)
        .ok_or(ControlDataError::NoLine(label))
}

fn number<T: std::str::FromStr>(text: &str, label: &'static str) -> Result<T, ControlDataError> {
    let value = value(text, label)?;
    value.parse().map_err(|_| ControlDataError::BadLine { label, value: value.to_owned() })
}

fn state(text: &str) -> Result<ServerState, ControlDataError> {
    let label = "Database cluster state";
    match value(text, label)? {
        "starting up" => Ok(ServerState::StartingUp),
        "shut down" => Ok(ServerState::ShutDown),
        "shut down in recovery" => Ok(ServerState::ShutDownInRecovery),
        "shutting down" => Ok(ServerState::ShuttingDown),
        "in crash recovery" => Ok(ServerState::InCrashRecovery),
        "in archive recovery" => Ok(ServerState::InArchiveRecovery),
        "in production" => Ok(ServerState::InProduction),
        value => Err(ControlDataError::BadLine { label, value: value.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
pg_control version number:            1300
Database system identifier:           7438219043211234567
Database cluster state:               shut down
Latest checkpoint location:           0/16B3748
Latest checkpoint's REDO location:    0/16B3748
Latest checkpoint's TimeLineID:       3
Minimum recovery ending location:     0/0
Min recovery ending loc's timeline:   0
Bytes per WAL segment:                16777216
Data page checksum version:           1
";

    #[test]
    fn reads_the_lines_that_matter() {
        let data = ControlData::parse(SAID).unwrap();
        assert_eq!(data.system_identifier, 7_438_219_043_211_234_567);
        assert_eq!(data.state, ServerState::ShutDown);
        assert!(data.state.is_clean() && !data.state.is_standby() && data.checksums);
        assert_eq!((data.timeline, data.checkpoint), (3, "0/16B3748".parse().unwrap()));
    }

    #[test]
    fn says_which_line_it_does_not_understand() {
        let strange = ControlData::parse(&SAID.replace("shut down", "asleep")).unwrap_err();
        assert!(strange.to_string().contains("\"asleep\""), "{strange}");
        let short = ControlData::parse(&SAID.replace("Bytes per", "Bits per")).unwrap_err();
        assert_eq!(short, ControlDataError::NoLine("Bytes per WAL segment"));
    }
}
