//! A full copy of another instance: taken beside, verified, then put in the place of the old.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::Run;
use crate::marker::{self, Marker};
use crate::{ControlData, Error, Instance, Settings, Source, access, files, slots};

/// How long a copy may be verified.
const VERIFY_LIMIT: Duration = Duration::from_hours(6);

/// How long the source waits for a word from whoever takes a copy.
const COPY_PATIENCE: &str = "60s";

/// Names tried for an old directory within one second.
const NAMES_LIMIT: u32 = 100;

/// How to take a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyOptions {
    /// A slot to make at the source first, so that the WAL from the copy on is kept for us.
    pub slot: Option<String>,
    pub old: OldDirectory,
    /// How long the copying itself may take.
    pub limit: Duration,
}

/// What becomes of the directory that the copy replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldDirectory {
    /// Renamed to `<data>.old-<time>`, in UTC.
    Keep,
    Remove,
}

/// How far a copy has come, in bytes. The total is an estimate and may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub done_bytes: u64,
    pub total_bytes: u64,
}

/// A copy that stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    pub control: ControlData,
    /// Where the directory that it replaced was kept.
    pub old: Option<PathBuf>,
}

impl Instance {
    /// Takes a base backup, verifies every file of it, gives it these settings, and only then puts
    /// it in the place of the old directory. Interrupted anywhere it can be run again.
    pub async fn base_backup_from(
        &self,
        source: &Source,
        settings: &Settings,
        options: &CopyOptions,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Copied, Error> {
        let _alone = self.inner.changing.lock().await;
        access::system_user()?;
        settings.check()?;
        self.refuse_running()?;
        self.refuse_foreign()?;
        if let Some(slot) = &options.slot {
            slots::create_at(source, &self.spec().binaries, &self.spec().tls, slot).await?;
        }
        let fresh = self.fresh_directory().await?;
        let taken = async {
            self.take(source, options, &fresh, progress).await?;
            self.verify(&fresh).await?;
            self.finish_fresh(settings).await
        };
        match taken.await {
            Ok(control) => Ok(Copied { control, old: self.put_in_place(options.old).await? }),
            Err(error) => {
                files::blocking(move || files::remove_tree(&fresh)).await?;
                Err(error)
            }
        }
    }

    /// A directory that is not ours is not replaced, however broken.
    fn refuse_foreign(&self) -> Result<(), Error> {
        let directory = self.data().to_owned();
        if files::is_missing_or_empty(&directory)? || marker::rewinding(&directory).exists() {
            return Ok(());
        }
        match Marker::read_ours(&directory, self.name())? {
            Ok(_) => Ok(()),
            Err(why) => Err(Error::Foreign { directory, why }),
        }
    }

    async fn take(
        &self,
        source: &Source,
        options: &CopyOptions,
        fresh: &Path,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<(), Error> {
        let spec = self.spec();
        let mut command = spec.binaries.command("pg_basebackup");
        let conninfo = source.conninfo(&spec.tls, "standfast copy");
        // The WAL's half of a copy reports seldom while the disk is busy: it is not a partition.
        let conninfo = format!("{conninfo} options='-c wal_sender_timeout={COPY_PATIENCE}'");
        command.arg("-D").arg(fresh).arg("-d").arg(conninfo);
        command.args(["-F", "plain", "-c", "fast", "-X", "stream", "-P", "-w"]);
        if let Some(slot) = &options.slot {
            command.args(["-S", slot]);
        }
        let doing = format!("copy {} to instance {}", source.name, self.name());
        let run = Run::new(command, &doing, options.limit).writing_below(fresh);
        run.hearing(move |said| parse_progress(said).into_iter().for_each(&mut progress))
            .output()
            .await?;
        Ok(())
    }

    async fn verify(&self, fresh: &Path) -> Result<(), Error> {
        let mut command = self.spec().binaries.command("pg_verifybackup");
        command.arg("-q").arg(fresh);
        Run::new(command, "verify the base backup", VERIFY_LIMIT).output().await?;
        Ok(())
    }

    async fn put_in_place(&self, old: OldDirectory) -> Result<Option<PathBuf>, Error> {
        let data = self.data().to_owned();
        files::blocking(move || {
            let fresh = files::with_suffix(&data, ".new");
            let mut kept = None;
            if !files::is_missing_or_empty(&data)? {
                let aside = old_name(&data);
                files::rename(&data, &aside)?;
                kept = Some(aside);
            }
            files::rename(&fresh, &data)?;
            files::remove_file(&marker::rewinding(&data))?;
            if old == OldDirectory::Remove
                && let Some(aside) = kept.take()
            {
                files::remove_tree(&aside)?;
            }
            Ok(kept)
        })
        .await
    }
}

/// A free name for a directory that is put aside.
fn old_name(data: &Path) -> PathBuf {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let name = |number: u32| match number {
        0 => files::with_suffix(data, &format!(".old-{now}")),
        _ => files::with_suffix(data, &format!(".old-{now}-{number}")),
    };
    (0..NAMES_LIMIT).map(name).find(|it| !it.exists()).unwrap_or_else(|| name(NAMES_LIMIT))
}

/// Reads `  23456/345678 kB (6%), 0/1 tablespace`, one line each second.
fn parse_progress(said: &str) -> Option<Progress> {
    said.lines().rev().find_map(|line| {
        let (numbers, _) = line.split_once(" kB")?;
        let (done, total) = numbers.trim().split_once('/')?;
        let bytes = |kib: &str| kib.trim().parse::<u64>().ok().map(|it| it * 1024);
        Some(Progress { done_bytes: bytes(done)?, total_bytes: bytes(total)? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_progress() {
        let said = "waiting for checkpoint\n  100/4096 kB (2%), 0/1 tablespace\n\
                    \x20 4096/4096 kB (100%), 1/1 tablespace\n";
        let read = parse_progress(said).unwrap();
        assert_eq!(read, Progress { done_bytes: 4096 * 1024, total_bytes: 4096 * 1024 });
        assert_eq!(parse_progress("could not connect"), None);
    }
}
