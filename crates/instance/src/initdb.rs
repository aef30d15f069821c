//! Making a new, empty instance: beside, then renamed, so that a half-made one is never found.

use std::time::Duration;

use crate::command::Run;
use crate::marker::Marker;
use crate::{ControlData, Error, Instance, Settings, access, files};

/// How long `initdb` may take.
const LIMIT: Duration = Duration::from_mins(5);

impl Instance {
    /// Makes the data directory, with checksums and these settings. Refused if there is one.
    pub async fn initdb(&self, settings: &Settings) -> Result<ControlData, Error> {
        let _alone = self.inner.changing.lock().await;
        access::system_user()?;
        settings.check()?;
        let data = self.data();
        if !files::is_missing_or_empty(data)? {
            return Err(match Marker::read_ours(data, self.name())? {
                Ok(_) => Error::Present { directory: data.to_owned() },
                Err(why) => Error::Foreign { directory: data.to_owned(), why },
            });
        }
        let fresh = self.fresh_directory().await?;
        let mut command = self.spec().binaries.command("initdb");
        command.arg("-D").arg(&fresh).args([
            "--data-checksums",
            "--username=standfast",
            "--auth-local=peer",
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]);
        let doing = format!("make instance {}", self.name());
        let made = Run::new(command, &doing, LIMIT).writing_below(&fresh).output().await;
        let finished = match made {
            Ok(_) => self.finish_fresh(settings).await,
            Err(error) => Err(error),
        };
        match finished {
            Ok(control) => {
                files::rename(&fresh, data)?;
                Ok(control)
            }
            Err(error) => {
                files::remove_tree(&fresh)?;
                Err(error)
            }
        }
    }

    /// Marks `<data>.new` as ours and gives it its settings.
    pub(crate) async fn finish_fresh(&self, settings: &Settings) -> Result<ControlData, Error> {
        let fresh = files::with_suffix(self.data(), ".new");
        let control = ControlData::read(&self.spec().binaries, &fresh).await?;
        let marker = Marker {
            name: self.name().to_owned(),
            system_identifier: control.system_identifier,
            settings: settings.clone(),
        };
        self.write_files(&fresh, marker).await?;
        Ok(control)
    }

    /// The path of `<data>.new`, cleared of what an interrupted attempt left.
    pub(crate) async fn fresh_directory(&self) -> Result<std::path::PathBuf, Error> {
        let fresh = files::with_suffix(self.data(), ".new");
        let path = fresh.clone();
        files::blocking(move || {
            let parent = path.parent().unwrap_or(&path);
            std::fs::create_dir_all(parent)
                .map_err(|it| Error::io("make the directory", parent, it))?;
            files::remove_tree(&path)
        })
        .await?;
        Ok(fresh)
    }
}
