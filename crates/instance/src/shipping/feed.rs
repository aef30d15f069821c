//! The instance that WAL comes from, and what it says of itself before it is believed.
//!
//! Asked over the same replication connection that `pg_receivewal` will use, so no more rights are
//! needed than to stream.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use super::Share;
use super::durable::{self, Taken, beside};
use super::error::{ShippingError, at};
use super::history::History;
use super::segment::WalFile;
use super::share::Folder;
use super::tail::Position;
use crate::command::Run;
use crate::{Binaries, Error, Lsn, Tls, Upstream};

/// How long one question may take.
const ASK_LIMIT: Duration = Duration::from_secs(10);

/// How many timelines back histories are fetched.
const ANCESTORS_LIMIT: usize = 1_000;

/// An instance to receive from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// For messages, and recorded as the source of what was received.
    pub name: String,
    /// libpq's connection string, without a database.
    pub conninfo: String,
    /// The slot that keeps WAL there while we are away; made if it is missing.
    pub slot: Option<String>,
}

impl Feed {
    /// Receives from `upstream` by its own slot and name.
    pub fn of(upstream: &Upstream, tls: &Tls) -> Self {
        Self {
            name: upstream.source.name.clone(),
            conninfo: upstream.source.conninfo(tls, &upstream.application_name),
            slot: upstream.slot.clone(),
        }
    }

    /// Proves that what would come continues what the share holds, and brings the histories of the
    /// source's timelines into `incoming`.
    pub(super) async fn examine(
        &self,
        binaries: &Binaries,
        share: &Share,
        folder: &Folder,
        held: Option<Position>,
    ) -> Result<(), ShippingError> {
        let source = self.identify(binaries).await?;
        share.check_system(&format!("the source {}", self.name), source.system_identifier)?;
        if let Some(slot) = &self.slot {
            self.make_slot(binaries, slot).await?;
        }
        let mut history = History::alone(source.timeline);
        if source.timeline > 1 {
            let text = self.fetch_history(binaries, source.timeline).await?;
            let text = text.ok_or_else(|| {
                self.refuses(format!("it lacks the history of its timeline {}", source.timeline))
            })?;
            history = History::parse(source.timeline, &text)?;
            bring(folder, source.timeline, &text)?;
            for ancestor in history.ancestors().iter().rev().take(ANCESTORS_LIMIT) {
                let name = WalFile::History(ancestor.timeline).name();
                // A copy that was made later never had it, and the newest tells of all.
                if ancestor.timeline > 1
                    && !folder.incoming().join(name).exists()
                    && let Some(text) = self.fetch_history(binaries, ancestor.timeline).await?
                {
                    bring(folder, ancestor.timeline, &text)?;
                }
            }
        }
        let Some(held) = held else { return Ok(()) };
        let Position { timeline, lsn: shipped } = held;
        if source.timeline < timeline {
            return Err(self.refuses(format!(
                "it is on timeline {}, the share on {timeline}",
                source.timeline
            )));
        }
        match history.end_of(timeline) {
            Some(fork) if shipped <= fork => Ok(()),
            Some(fork) => Err(ShippingError::Diverged { timeline, shipped, fork }),
            None => Err(ShippingError::Diverged { timeline, shipped, fork: Lsn::ZERO }),
        }
    }

    pub(super) fn refuses(&self, words: String) -> ShippingError {
        ShippingError::Upstream { source_name: self.name.clone(), words }
    }

    async fn identify(&self, binaries: &Binaries) -> Result<Identity, ShippingError> {
        let answer = self.ask(binaries, "IDENTIFY_SYSTEM").await?;
        let mut words = answer.trim_end().split('|');
        let identity = (|| {
            let system_identifier = words.next()?.parse().ok()?;
            Some(Identity { system_identifier, timeline: words.next()?.parse().ok()? })
        })();
        identity.ok_or_else(|| self.refuses(format!("it identifies itself as {answer:?}")))
    }

    /// The history of a timeline; `None` if the source has no file of it.
    async fn fetch_history(
        &self,
        binaries: &Binaries,
        timeline: u32,
    ) -> Result<Option<String>, ShippingError> {
        let answer = match self.ask(binaries, &format!("TIMELINE_HISTORY {timeline}")).await {
            Err(ShippingError::Upstream { words, .. })
                if words.contains("No such file or directory") =>
            {
                return Ok(None);
            }
            answer => answer?,
        };
        // `psql` prints NAME|CONTENT and ends the row with a line feed of its own.
        let name = WalFile::History(timeline).name();
        let content = answer.strip_prefix(&format!("{name}|")).and_then(|it| it.strip_suffix('\n'));
        content.map(|it| Some(it.to_owned())).ok_or_else(|| {
            self.refuses(format!("it sends {answer:?} as the history of timeline {timeline}"))
        })
    }

    async fn make_slot(&self, binaries: &Binaries, slot: &str) -> Result<(), ShippingError> {
        crate::slots::check_slot_name(slot).map_err(|error| self.refuses(error.to_string()))?;
        let command = format!("CREATE_REPLICATION_SLOT {slot} PHYSICAL RESERVE_WAL");
        match self.ask(binaries, &command).await {
            Err(ShippingError::Upstream { words, .. }) if words.contains("already exists") => {
                Ok(())
            }
            made => made.map(drop),
        }
    }

    async fn ask(&self, binaries: &Binaries, command: &str) -> Result<String, ShippingError> {
        let conninfo = format!("{} replication=true", self.conninfo);
        let mut psql = binaries.command("psql");
        psql.args(["-X", "-q", "-A", "-t", "-w", "-F", "|", "-v", "ON_ERROR_STOP=1"]);
        psql.args(["-d", &conninfo, "-c", command]);
        match Run::new(psql, "ask the source of WAL", ASK_LIMIT).output().await {
            Ok(output) => Ok(output.stdout),
            Err(Error::Command { said, .. }) => Err(self.refuses(said)),
            Err(other) => Err(self.refuses(other.to_string())),
        }
    }
}

struct Identity {
    system_identifier: u64,
    timeline: u32,
}

/// Brings the history of the timeline on which the backup instance goes on, if it is in
/// `directory`. Those of older ones may be of branches that it has left.
pub(super) fn bring_own(
    folder: &Folder,
    directory: &Path,
    timeline: u32,
) -> Result<(), ShippingError> {
    let name = WalFile::History(timeline).name();
    let path = directory.join(&name);
    let Some(text) = durable::read(&path)? else { return Ok(()) };
    let why = || format!("{} is no text", path.display());
    let text = String::from_utf8(text);
    bring(folder, timeline, &text.map_err(|_| ShippingError::BadHistory { name, why: why() })?)
}

/// Puts a history into `incoming`, where `pg_receivewal` leaves it alone.
/// The second history of a timeline's number is the mark of a second promotion: an alarm.
fn bring(folder: &Folder, timeline: u32, text: &str) -> Result<(), ShippingError> {
    let name = WalFile::History(timeline).name();
    let path = folder.incoming().join(&name);
    if !path.exists() {
        let temporary = beside(&path);
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(at("write", &temporary))?;
        if durable::name_new(&temporary, &path)? == Taken::Named {
            return Ok(());
        }
    }
    if durable::read(&path)?.as_deref() == Some(text.as_bytes()) {
        return Ok(());
    }
    let why = "the source tells another history of that timeline".to_owned();
    Err(ShippingError::OtherContent { name, why })
}
