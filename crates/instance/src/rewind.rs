//! Taking an old primary back to where it parted from the new one.
//!
//! `pg_rewind` trusts the source's control file, which tells of a promotion only after a
//! checkpoint; copies the source's configuration; and leaves an unusable directory when it fails.
//! Each of the three is met here.

use std::time::Duration;

use crate::command::{self, Run};
use crate::control_data::ServerState;
use crate::marker::{self, Marker};
use crate::{ControlData, Error, Found, Instance, Settings, Source, files};

/// How long crash recovery of the old primary may take.
const RECOVERY_LIMIT: Duration = Duration::from_mins(30);

/// How long a rewind may take.
const REWIND_LIMIT: Duration = Duration::from_hours(2);

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
        let refused = |why| Error::RewindRefused { source_name: source.name.clone(), why };
        let doing = "see whether a rewind is possible";
        match self.pg_rewind(source, doing, &["--dry-run"]).await {
            Ok(said) if said.contains("no rewind required") => {
                self.write_files(self.data(), self.marker_with(settings)?).await?;
                return Ok(Rewound::NotNeeded);
            }
            Ok(_) => {}
            Err(Error::Command { said, .. }) => return Err(refused(said)),
            Err(error) => return Err(error),
        }
        self.rewind_now(source, settings).await?;
        Ok(Rewound::Rewound)
    }

    async fn rewind_now(&self, source: &Source, settings: &Settings) -> Result<(), Error> {
        let data = self.data();
        let marker = self.marker_with(settings)?;
        let rewinding = marker::rewinding(data);
        // From here until it is removed the directory is nobody's to start.
        files::write_whole(&rewinding, &format!("{}\n", source.name))?;
        self.pg_rewind(source, "rewind", &[]).await?;
        self.write_files(data, marker).await?;
        files::remove_file(&rewinding)?;
        files::sync_parent(&rewinding)
    }

    fn marker_with(&self, settings: &Settings) -> Result<Marker, Error> {
        Ok(Marker { settings: settings.clone(), ..self.marker()? })
    }

    async fn pg_rewind(
        &self,
        source: &Source,
        doing: &str,
        more: &[&str],
    ) -> Result<String, Error> {
        let spec = self.spec();
        let conninfo =
            format!("{} dbname=postgres", source.conninfo(&spec.tls, "standfast rewind"));
        let mut command = spec.binaries.command("pg_rewind");
        command.arg("-D").arg(self.data()).arg("--source-server").arg(conninfo).args(more);
        let run = Run::new(command, doing, REWIND_LIMIT).writing_below(self.data());
        let output = run.output().await?;
        Ok(output.stdout + &output.stderr)
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
