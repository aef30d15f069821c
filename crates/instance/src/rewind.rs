//! Taking an old primary back to where it parted from the new one.
//!
//! `pg_rewind` trusts the source's control file, which tells of a promotion only after a
//! checkpoint; copies the source's configuration; and leaves an unusable directory when it fails
//! half-way. Each of the three is met here.

use std::path::Path;
use std::time::Duration;

use crate::command::{self, Run};
use crate::control_data::ServerState;
use crate::marker::{self, Marker};
use crate::{ControlData, Error, Found, Instance, Settings, Source, files};

/// How long crash recovery of the old primary may take.
const RECOVERY_LIMIT: Duration = Duration::from_mins(30);

/// How long a rewind may take.
const REWIND_LIMIT: Duration = Duration::from_hours(2);

/// What it says when it has found out where to begin: it has changed nothing before.
const BEGINS: &str = "rewinding from last common checkpoint";

/// It says so among its first words, in bytes.
const FIRST_WORDS: usize = 64 * 1024;

/// What came of a rewind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewound {
    /// What it had written since the fork is gone.
    Rewound,
    /// It had written nothing since the fork, and follows as it is.
    NotNeeded,
}

/// Where the source stands.
struct Standing {
    system_identifier: u64,
    writes_timeline: u32,
    control_timeline: u32,
}

impl Instance {
    /// Rewinds this stopped instance so that it can follow `source`, a primary, and gives it these
    /// settings. What it wrote since the fork is lost: salvage first.
    ///
    /// Refusals leave the directory as it was. After any other failure it is
    /// [`Unusable`](Found::Unusable) and must be reseeded.
    pub async fn rewind_from(
        &self,
        source: &Source,
        settings: &Settings,
    ) -> Result<Rewound, Error> {
        let _alone = self.inner.changing.lock().await;
        settings.check()?;
        self.refuse_running()?;
        let control = self.stopped().await?;
        let standing = self.standing(source).await?;
        if standing.system_identifier != control.system_identifier {
            return Err(Error::OtherSystem {
                source_name: source.name.clone(),
                ours: control.system_identifier,
                theirs: standing.system_identifier,
            });
        }
        let control = self.recover_if_crashed(source, control).await?;
        if control.timeline == standing.control_timeline && !control.state.is_standby() {
            let (source_name, timeline) = (source.name.clone(), control.timeline);
            return Err(Error::SameTimeline { source_name, timeline });
        }
        self.rewind_now(source, settings).await
    }

    /// Whether a rewind is likely to be quicker than a copy: it fetches all WAL that the source
    /// keeps, and a copy fetches all but that. Both have about as much of it as this one.
    pub async fn is_quicker_rewound(&self) -> Result<bool, Error> {
        let data = self.data().to_owned();
        files::blocking(move || {
            let wal = data.join("pg_wal");
            Ok(weigh(&wal, &wal)? < weigh(&data, &wal)?)
        })
        .await
    }

    async fn rewind_now(&self, source: &Source, settings: &Settings) -> Result<Rewound, Error> {
        let data = self.data();
        let marker = Marker { settings: settings.clone(), ..self.marker()? };
        let rewinding = marker::rewinding(data);
        // From here until it is removed the directory is nobody's to start.
        files::write_whole(&rewinding, &format!("{}\n", source.name))?;
        let mut said = String::new();
        let ended = self.pg_rewind(source, &mut said).await;
        let began = said.contains(BEGINS);
        match ended {
            Err(Error::Command { said: why, .. }) if !began => {
                files::remove_file(&rewinding)?;
                files::sync_parent(&rewinding)?;
                return Err(Error::RewindRefused { source_name: source.name.clone(), why });
            }
            ended => ended?,
        }
        self.write_files(data, marker).await?;
        files::remove_file(&rewinding)?;
        files::sync_parent(&rewinding)?;
        Ok(if began { Rewound::Rewound } else { Rewound::NotNeeded })
    }

    async fn pg_rewind(&self, source: &Source, said: &mut String) -> Result<(), Error> {
        let spec = self.spec();
        let conninfo =
            format!("{} dbname=postgres", source.conninfo(&spec.tls, "standfast rewind"));
        let mut command = spec.binaries.command("pg_rewind");
        command.arg("-D").arg(self.data()).arg("--source-server").arg(conninfo);
        let run = Run::new(command, "rewind", REWIND_LIMIT).writing_below(self.data());
        let hear = |words: &str| {
            if said.len() < FIRST_WORDS {
                said.push_str(words);
            }
        };
        run.hearing(hear).output().await.map(drop)
    }

    async fn stopped(&self) -> Result<ControlData, Error> {
        let directory = self.data().to_owned();
        match self.found().await? {
            Found::Stopped(control) => Ok(control),
            Found::Missing => Err(Error::Missing { directory }),
            Found::Foreign(why) => Err(Error::Foreign { directory, why }),
            Found::Unusable(why) => Err(Error::Unusable { directory, why }),
            Found::Running { pid } => Err(Error::Running { directory, pid }),
        }
    }

    /// Where the source stands, after a checkpoint if it has not had one since its promotion.
    async fn standing(&self, source: &Source) -> Result<Standing, Error> {
        let standing = self.ask_standing(source).await?;
        if standing.control_timeline == standing.writes_timeline {
            return Ok(standing);
        }
        let spec = self.spec();
        let asked =
            source.ask(&spec.binaries, &spec.tls, "ask for a checkpoint", "checkpoint").await;
        let standing = self.ask_standing(source).await?;
        if standing.control_timeline == standing.writes_timeline {
            return Ok(standing);
        }
        Err(Error::SourceNotCheckpointed {
            source_name: source.name.clone(),
            writes: standing.writes_timeline,
            says: standing.control_timeline,
            why: asked.err().map_or_else(|| "it made one".to_owned(), |it| it.to_string()),
        })
    }

    async fn ask_standing(&self, source: &Source) -> Result<Standing, Error> {
        let spec = self.spec();
        let sql = "select case when pg_is_in_recovery() then 'standby' else
                     left(pg_walfile_name(pg_current_wal_lsn()), 8) end,
                     (select system_identifier from pg_control_system()),
                     (select timeline_id from pg_control_checkpoint())";
        let doing = "ask for the timeline";
        let answer = source.ask(&spec.binaries, &spec.tls, doing, sql).await?;
        let columns: Vec<_> = answer.split('|').collect();
        let understood = match columns.as_slice() {
            ["standby", ..] => {
                return Err(Error::SourceIsStandby { source_name: source.name.clone() });
            }
            [writes, system, control] => u32::from_str_radix(writes, 16)
                .ok()
                .zip(system.parse().ok())
                .zip(control.parse().ok()),
            _ => None,
        };
        let Some(((writes_timeline, system_identifier), control_timeline)) = understood else {
            let of = source.name.clone();
            return Err(Error::Answer { of, about: "its timeline", answer });
        };
        Ok(Standing { system_identifier, writes_timeline, control_timeline })
    }

    /// Brings a killed primary to the end of its own WAL, for `pg_rewind` wants a clean stop.
    async fn recover_if_crashed(
        &self,
        source: &Source,
        control: ControlData,
    ) -> Result<ControlData, Error> {
        match control.state {
            ServerState::ShutDown | ServerState::ShutDownInRecovery => return Ok(control),
            ServerState::InArchiveRecovery => {
                // Recovered alone it would write WAL of its own on a timeline that is not its own.
                let why =
                    "it is a standby that was killed; start it as a standby and stop it first";
                let (source_name, why) = (source.name.clone(), why.to_owned());
                return Err(Error::RewindRefused { source_name, why });
            }
            ServerState::StartingUp
            | ServerState::ShuttingDown
            | ServerState::InCrashRecovery
            | ServerState::InProduction => {}
        }
        // A single-user server refuses to be a standby. Settings are written again afterwards.
        files::remove_file(&self.data().join("standby.signal"))?;
        let mut command = command::prepare(&self.spec().binaries.program("postgres"));
        command.arg("--single").arg("-D").arg(self.data()).arg("template1");
        let doing = "recover the old primary before its rewind";
        let run = Run::new(command, doing, RECOVERY_LIMIT).writing_below(self.data());
        run.output().await?;
        self.control_data().await
    }
}

/// The bytes of all files in a directory, but for one directory in it.
fn weigh(directory: &Path, except: &Path) -> Result<u64, Error> {
    let list = |it| Error::io("list", directory, it);
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory).map_err(list)? {
        let entry = entry.map_err(list)?;
        let path = entry.path();
        let about = entry.metadata().map_err(|it| Error::io("look at", &path, it))?;
        if !about.is_dir() {
            bytes += about.len();
        } else if path != except {
            bytes += weigh(&path, except)?;
        }
    }
    Ok(bytes)
}
